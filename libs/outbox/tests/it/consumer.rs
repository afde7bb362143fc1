//! Out of order, repeated, in pairs, killed: each version once, in order.

use crate::env::{CONSUMER, Env, Recorder, consumer, event, eventually, id, kind};
use std::sync::{Arc, atomic::Ordering};
use tokio::sync::Semaphore;

#[tokio::test]
async fn events_out_of_order_and_repeated_are_applied_once_in_order() {
    let env = Env::start().await;
    let handler = Recorder::new();
    let ticket = id();
    let events: Vec<_> = (1..=4).map(|version| event(ticket, version)).collect();
    let running = env.consume(consumer(), &handler);
    for (copy, n) in [3, 0, 0, 2, 1, 1, 3].into_iter().enumerate() {
        env.publish(&events[n], u32::try_from(copy).unwrap()).await;
    }
    // Surely heard after the repetitions.
    env.publish(&event(ticket, 5), 0).await;
    env.wait_applied(ticket, &[1, 2, 3, 4, 5]).await;
    eventually("nothing is parked", async || env.count("inbox_parked").await == 0).await;
    eventually("commits are told", async || handler.committed.load(Ordering::Relaxed) == 5).await;
    assert_eq!(running.inbox().name(), CONSUMER);
}

#[tokio::test]
async fn types_nobody_asked_for_advance_the_version_only() {
    let env = Env::start().await;
    let ticket = id();
    let handler = Recorder::new();
    let _running = env.consume(consumer().events(&["submitted", "resolved"]), &handler);
    for (version, kind_of) in ["submitted", "dispatched", "accepted", "resolved"].into_iter().enumerate() {
        env.publish(&kind(ticket, i64::try_from(version).unwrap() + 1, kind_of), 0).await;
    }
    env.wait_applied(ticket, &[1, 4]).await;
}

#[tokio::test]
async fn a_projection_of_the_latest_state_jumps_ahead_and_never_back() {
    let env = Env::start().await;
    let unit = id();
    let handler = Recorder::new();
    let _running = env.consume(consumer().latest_only(true), &handler);
    env.publish(&event(unit, 5), 0).await;
    env.wait_applied(unit, &[5]).await;
    env.publish(&event(unit, 3), 0).await;
    env.publish(&event(unit, 9), 0).await;
    env.wait_applied(unit, &[5, 9]).await;
    assert_eq!(env.count("inbox_parked").await, 0);
}

#[tokio::test]
async fn a_consumer_killed_in_the_middle_of_a_batch_applies_it_once() {
    let env = Env::start().await;
    let ticket = id();
    for version in 1..=20 {
        env.publish(&event(ticket, version), 0).await;
    }
    let stuck = Arc::new(Recorder { gate: Some(Semaphore::new(0)), ..Recorder::default() });
    let first = env.consume(consumer(), &stuck);
    eventually("the batch is being applied", async || stuck.calls.load(Ordering::Relaxed) > 0).await;
    first.kill().await;
    assert_eq!(env.applied(ticket).await, [0_i64; 0], "what was not committed is not there");
    let _second = env.consume(consumer(), &Recorder::new());
    env.wait_applied(ticket, &(1..=20).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn two_replicas_share_the_work_and_apply_each_version_once() {
    let env = Env::start().await;
    let tickets: Vec<_> = (0..60).map(|_| id()).collect();
    let handler = Recorder::new();
    let config =
        gongdan_outbox::ConsumerConfig { batch: 7, pace: std::time::Duration::ZERO, ..Default::default() };
    let _one = env.consume(consumer().config(config.clone()), &handler);
    let _two = env.consume(consumer().config(config), &handler);
    for version in 1..=10 {
        for ticket in &tickets {
            env.publish(&event(*ticket, version), 0).await;
        }
    }
    for ticket in tickets {
        env.wait_applied(ticket, &(1..=10).collect::<Vec<_>>()).await;
    }
    assert_eq!(env.count("inbox_parked").await, 0);
    assert_eq!(env.count("inbox_dead").await, 0);
}

#[tokio::test]
async fn a_message_that_is_no_event_goes_to_the_dead_stream_and_holds_nobody_up() {
    let env = Env::start().await;
    let ticket = id();
    let _running = env.consume(consumer(), &Recorder::new());
    let subject = format!("{}.tickets.v1.submitted.44.01.06.1", env.bus.root());
    env.bus.context().publish(subject, "no headers".into()).await.unwrap().await.unwrap();
    env.publish(&event(ticket, 1), 0).await;
    env.wait_applied(ticket, &[1]).await;
    eventually("it is in the dead stream", async || env.messages("dead").await == 1).await;
    eventually("it is acknowledged", async || {
        let stream = env.bus.context().get_stream(env.bus.stream_name("tickets")).await.unwrap();
        let info = stream.consumer_info(env.bus.durable_name(CONSUMER)).await.unwrap();
        info.num_ack_pending == 0 && info.num_pending == 0
    })
    .await;
}

#[tokio::test]
async fn what_passes_by_waiting_is_waited_for_and_no_attempt() {
    let env = Env::start().await;
    let ticket = id();
    let handler = Recorder::new();
    handler.away.store(true, Ordering::Relaxed);
    let _running = env.consume(consumer(), &handler);
    env.publish(&event(ticket, 1), 0).await;
    eventually("it was tried often", async || handler.calls.load(Ordering::Relaxed) >= 3).await;
    assert_eq!((env.count("applied").await, env.count("inbox_dead").await), (0, 0));
    handler.away.store(false, Ordering::Relaxed);
    env.wait_applied(ticket, &[1]).await;
}
