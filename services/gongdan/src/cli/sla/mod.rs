//! Deadlines, clocks and calendars.

mod calendar;
mod clocks;
mod explain;
mod picture;
mod policy;
mod preview;
mod schedule;

use anyhow::Result;
use clap::Subcommand;

use super::{Channel, Context, Table};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// When a deadline would be, and which days count
    Preview(Box<preview::Args>),
    /// The clocks of a ticket
    Clocks {
        /// Number or id of the ticket
        ticket: String,
    },
    /// How a clock came to its due time: what ran, what paused, what fired
    Explain(explain::Args),
    /// Working calendars (工作日历)
    #[command(subcommand)]
    Calendar(calendar::Command),
    /// Policy sets (时限策略)
    #[command(subcommand)]
    Policy(policy::Command),
    /// Recurring work (定时任务)
    #[command(subcommand)]
    Schedule(schedule::Command),
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Preview(args) => preview::run(context, *args).await,
        Command::Clocks { ticket } => clocks::run(context, ticket).await,
        Command::Explain(args) => explain::run(context, args).await,
        Command::Calendar(command) => calendar::run(context, command).await,
        Command::Policy(command) => policy::run(context, command).await,
        Command::Schedule(command) => schedule::run(context, command).await,
    }
}

fn channel(context: &Context) -> Result<Channel> {
    context.channel("sla")
}

/// `yes`, or nothing, as a cell.
fn mark(context: &Context, set: bool) -> String {
    if set { context.text("yes", "是").to_owned() } else { String::new() }
}

/// Seconds as `7:30`, hours and minutes; empty for none.
fn length(seconds: i64) -> String {
    if seconds == 0 { String::new() } else { format!("{}:{:02}", seconds / 3_600, seconds / 60 % 60) }
}
