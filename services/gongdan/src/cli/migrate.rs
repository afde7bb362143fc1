//! `gongdan migrate`: brings databases to the schema of this program.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use gongdan_runtime::CommonConfig;
use secrecy::ExposeSecret;
use serde_json::json;

use super::{Context, Table};
use crate::services::{self, Service};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Services whose databases to migrate; all of them when none is named
    services: Vec<String>,
    /// Configuration file of the service; needs exactly one. Default: the one that `gongdan up` wrote into the data
    /// directory, if it is there
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let named: Vec<&Service> =
        args.services.iter().map(|name| services::find(name)).collect::<Result<_>>()?;
    let chosen = if named.is_empty() { services::ALL.iter().collect() } else { named };
    anyhow::ensure!(args.config.is_none() || chosen.len() == 1, "--config is for one service: name it");

    let mut found: Vec<(&Service, CommonConfig)> = Vec::new();
    for service in chosen {
        let written = context.data_dir().join("config").join(format!("{}.toml", service.name));
        let file = args.config.clone().or_else(|| written.exists().then_some(written));
        let common = (service.common)(file.as_deref())?;
        let url = common.postgres.url.expose_secret();
        if let Some((other, _)) = found.iter().find(|(_, known)| known.postgres.url.expose_secret() == url) {
            anyhow::bail!(
                "{} and {} name the same database: set GONGDAN_{}__POSTGRES__URL, or give --config",
                other.name,
                service.name,
                service.name.to_uppercase()
            );
        }
        found.push((service, common));
    }
    let mut done = Vec::new();
    for (service, common) in found {
        let schema = (service.schema)();
        let pool = gongdan_pg::connect(&common.postgres, "migrate")
            .await
            .with_context(|| format!("connecting to the database of {}", service.name))?;
        schema.migrate(&pool).await.with_context(|| format!("migrating the database of {}", service.name))?;
        pool.close().await;
        done.push((service.name, schema.versions().last().unwrap_or_default()));
    }
    context.print(
        || {
            Ok(done
                .iter()
                .map(|(service, version)| json!({ "service": service, "version": version }))
                .collect())
        },
        || {
            let mut table = Table::new([context.text("service", "服务"), context.text("schema", "结构版本")]);
            for (service, version) in &done {
                table.row([(*service).to_owned(), version.to_string()]);
            }
            table
        },
    )
}
