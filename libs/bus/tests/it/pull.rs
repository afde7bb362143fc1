//! Pulling: what is there, a wait for what comes, and what is left after the bus was away.

use gongdan_bus::{Bus, BusConfig, Pull, jetstream::Message};
use gongdan_embedded::{Nats, NatsOptions};
use std::{future::Future, time::Duration};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(60);

struct Server {
    bus: Bus,
    nats: Nats,
    options: NatsOptions,
    _dir: tempfile::TempDir,
}

impl Server {
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = NatsOptions::new(dir.path());
        let nats = Nats::start(&options).unwrap();
        let bus = Bus::connect(&BusConfig::at(nats.url(), "test"), "pull").await.unwrap();
        bus.ensure_stream("tickets").await.unwrap();
        Self { bus, nats, options, _dir: dir }
    }

    async fn pull(&self) -> Pull {
        let wait = Duration::from_secs(600);
        let (consumer, _) = self.bus.durable("tickets", "sla-tickets", None, 100, wait).await.unwrap();
        Pull::new(&self.bus, consumer).await.unwrap()
    }

    async fn publish(&self, bodies: &[&'static str]) {
        for body in bodies {
            let subject = "test.tickets.v1.submitted.44";
            self.bus.context().publish(subject, (*body).into()).await.unwrap().await.unwrap();
        }
    }
}

async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("not within {PATIENCE:?}: {what}"))
}

fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| std::str::from_utf8(&message.payload).unwrap()).collect()
}

#[tokio::test]
async fn what_is_there_comes_at_once_and_no_more_than_is_wanted() {
    let server = Server::start().await;
    let mut pull = server.pull().await;
    let mut messages = Vec::new();
    soon("an empty answer", pull.available(10, &mut messages)).await.unwrap();
    assert!(messages.is_empty());

    server.publish(&["1", "2", "3"]).await;
    soon("two", pull.available(2, &mut messages)).await.unwrap();
    assert_eq!(bodies(&messages), ["1", "2"]);
    soon("the rest behind them", pull.available(10, &mut messages)).await.unwrap();
    assert_eq!(bodies(&messages), ["1", "2", "3"]);
    soon("nothing is wanted", pull.available(3, &mut messages)).await.unwrap();
    assert_eq!(messages.len(), 3);
}

#[tokio::test]
async fn who_waits_gets_the_first_that_comes_and_finds_the_others_afterwards() {
    let server = Server::start().await;
    let mut pull = server.pull().await;
    let waiting = tokio::spawn(async move {
        let first = pull.first().await.unwrap();
        (pull, first)
    });
    server.publish(&["1", "2", "3"]).await;
    let (mut pull, first) = soon("the first", waiting).await.unwrap();
    let mut messages = vec![first];
    soon("the others", pull.available(10, &mut messages)).await.unwrap();
    assert_eq!(bodies(&messages), ["1", "2", "3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_of_the_bus_it_is_opened_anew_and_goes_on_behind_what_was_acknowledged() {
    let mut server = Server::start().await;
    let mut pull = server.pull().await;
    server.publish(&["1", "2"]).await;
    let mut messages = Vec::new();
    soon("both", pull.available(10, &mut messages)).await.unwrap();
    messages[0].double_ack().await.unwrap();

    let options = server.options.clone();
    let waiting = tokio::spawn(async move { pull.first().await.map(drop) });
    tokio::task::block_in_place(|| server.nats.restart(&options)).unwrap();
    let ended = soon("the wait ends with an error", waiting).await.unwrap();
    assert!(ended.is_err(), "requests of before are forgotten");

    let mut pull = soon("it is opened anew", async {
        loop {
            if server.bus.is_connected() && server.bus.stream_state("tickets").await.is_ok() {
                return server.pull().await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    server.publish(&["3"]).await;
    let mut messages = vec![soon("the next", pull.first()).await.unwrap()];
    soon("those behind it", pull.available(10, &mut messages)).await.unwrap();
    // What was given out before and not acknowledged comes again when its time is over, not at once.
    assert_eq!(bodies(&messages), ["3"]);
}

#[tokio::test]
async fn a_consumer_that_is_gone_is_said() {
    let server = Server::start().await;
    let mut pull = server.pull().await;
    let stream = server.bus.context().get_stream(server.bus.stream_name("tickets")).await.unwrap();
    let waiting = tokio::spawn(async move { pull.first().await.map(drop) });
    let durable = server.bus.durable_name("sla-tickets");
    // It may be gone before the wait has reached the server, and after.
    stream.delete_consumer(&durable).await.unwrap();
    assert!(soon("the wait ends", waiting).await.unwrap().is_err());
}
