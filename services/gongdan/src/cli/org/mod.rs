//! Units, people and areas.

mod check;
mod document;
mod import;
mod list;
mod table;

use anyhow::Result;
use clap::Subcommand;
use gongdan_proto::routing::v1::organisation_service_client::OrganisationServiceClient;

use super::{Channel, Context, Table};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Brings units, people and areas in, all of them or nothing
    Import(import::Args),
    /// What has to be looked after: units that end and hold tickets, units without people, people who are gone (检查)
    Check(check::Args),
    /// Shows what there is
    #[command(subcommand)]
    List(list::Command),
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Import(args) => import::run(context, args).await,
        Command::Check(args) => check::run(context, args).await,
        Command::List(command) => list::run(context, command).await,
    }
}

fn client(context: &Context) -> Result<OrganisationServiceClient<Channel>> {
    Ok(OrganisationServiceClient::new(context.channel("routing")?))
}
