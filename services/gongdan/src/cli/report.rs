//! Counts and rates.

use super::Context;

#[derive(Debug, clap::Args)]
pub struct Args {}

pub async fn run(context: &Context, _args: Args) -> anyhow::Result<()> {
    context.channel("reporting").map(drop)
}
