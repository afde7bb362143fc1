//! `cargo run -p gongdan-fuzz -- --requests 100000` sends that many malformed and mutated requests over every RPC of a
//! private suite and prints what came of each; it fails when an answer is a fault of the server's. `tests/fuzz/README.md`.

use clap::Parser;
use gongdan_fuzz::{Options, run};
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(
    name = "gongdan-fuzz",
    version,
    about = "Malformed and mutated requests over every RPC of a private suite"
)]
struct Arguments {
    /// How many requests.
    #[arg(long, default_value_t = 100_000)]
    requests: u64,
    /// What every value is made from. Default: one drawn and printed.
    #[arg(long)]
    seed: Option<u64>,
    /// How many callers at once.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=64))]
    workers: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(rand::random);
    let options = Options { requests: arguments.requests, seed, workers: arguments.workers, progress: true };
    let report = run(options).await?;
    println!("{report}");
    Ok(if report.faults().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
