//! How a ticket was routed, and why.

mod confusion;
mod direct;
mod explain;
mod list;
mod offline;
pub mod people;
mod reassign;
mod reassignments;
pub mod responsible;
mod suggest;
mod train;
mod tree;

use anyhow::Result;
use clap::Subcommand;
use gongdan_proto::routing::v1::decision_service_client::DecisionServiceClient;

use super::{Channel, Context, Table};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Why a ticket went where it went: every rule, responsible person, area and desk that was tried
    Explain {
        /// Number or id of the ticket, or id of a decision
        ticket: String,
    },
    /// Decisions, newest first
    List(list::Args),
    /// Gives what a person has in hand to others, when they leave or go on leave (批量改派)
    Reassign(reassign::Args),
    /// Reassignments: how far they are, and what became of the tickets
    #[command(subcommand)]
    Reassignments(reassignments::Command),
    /// Who answers for which customer or asset and gets tickets directly (直派)
    #[command(subcommand)]
    Responsible(responsible::Command),
    /// Item and unit of a request by its words, as past tickets turned out (推荐)
    Suggest(suggest::Args),
    /// Learns from past tickets which item and unit to suggest, and says how good it is at it
    Train(train::Args),
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Explain { ticket } => explain::run(context, ticket).await,
        Command::List(args) => list::run(context, args).await,
        Command::Reassign(args) => reassign::run(context, args).await,
        Command::Reassignments(command) => reassignments::run(context, command).await,
        Command::Responsible(command) => responsible::run(context, command).await,
        Command::Suggest(args) => suggest::run(context, args).await,
        Command::Train(args) => train::run(context, args).await,
    }
}

fn client(context: &Context) -> Result<DecisionServiceClient<Channel>> {
    Ok(DecisionServiceClient::new(context.channel("routing")?))
}
