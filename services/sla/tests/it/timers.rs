//! S5: warnings and breaches fire once, durably, also after downtime; S11: whichever replica fires them.

use crate::suite::{Suite, TicketLife, at};
use gongdan_proto::sla::v1::{ClockKind, ClockState};
use gongdan_testkit::eventually;
use std::collections::HashMap;

#[tokio::test]
async fn warnings_and_breach_fire_when_their_time_comes() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut ticket = TicketLife::complaint("GD2603020000000001", "2026-03-02T09:00");
    ticket.submitted(&suite, "2026-03-02T09:00").await;
    // 4 working hours: warnings at 11:00 and 13:12, due at 14:00
    let dispatch = suite.clock_in(&service, &ticket.state.id, ClockKind::Dispatch, ClockState::Running).await;

    let mut expected = vec!["started"];
    for (now, more) in [
        ("2026-03-02T11:00:01", "warned 50"),
        ("2026-03-02T13:12:01", "warned 80"),
        ("2026-03-02T14:00:01", "breached"),
    ] {
        suite.clock.set(at(now));
        expected.push(more);
        eventually(more, async || suite.story(&dispatch.id).await == expected).await;
    }
    let clocks = suite.clocks_of(&service, &ticket.state.id).await;
    let dispatch = clocks.into_iter().find(|clock| clock.id == dispatch.id).unwrap();
    assert!(dispatch.breached);
    assert_eq!(dispatch.warned_percent, [50, 80]);

    ticket.dispatched(&suite, "2026-03-02T15:00").await;
    expected.push("stopped");
    eventually("it stops late", async || suite.story(&dispatch.id).await == expected).await;
    service.stop().await;
}

#[tokio::test]
async fn two_workers_on_one_database_fire_each_threshold_once() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let (one, two) = (suite.serve().await, suite.serve().await);
    let count = 120;
    for number in 0..count {
        let mut ticket = TicketLife::complaint(&format!("GD26030200000{number:05}"), "2026-03-02T09:00");
        ticket.submitted(&suite, "2026-03-02T09:00").await;
    }
    eventually("all clocks run", async || suite.published().await.len() == 2 * count).await;
    suite.clock.set(at("2026-03-02T14:00:01"));
    eventually("all have fired", async || suite.published().await.len() >= 5 * count).await;
    suite.clock.set(at("2026-03-02T14:00:40"));

    let mut seen: HashMap<(String, i64), u32> = HashMap::new();
    for (event, payload) in suite.published().await {
        *seen.entry((payload.clock_id, event.version)).or_default() += 1;
    }
    assert_eq!(seen.len(), 5 * count, "started twice per ticket, two warnings and a breach of dispatch");
    assert!(seen.values().all(|times| *times == 1));
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn after_downtime_what_was_missed_fires_late_and_oldest_first() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve_apart().await;
    let mut early = TicketLife::complaint("GD2603020000000001", "2026-03-02T09:00");
    let mut later = TicketLife::complaint("GD2603020000000002", "2026-03-02T09:30");
    early.submitted(&suite, "2026-03-02T09:00").await;
    later.submitted(&suite, "2026-03-02T09:30").await;
    let first = suite.clock_in(&service, &early.state.id, ClockKind::Dispatch, ClockState::Running).await;
    let second = suite.clock_in(&service, &later.state.id, ClockKind::Dispatch, ClockState::Running).await;
    service.kill().await;

    suite.clock.set(at("2026-03-02T17:00"));
    let service = suite.serve().await;
    let all = ["started", "warned 50 late", "warned 80 late", "breached late"];
    eventually("the first fires", async || suite.story(&first.id).await == all).await;
    eventually("the second fires", async || suite.story(&second.id).await == all).await;
    let order: Vec<_> = suite
        .published()
        .await
        .into_iter()
        .filter(|(event, _)| event.kind == "breached")
        .map(|(_, p)| p.clock_id)
        .collect();
    assert_eq!(order, [first.id, second.id]);
    service.stop().await;
}

#[tokio::test]
async fn what_ended_in_time_during_downtime_is_no_breach() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut ticket = TicketLife::complaint("GD2603020000000001", "2026-03-02T09:00");
    ticket.submitted(&suite, "2026-03-02T09:00").await;
    let dispatch = suite.clock_in(&service, &ticket.state.id, ClockKind::Dispatch, ClockState::Running).await;
    service.stop().await;
    ticket.dispatched(&suite, "2026-03-02T13:30").await;
    suite.clock.set(at("2026-03-02T17:00"));
    let service = suite.serve().await;
    let told = ["started", "warned 50 late", "warned 80 late", "stopped on time"];
    eventually("it stops on time", async || suite.story(&dispatch.id).await == told).await;
    service.stop().await;
}
