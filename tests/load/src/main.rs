//! Open-loop load against a running suite.
//!
//! `cargo run --release -p gongdan-load -- create --against-floor --clients 32 --seconds 15 -o json` brings up a
//! private suite when none is named and ends in one JSON line. `tests/load/README.md` says what the figures mean.

mod backlog;
mod bulk;
mod calendar;
mod cpu;
mod create;
mod door;
mod export;
mod filled;
mod floor;
mod lifecycle;
mod memory;
mod month;
mod options;
mod organisation;
mod output;
mod queues;
mod rules;
mod search;
mod setup;
mod stats;
mod suite;
mod texts;
mod train;
mod watcher;

use clap::Parser;
use options::{Options, Scenario};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    // They need no suite.
    match &options.scenario {
        Scenario::Door => return door::run(&options.common).await,
        Scenario::Rules(rules) => return rules::run(&options.common, rules),
        Scenario::Train(train) => return train::run(&options.common, train),
        Scenario::Month => return month::run(&options.common),
        Scenario::Calendar => return calendar::run(&options.common),
        _ => {}
    }
    let suite = suite::Suite::open(&options.common).await?;
    let result = match &options.scenario {
        Scenario::Create(create) => create::run(&suite, &options.common, create).await,
        Scenario::Lifecycle(lifecycle) => lifecycle::run(&suite, &options.common, lifecycle).await,
        Scenario::Search(search) => search::search(&suite, &options.common, search).await,
        Scenario::Similar(similar) => search::similar(&suite, &options.common, similar).await,
        Scenario::Queues(queues) => queues::run(&suite, &options.common, queues).await,
        Scenario::Export(export) => export::run(&suite, &options.common, export).await,
        Scenario::Organisation(organisation) => {
            organisation::run(&suite, &options.common, organisation).await
        }
        Scenario::Idle => memory::run(&suite, &options.common).await,
        Scenario::Door => door::run(&options.common).await,
        Scenario::Rules(rules) => rules::run(&options.common, rules),
        Scenario::Train(train) => train::run(&options.common, train),
        Scenario::Month => month::run(&options.common),
        Scenario::Calendar => calendar::run(&options.common),
    };
    suite.close().await?;
    result
}
