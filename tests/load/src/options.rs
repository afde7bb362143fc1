//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Load for a Gongdan suite, and what it costs.
#[derive(Debug, Parser)]
#[command(name = "gongdan-load", version)]
pub(crate) struct Options {
    #[command(flatten)]
    pub common: Common,
    /// What to run.
    #[command(subcommand)]
    pub scenario: Scenario,
}

/// What every scenario understands.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Data directory of a running suite. Without it a private one is started and stopped.
    #[arg(long, global = true, env = "GONGDAN_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// The `gongdan` program to start a private suite with. Default: built from this workspace.
    #[arg(long, global = true)]
    pub gongdan: Option<PathBuf>,
    /// How many callers at once.
    #[arg(long, global = true, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub clients: u32,
    /// How long each measured part lasts.
    #[arg(long, global = true, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub seconds: u32,
    /// What is printed at the end.
    #[arg(short, long, global = true, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

/// What is printed at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Lines for people.
    Text,
    /// One JSON line.
    Json,
}

/// The scenarios.
#[derive(Debug, Subcommand)]
pub(crate) enum Scenario {
    /// Tickets are created, as fast as the clients can or at a rate.
    Create(CreateOptions),
    /// Tickets live their whole life: create, dispatch by routing, accept, resolve, callback, closed, counted.
    Lifecycle(LifecycleOptions),
    /// Resident memory of the six idle service processes.
    Idle,
    /// A unit in every region and staff in all of them, in one import.
    Organisation(OrganisationOptions),
    /// Search by words and number among many tickets.
    Search(SearchOptions),
    /// What a request may be a repeat of, among many tickets.
    Similar(SearchOptions),
    /// Pages of work queues and their counts, among few tickets and among many.
    Queues(QueuesOptions),
    /// All tickets into a file, CSV and XLSX, and the memory that the service needs for it.
    Export(ExportOptions),
    /// Authentication and authorization of a call, without a suite.
    Door,
    /// Deciding about a ticket with hundreds of rules, without a suite.
    Rules(RulesOptions),
    /// Learning which item and unit to suggest, without a suite: time and memory.
    Train(TrainOptions),
    /// A simulated month by routing's pure code, without a suite: capacities, duty, how even the load is.
    Month,
    /// Due times and working times a second on one core, without a suite.
    Calendar,
}

/// Options of `rules`.
#[derive(Debug, Args)]
pub(crate) struct RulesOptions {
    /// How many rules.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rules: u32,
}

/// Options of `train`.
#[derive(Debug, Args)]
pub(crate) struct TrainOptions {
    /// Resolved tickets that are learnt from.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub tickets: u32,
    /// Different items.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(2..=1_000))]
    pub items: u32,
}

/// Options of `create`.
#[derive(Debug, Args)]
pub(crate) struct CreateOptions {
    /// First writes the same rows by plain SQL from the same number of connections, and prints the ratio.
    #[arg(long)]
    pub against_floor: bool,
    /// Arrivals a second, whether or not earlier ones were answered. Without it: each client waits for its answer.
    #[arg(long)]
    pub rate: Option<f64>,
    /// Does not search for the rate at which no backlog grows.
    #[arg(long)]
    pub no_sustainable: bool,
}

/// Options of `lifecycle`.
#[derive(Debug, Args)]
pub(crate) struct LifecycleOptions {
    /// Lives begun a second, whether or not earlier ones ended.
    #[arg(long, default_value_t = 100.0)]
    pub rate: f64,
}

/// Options of `search` and `similar`.
#[derive(Debug, Args)]
pub(crate) struct SearchOptions {
    /// How many tickets there are; written first, past the service, unless an earlier run wrote as many.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..=10_000_000))]
    pub tickets: u64,
    /// Calls of each kind of question.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub calls: u32,
}

/// Options of `export`.
#[derive(Debug, Args)]
pub(crate) struct ExportOptions {
    /// How many tickets there are; written first, past the service, unless an earlier run wrote as many.
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1_000..=10_000_000))]
    pub tickets: u64,
}

/// Options of `organisation`.
#[derive(Debug, Args)]
pub(crate) struct OrganisationOptions {
    /// How many staff.
    #[arg(long, default_value_t = 50_000)]
    pub people: u32,
    /// For how many assets they answer.
    #[arg(long, default_value_t = 500_000, value_parser = clap::value_parser!(u32).range(0..=500_000))]
    pub responsibilities: u32,
}

/// Options of `queues`.
#[derive(Debug, Args)]
pub(crate) struct QueuesOptions {
    /// Tickets at first.
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u64).range(1_000..=100_000_000))]
    pub few: u64,
    /// Tickets then.
    #[arg(long, default_value_t = 5_000_000, value_parser = clap::value_parser!(u64).range(1_000..=100_000_000))]
    pub many: u64,
    /// Calls of each kind.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub calls: u32,
}
