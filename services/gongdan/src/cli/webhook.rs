//! Endpoints that are told of events.

use clap::Subcommand;

use super::Context;

#[derive(Debug, Subcommand)]
pub enum Command {}

pub async fn run(_context: &Context, command: Command) -> anyhow::Result<()> {
    match command {}
}
