//! The caller's notifications.

use clap::Subcommand;

use super::Context;

#[derive(Debug, Subcommand)]
pub enum Command {}

pub async fn run(_context: &Context, command: Command) -> anyhow::Result<()> {
    match command {}
}
