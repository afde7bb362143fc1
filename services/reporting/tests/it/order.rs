//! What comes late, out of order or again changes nothing it should not. Source: P1.

use crate::{
    story::{Story, at},
    suite::{Suite, by},
};
use gongdan_proto::reporting::v1::Dimension;
use gongdan_testkit::eventually;

fn life(unit: &str) -> Story {
    Story::about("440106", at("2026-11-02T01:00:00Z"))
        .submitted(at("2026-11-02T01:00:00Z"), at("2026-11-20T10:00:00Z"))
        .dispatched(at("2026-11-02T02:00:00Z"), unit)
        .resolved(at("2026-11-03T02:00:00Z"), 3600)
        .called_back(at("2026-11-04T02:00:00Z"), true, true, true)
        .closed(at("2026-11-04T02:00:01Z"))
}

#[tokio::test]
async fn the_clock_may_stop_before_the_ticket_is_resolved_and_after() {
    let suite = Suite::start().await;
    let (first, second) = (life("clock-first"), life("ticket-first"));
    suite.tell(&first.callback).await;
    suite.tell(&first.sla).await;
    suite.tell(&second.tickets).await;
    suite.settled("the second ticket is resolved", |m| m.resolved == 1 && m.timed == 0).await;
    suite.tell(&second.sla).await;
    suite.tell(&second.callback).await;
    suite.tell(&first.tickets).await;
    suite.settled("both are whole", |m| (m.resolved, m.timed, m.callbacks) == (2, 2, 2)).await;
    let units = suite.rows(by(Dimension::Unit)).await;
    assert_eq!(units["clock-first"], units["ticket-first"]);
    assert_eq!(units["clock-first"].on_time_rate, Some(1.0));
}

#[tokio::test]
async fn repeats_change_nothing() {
    let suite = Suite::start().await;
    let story = life("tianhe-env").reopened(at("2026-11-05T00:00:00Z"), at("2099-01-01T00:00:00Z"));
    suite.tell(&story.all()).await;
    suite.settled("it is counted", |m| (m.reopened, m.timed, m.callbacks) == (1, 1, 1)).await;
    let before = suite.rows(by(Dimension::Unit)).await;

    suite.repeat(&story.all()).await;
    let mut backwards = story.all();
    backwards.reverse();
    suite.repeat(&backwards).await;
    // What comes after them has been counted, so they have.
    suite.tell(&life("later").all()).await;
    suite.settled("the later one is counted", |m| (m.resolved, m.timed, m.callbacks) == (2, 2, 2)).await;
    let mut rows = suite.rows(by(Dimension::Unit)).await;
    rows.remove("later");
    assert_eq!(rows, before);
}

#[tokio::test]
async fn events_of_one_ticket_wait_for_those_before_them() {
    let suite = Suite::start().await;
    let story = life("tianhe-env");
    suite.tell(&story.sla).await;
    let (first, rest) = story.tickets.split_first().unwrap();
    suite.tell(rest).await;
    suite.tell(&life("other").all()).await;
    suite.settled("the other is counted", |m| (m.resolved, m.timed) == (1, 1)).await;
    assert!(
        !suite.rows(by(Dimension::Unit)).await.contains_key("tianhe-env"),
        "it waits for its first event"
    );
    suite.tell(std::slice::from_ref(first)).await;
    eventually("the gap is closed", async || {
        suite
            .rows(by(Dimension::Unit))
            .await
            .get("tianhe-env")
            .is_some_and(|m| (m.resolved, m.timed) == (1, 1))
    })
    .await;
}

#[tokio::test]
async fn a_poisoned_event_holds_back_its_own_ticket_only() {
    let suite = Suite::start().await;
    let mut story = life("tianhe-env");
    story.tickets[1].payload = vec![0xff, 0xff, 0xff].into();
    suite.tell(&story.tickets).await;
    suite.tell(&life("other").all()).await;
    suite.settled("the other is counted", |m| (m.received, m.resolved, m.in_flight) == (2, 1, 1)).await;
    assert!(
        !suite.rows(by(Dimension::Unit)).await.contains_key("tianhe-env"),
        "what follows waits behind it"
    );
}
