//! `gongdan audit`: who read or changed what, for auditors. Source: X9.

mod export;
mod filter;
mod list;
mod verify;

use anyhow::Result;
use clap::Subcommand;
use gongdan_proto::common::v1::audit_service_client::AuditServiceClient;

use super::{Channel, Context, Table};
use crate::services;

const CHAINED: &str = "gongdan.common.v1.ChainedAuditEntry";

type Client = AuditServiceClient<Channel>;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lists entries, newest first
    List(list::List),
    /// Writes entries as JSON lines, oldest first, with their places in the chain
    Export(export::Export),
    /// Computes the chains anew and names the first entry that is not what was written
    Verify(verify::Verify),
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::List(args) => list::run(context, args).await,
        Command::Export(args) => export::run(context, args).await,
        Command::Verify(args) => verify::run(context, args).await,
    }
}

/// One service, or all of them.
fn named(service: Option<&String>) -> Result<Vec<&'static str>> {
    Ok(match service {
        Some(name) => vec![services::find(name)?.name],
        None => services::ALL.iter().map(|service| service.name).collect(),
    })
}

fn client(context: &Context, service: &str) -> Result<Client> {
    Ok(Client::new(context.channel(service)?))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
