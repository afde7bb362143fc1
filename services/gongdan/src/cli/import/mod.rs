//! `gongdan import`: what happened before this suite.

mod counted;
mod messages;
mod names;
mod outcome;
mod row;
mod send;
mod stream;

use clap::Subcommand;

use super::Context;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Citizen messages from a CSV file, each with what became of it
    Messages(messages::Args),
}

pub async fn run(context: &Context, command: Command) -> anyhow::Result<std::process::ExitCode> {
    match command {
        Command::Messages(args) => messages::run(context, args).await,
    }
}
