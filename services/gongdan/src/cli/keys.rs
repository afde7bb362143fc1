//! `gongdan keys`: versions of the keys that protect contacts, and bringing everything to the newest. Source: X11.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Subcommand, ValueEnum};
use gongdan_proto::tickets::v1::{
    GetKeyStatusRequest, KeyStatus, KeyVersion, Rotation, RotationState, StartRotationRequest,
    WatchRotationRequest, privacy_service_client::PrivacyServiceClient,
};
use gongdan_tickets::{NewKeys, add_key_version};
use serde_json::json;

use super::{Context, Table};

/// What `gongdan up` names the file.
const FILE: &str = "contact-keys";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Versions of the keys, what each protects, and how far the last rotation is
    Status,
    /// Adds the next version of the keys to a key file; services read it again by themselves
    New {
        /// The key file; default: that of the suite of this data directory
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Which keys
        #[arg(long, value_enum, default_value_t = Which::Both)]
        which: Which,
    },
    /// Seals contacts and indexes customers anew with the newest keys, and waits until it is done
    Rotate {
        /// Customers whose own key an earlier release did not keep are no longer found by it
        #[arg(long)]
        forget_unknown: bool,
        /// Only begins it
        #[arg(long)]
        no_wait: bool,
    },
}

/// Which keys get a new version.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Which {
    /// Encryption and index
    Both,
    /// Encryption only
    Encryption,
    /// Index only
    Index,
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Status => {
            let mut client = PrivacyServiceClient::new(context.channel("tickets")?);
            let status = client.get_key_status(GetKeyStatusRequest {}).await?.into_inner();
            print(context, &status)
        }
        Command::New { file, which } => {
            let file = file.unwrap_or_else(|| context.data_dir().join(FILE));
            let which = match which {
                Which::Both => NewKeys::Both,
                Which::Encryption => NewKeys::Encryption,
                Which::Index => NewKeys::Index,
            };
            let (encryption, index) = add_key_version(&file, which)?;
            if context.is_json() {
                let file = file.display().to_string();
                return context
                    .print_json(&json!({ "file": file, "encryption": encryption, "index": index }));
            }
            let version = |what: &str, version: Option<i32>| version.map(|v| format!("{what} {v}"));
            let made: Vec<String> = [
                version(context.text("encryption", "加密"), encryption),
                version(context.text("index", "索引"), index),
            ]
            .into_iter()
            .flatten()
            .collect();
            context.say(&format!("{}: {}", file.display(), made.join(", ")))
        }
        Command::Rotate { forget_unknown, no_wait } => rotate(context, forget_unknown, no_wait).await,
    }
}

async fn rotate(context: &Context, forget_unknown: bool, no_wait: bool) -> Result<()> {
    let mut client = PrivacyServiceClient::new(context.channel("tickets")?);
    let request = StartRotationRequest { request_id: context.request_id(), forget_unknown };
    let mut last = client.start_rotation(request).await?.into_inner();
    if !no_wait {
        let bar = context.progress(Some(total(&last)), context.text("rotation", "轮换"));
        let request = WatchRotationRequest { id: last.id.clone() };
        let mut changes = client.watch_rotation(request).await?.into_inner();
        while let Some(rotation) = changes.message().await? {
            bar.set_length(total(&rotation).max(done(&rotation)));
            bar.set_position(done(&rotation));
            last = rotation;
        }
        bar.finish_and_clear();
        match last.state() {
            RotationState::Succeeded => {}
            RotationState::Failed => bail!("{}", last.error),
            _ => bail!("{}", context.text("the rotation goes on without us", "轮换仍在进行")),
        }
    }
    context.print_details(
        || context.json("gongdan.tickets.v1.Rotation", &last),
        &[
            (context.text("rotation", "轮换"), last.id.clone()),
            (context.text("state", "状态"), context.name(last.state().as_str_name())),
            (context.text("encryption version", "加密版本"), last.encryption_version.to_string()),
            (context.text("index version", "索引版本"), last.index_version.to_string()),
            (context.text("contacts", "联系方式"), of(last.contacts_done, last.contacts_total)),
            (context.text("customers", "客户"), of(last.customers_done, last.customers_total)),
        ],
    )
}

fn print(context: &Context, status: &KeyStatus) -> Result<()> {
    let json = || context.json("gongdan.tickets.v1.KeyStatus", status);
    context.print(json, || {
        let mut table = Table::new([
            context.text("key", "密钥"),
            context.text("version", "版本"),
            context.text("in use", "在用"),
            context.text("rows", "行数"),
            context.text("held by", "持有副本"),
            context.text("may be removed", "可移除"),
        ]);
        let yes = |is: bool| if is { context.text("yes", "是").to_owned() } else { String::new() };
        let mut rows = |kind: &str, versions: &[KeyVersion]| {
            for key in versions {
                table.row([
                    kind.to_owned(),
                    key.version.to_string(),
                    yes(key.in_use),
                    key.rows.to_string(),
                    format!("{}/{}", key.held_by, status.replicas),
                    yes(key.removable),
                ]);
            }
        };
        rows(context.text("encryption", "加密"), &status.encryption);
        rows(context.text("index", "索引"), &status.index);
        table
    })?;
    if status.unknown_customers > 0 {
        let why =
            context.text("customers of earlier imports cannot be indexed anew", "名历史导入客户无法重新索引");
        context.say(&format!("{} {why}", status.unknown_customers))?;
    }
    if let Some(rotation) = &status.rotation {
        context.say(&format!(
            "{}: {}, {} {}, {} {} {}",
            context.text("last rotation", "最近轮换"),
            context.name(rotation.state().as_str_name()),
            context.text("contacts", "联系方式"),
            of(rotation.contacts_done, rotation.contacts_total),
            context.text("customers", "客户"),
            of(rotation.customers_done, rotation.customers_total),
            rotation.error,
        ))?;
    }
    Ok(())
}

fn of(done: i64, total: i64) -> String {
    format!("{done}/{total}")
}

fn total(rotation: &Rotation) -> u64 {
    u64::try_from(rotation.contacts_total + rotation.customers_total).unwrap_or_default()
}

fn done(rotation: &Rotation) -> u64 {
    u64::try_from(rotation.contacts_done + rotation.customers_done + rotation.customers_forgotten)
        .unwrap_or_default()
}
