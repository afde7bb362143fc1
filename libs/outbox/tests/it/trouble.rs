//! The bus goes away, comes back, or comes back with nothing: events wait and arrive.

use crate::env::{Env, Recorder, SOURCE, append, consumer, eventually, id, new_event};
use gongdan_embedded::{Nats, NatsOptions};

/// A bus of one test's own.
struct OwnBus {
    options: NatsOptions,
    nats: Option<Nats>,
    _dir: tempfile::TempDir,
}

impl OwnBus {
    async fn start() -> Self {
        let dir = tempfile::Builder::new().prefix("gongdan-outbox-bus-").tempdir().unwrap();
        let mut bus = Self { options: NatsOptions::new(dir.path().join("nats")), nats: None, _dir: dir };
        bus.up().await;
        bus
    }

    async fn up(&mut self) {
        let options = self.options.clone();
        let nats = tokio::task::spawn_blocking(move || Nats::start(&options).unwrap()).await.unwrap();
        self.options.port = Some(nats.port());
        self.nats = Some(nats);
    }

    async fn down(&mut self) {
        let nats = self.nats.take();
        tokio::task::spawn_blocking(move || drop(nats)).await.unwrap();
    }

    fn url(&self) -> String {
        self.nats.as_ref().unwrap().url()
    }

    /// As if its disk had lost everything.
    fn wipe(&self) {
        for entry in std::fs::read_dir(&self.options.dir).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                std::fs::remove_dir_all(entry.path()).unwrap();
            }
        }
    }
}

#[tokio::test]
async fn events_wait_while_the_bus_is_away_and_arrive_when_it_is_back() {
    let mut own = OwnBus::start().await;
    let env = Env::on(&own.url()).await;
    let relay = env.relay();
    let _running = env.consume(consumer(), &Recorder::new());
    let ticket = id();
    append(&env.pool, &[new_event(ticket, 1)]).await;
    relay.wake();
    env.wait_applied(ticket, &[1]).await;

    own.down().await;
    eventually("the bus is missed", async || !env.bus.is_connected()).await;
    for version in 2..=40 {
        append(&env.pool, &[new_event(ticket, version)]).await;
        relay.wake();
    }
    own.up().await;
    env.wait_applied(ticket, &(1..=40).collect::<Vec<_>>()).await;
    assert_eq!(env.count("inbox_dead").await, 0);
}

#[tokio::test]
async fn a_bus_that_lost_its_files_gets_everything_again_and_consumers_apply_nothing_twice() {
    let mut own = OwnBus::start().await;
    let env = Env::on(&own.url()).await;
    let relay = env.relay();
    let _running = env.consume(consumer(), &Recorder::new());
    let (before, during) = (id(), id());
    for version in 1..=50 {
        append(&env.pool, &[new_event(before, version)]).await;
        relay.wake();
    }
    env.wait_applied(before, &(1..=50).collect::<Vec<_>>()).await;

    own.down().await;
    own.wipe();
    append(&env.pool, &[new_event(before, 51), new_event(during, 1)]).await;
    own.up().await;
    env.wait_applied(before, &(1..=51).collect::<Vec<_>>()).await;
    env.wait_applied(during, &[1]).await;
    eventually("the stream is whole again", async || env.messages(SOURCE).await == 52).await;
}
