//! `gongdan serve`: one service in this process, as a cluster runs it.

use std::path::PathBuf;

use anyhow::Result;

use crate::services;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// tickets, routing, sla, notifications, callback or reporting
    service: String,
    /// Configuration file; the environment (GONGDAN__SECTION__KEY, GONGDAN_<SERVICE>__SECTION__KEY) overrides it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Stop when stdin closes
    #[arg(long, hide = true)]
    supervised: bool,
}

pub fn run(args: &Args) -> Result<()> {
    let service = services::find(&args.service)?;
    (service.serve)(args.config.as_deref(), args.supervised)
}
