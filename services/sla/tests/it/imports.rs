//! Imported tickets become facts at once; nothing of their past fires as if it were news.

use crate::suite::{Suite, TicketLife, at};
use gongdan_bus::Origin;
use gongdan_proto::{
    from_timestamp,
    sla::v1::{ClockKind, ClockState},
};
use gongdan_testkit::eventually;
use jiff::SignedDuration;

#[tokio::test]
async fn a_ticket_with_its_reply_is_recorded_with_warnings_and_breach_in_its_past() {
    let suite = Suite::at("2026-11-22T10:00").await;
    let service = suite.serve().await;
    let mut ticket = TicketLife::complaint("GD1904250000000001", "2019-04-25T09:32:09").imported();
    ticket.submitted(&suite, "2019-04-25T09:32:09").await;
    ticket.dispatched(&suite, "2019-04-25T09:32:09").await;
    ticket.resolved(&suite, "2019-05-20T10:00:00").await;
    ticket.closed(&suite, "2019-05-20T10:00:00").await;
    let handling = suite.clock_in(&service, &ticket.state.id, ClockKind::Handling, ClockState::Stopped).await;
    assert_eq!(from_timestamp(&handling.due_at.unwrap()), Ok(at("2019-05-17T18:00")));
    suite.clock_in(&service, &ticket.state.id, ClockKind::Callback, ClockState::Stopped).await;
    eventually("it is told", async || {
        suite.story(&handling.id).await == ["started", "warned 50", "warned 80", "breached", "stopped"]
    })
    .await;
    for (event, _) in suite.published().await {
        assert_eq!(event.origin, Origin::Import);
        assert!(event.occurred_at <= at("2019-05-20T10:00:00"));
    }
    let timers: i64 = sqlx_count(&suite).await;
    assert_eq!(timers, 0);
    service.stop().await;
}

async fn sqlx_count(suite: &Suite) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM clocks WHERE next_fire_at IS NOT NULL")
        .fetch_one(suite.env.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_ticket_without_reply_ends_its_clocks_unless_it_is_live() {
    let suite = Suite::at("2026-11-22T10:00").await;
    let service = suite.serve().await;
    let mut ended = TicketLife::complaint("GD1904250000000001", "2019-04-25T09:32:09").imported();
    ended.submitted(&suite, "2019-04-25T09:32:09").await;
    ended.closed(&suite, "2019-04-25T09:32:09").await;
    suite.clock_in(&service, &ended.state.id, ClockKind::Handling, ClockState::Cancelled).await;

    // received on Tuesday 2026-11-10: due on Tuesday 2026-12-01, half of it gone
    let mut open = TicketLife::complaint("GD2611100000000002", "2026-11-10T09:00").imported();
    open.submitted(&suite, "2026-11-10T09:00").await;
    let handling = suite.clock_in(&service, &open.state.id, ClockKind::Handling, ClockState::Running).await;
    assert_eq!(from_timestamp(&handling.due_at.unwrap()), Ok(at("2026-12-01T18:00")));
    suite.clock.advance(SignedDuration::from_secs(11));
    eventually("its past is settled", async || suite.story(&handling.id).await == ["started", "warned 50"])
        .await;
    suite.clock.set(at("2026-12-01T18:00:01"));
    eventually("it goes on", async || {
        suite.story(&handling.id).await == ["started", "warned 50", "warned 80 late", "breached"]
    })
    .await;
    let told = suite.published().await;
    let origins: Vec<_> = told
        .iter()
        .filter(|(_, payload)| payload.clock_id == handling.id)
        .map(|(event, _)| event.origin)
        .collect();
    assert_eq!(origins, [Origin::Import, Origin::Import, Origin::Live, Origin::Live]);
    service.stop().await;
}
