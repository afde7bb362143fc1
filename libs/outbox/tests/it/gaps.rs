//! What the bus lost is fetched from the owner; a rebuild reads everything and meets the stream without a gap.

use crate::{
    env::{Env, Recorder, SOURCE, append, consumer, event, eventually, id, new_event, settled},
    event_server::{anyone, serve},
};
use gongdan_bus::Event;
use gongdan_outbox::{NewEvent, OwnerLogClient, RelayHandle, replay};
use std::{sync::Arc, time::Duration};

/// The event the owner's log has, as the bus would bring it.
fn as_published(new: &NewEvent) -> Event {
    Event { id: new.id, ..event(new.aggregate_id, new.version) }
}

#[tokio::test]
async fn an_event_the_bus_lost_is_fetched_from_the_owner_and_releases_what_is_parked() {
    let owner = Env::start().await;
    let env = Env::start().await;
    let ticket = id();
    let log: Vec<_> = (1..=5).map(|version| new_event(ticket, version)).collect();
    append(&owner.pool, &log).await;
    let client = OwnerLogClient::new(SOURCE, serve(owner.pool.clone(), owner.bus.root(), anyone()).await);
    let waiting = consumer().gap_after(Duration::from_millis(100));
    let _running = env.consume_with(waiting, &Recorder::new(), Arc::new(client));
    for n in [0, 3, 4] {
        env.publish(&as_published(&log[n]), 0).await;
    }
    env.wait_applied(ticket, &[1, 2, 3, 4, 5]).await;
    eventually("nothing is parked", async || env.count("inbox_parked").await == 0).await;
}

#[tokio::test]
async fn a_gap_waits_while_the_owner_is_away() {
    let env = Env::start().await;
    let ticket = id();
    let handler = Recorder::new();
    let _running = env.consume(consumer().gap_after(Duration::from_millis(40)), &handler);
    env.publish(&event(ticket, 2), 0).await;
    eventually("the owner was asked", async || {
        env.count("inbox_versions WHERE asked_at IS NOT NULL").await == 1
    })
    .await;
    env.publish(&event(ticket, 1), 0).await;
    env.wait_applied(ticket, &[1, 2]).await;
}

#[tokio::test]
async fn a_rebuild_beside_the_running_consumer_applies_each_version_once() {
    let owner = Env::start().await;
    let env = Env::start().await;
    let tickets: Vec<_> = (0..40).map(|_| id()).collect();
    let handler = Recorder::new();
    let running = env.consume(consumer(), &handler);
    for version in 1..=30 {
        let events: Vec<_> = tickets.iter().map(|ticket| new_event(*ticket, version)).collect();
        append(&owner.pool, &events).await;
        // The stream keeps only the end of it.
        if version > 25 {
            for event in &events {
                env.publish(&as_published(event), 0).await;
            }
        }
    }
    settled(&owner.pool).await;
    let log = OwnerLogClient::new(SOURCE, serve(owner.pool.clone(), owner.bus.root(), anyone()).await);
    let mut steps = Vec::new();
    let done = replay(&running.inbox(), &log, None, |progress| steps.push(progress.read)).await.unwrap();
    assert_eq!(done.read, 1_200);
    assert_eq!(steps, [500, 1_000, 1_200]);
    for ticket in &tickets {
        env.wait_applied(*ticket, &(1..=30).collect::<Vec<_>>()).await;
    }

    // And again, from nothing, with the tables emptied in one transaction. What the stream still had to bring would be
    // applied by the consumer and not by the rebuild.
    env.drained().await;
    let mut transaction = env.pool.begin().await.unwrap();
    sqlx::query("DELETE FROM applied").execute(&mut *transaction).await.unwrap();
    running.inbox().forget(&mut transaction).await.unwrap();
    transaction.commit().await.unwrap();
    let done = replay(&running.inbox(), &log, None, |_| {}).await.unwrap();
    assert_eq!((done.read, done.applied), (1_200, 1_200));
    for ticket in &tickets {
        env.wait_applied(*ticket, &(1..=30).collect::<Vec<_>>()).await;
    }
}

#[tokio::test]
async fn a_replay_goes_on_where_it_was_interrupted() {
    let owner = Env::start().await;
    let env = Env::start().await;
    let ticket = id();
    append(&owner.pool, &(1..=10).map(|version| new_event(ticket, version)).collect::<Vec<_>>()).await;
    settled(&owner.pool).await;
    let log = OwnerLogClient::new(SOURCE, serve(owner.pool.clone(), owner.bus.root(), anyone()).await);
    let inbox = consumer().inbox(env.pool.clone(), env.bus.clone(), Recorder::new(), RelayHandle::none());
    let first = replay(&inbox, &log, None, |_| {}).await.unwrap();
    append(&owner.pool, &[new_event(ticket, 11)]).await;
    settled(&owner.pool).await;
    let second = replay(&inbox, &log, Some(first.position), |_| {}).await.unwrap();
    assert_eq!((second.read, second.applied), (1, 1));
    env.wait_applied(ticket, &(1..=11).collect::<Vec<_>>()).await;
}
