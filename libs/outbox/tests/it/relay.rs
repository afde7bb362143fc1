//! The relay publishes everything that commits, in order, whoever dies.

use crate::env::{Env, SOURCE, append, eventually, id, new_event};
use futures::StreamExt as _;
use gongdan_bus::{Event, from_headers, jetstream::consumer::pull};
use gongdan_outbox::{Relay, RelayConfig};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::{collections::HashMap, time::Duration};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Everything in the stream, in its order.
async fn published(env: &Env) -> Vec<Event> {
    let stream = env.bus.context().get_stream(env.bus.stream_name(SOURCE)).await.unwrap();
    let messages = usize::try_from(stream.cached_info().state.messages).unwrap();
    let consumer = stream.create_consumer(pull::Config::default()).await.unwrap();
    let batch = consumer.fetch().max_messages(messages).messages().await.unwrap();
    batch
        .map(|message| {
            let message = message.unwrap();
            from_headers(env.bus.root(), &message.subject, message.headers.as_ref(), message.payload.clone())
                .unwrap()
        })
        .collect()
        .await
}

fn assert_complete(events: &[Event], tickets: &[Uuid], versions: i64) {
    let mut seen: HashMap<Uuid, Vec<i64>> = HashMap::new();
    for event in events {
        seen.entry(event.aggregate_id).or_default().push(event.version);
    }
    for ticket in tickets {
        assert_eq!(seen[ticket], (1..=versions).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn what_commits_late_in_an_old_transaction_is_not_skipped() {
    let env = Env::start().await;
    let relay = env.relay();
    let (slow, fast, other) = (id(), id(), id());
    let mut old = env.pool.begin().await.unwrap();
    gongdan_outbox::append(&mut old, &[new_event(slow, 1)]).await.unwrap();
    append(&env.pool, &[new_event(fast, 1)]).await;
    relay.wake();
    // The relay looks, again and again, while the old transaction is open.
    for version in 1..=20 {
        append(&env.pool, &[new_event(other, version)]).await;
        relay.wake();
        tokio::task::yield_now().await;
    }
    old.commit().await.unwrap();
    relay.wake();
    eventually("all are published", async || env.messages(SOURCE).await == 22).await;
    let events = published(&env).await;
    assert_complete(&events, &[slow, fast], 1);
    assert_complete(&events, &[other], 20);
}

#[tokio::test]
async fn interleaved_transactions_lose_nothing_and_keep_each_tickets_order() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let env = Env::start().await;
    let relay = env.relay();
    let tickets: Vec<_> = (0..24).map(|_| id()).collect();
    let writers = tickets.iter().enumerate().map(|(n, ticket)| {
        let (pool, relay, ticket) = (env.pool.clone(), relay.clone(), *ticket);
        let mut random = StdRng::seed_from_u64(seed + n as u64);
        tokio::spawn(async move {
            for version in 1..=30 {
                let mut transaction = pool.begin().await.unwrap();
                // Some take their transaction id long before they write the event, and commit after others did.
                if random.random_bool(0.5) {
                    sqlx::query("SELECT pg_current_xact_id()").execute(&mut *transaction).await.unwrap();
                    let pause = f64::from(random.random_range(0..20_u32)) / 1_000.0;
                    sqlx::query("SELECT pg_sleep($1)").bind(pause).execute(&mut *transaction).await.unwrap();
                }
                gongdan_outbox::append(&mut transaction, &[new_event(ticket, version)]).await.unwrap();
                transaction.commit().await.unwrap();
                relay.wake();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    eventually("all are published", async || env.messages(SOURCE).await == 24 * 30).await;
    assert_complete(&published(&env).await, &tickets, 30);
}

#[tokio::test]
async fn nobody_has_to_wake_it() {
    let env = Env::start().await;
    let _relay = env.relay();
    append(&env.pool, &[new_event(id(), 1)]).await;
    eventually("it is published", async || env.messages(SOURCE).await == 1).await;
}

#[tokio::test]
async fn what_is_published_twice_is_in_the_stream_once() {
    let env = Env::start().await;
    let ticket = id();
    append(&env.pool, &(1..=700).map(|version| new_event(ticket, version)).collect::<Vec<_>>()).await;
    let stop = CancellationToken::new();
    let start = |stop: &CancellationToken| {
        Relay::start(env.pool.clone(), env.bus.clone(), SOURCE, RelayConfig::default(), stop.clone())
    };
    let first = start(&stop);
    eventually("all are published", async || env.messages(SOURCE).await == 700).await;
    stop.cancel();
    first.stopped().await;
    // As after a crash between the bus's answer and the move of the cursor.
    sqlx::query("UPDATE outbox_cursor SET txid = '0', position = 0").execute(&env.pool).await.unwrap();
    let again = start(&env.shutdown);
    append(&env.pool, &[new_event(ticket, 701)]).await;
    again.wake();
    eventually("the new one is published", async || env.messages(SOURCE).await >= 701).await;
    assert_complete(&published(&env).await, &[ticket], 701);
}

#[tokio::test]
async fn another_process_follows_when_the_leader_ends() {
    let env = Env::start().await;
    let config = RelayConfig { follow: Duration::from_millis(50), ..RelayConfig::default() };
    let stop = CancellationToken::new();
    let leader = Relay::start(env.pool.clone(), env.bus.clone(), SOURCE, config.clone(), stop.clone());
    append(&env.pool, &[new_event(id(), 1)]).await;
    eventually("the first leads", async || env.messages(SOURCE).await == 1).await;
    let _follower = Relay::start(env.pool.clone(), env.bus.clone(), SOURCE, config, env.shutdown.clone());
    stop.cancel();
    leader.stopped().await;
    append(&env.pool, &[new_event(id(), 1)]).await;
    eventually("the second leads", async || env.messages(SOURCE).await == 2).await;
}
