//! S3: ticket events start, stop and cancel clocks.

use crate::suite::{Suite, TicketLife, at, refused, refused_fields};
use gongdan_proto::{
    from_timestamp,
    sla::v1::{self as pb, ClockKind, ClockState},
};
use gongdan_testkit::{eventually, eventually_some};
use tonic::Code;

#[tokio::test]
async fn a_ticket_runs_against_dispatch_handling_and_callback() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut ticket = TicketLife::complaint("GD2603020000000001", "2026-03-02T08:30");
    let id = ticket.state.id.clone();
    ticket.submitted(&suite, "2026-03-02T09:00").await;
    let handling = suite.clock_in(&service, &id, ClockKind::Handling, ClockState::Running).await;
    assert_eq!(from_timestamp(&handling.due_at.unwrap()), Ok(at("2026-03-23T18:00")));
    assert_eq!((handling.policy.as_str(), handling.calendar.as_str()), ("hotline@1", "cn@1"));

    ticket.dispatched(&suite, "2026-03-02T10:00").await;
    suite.clock_in(&service, &id, ClockKind::Dispatch, ClockState::Stopped).await;
    ticket.accepted(&suite, "2026-03-02T11:00").await;
    ticket.resolved(&suite, "2026-03-03T10:00").await;
    let handling = suite.clock_in(&service, &id, ClockKind::Handling, ClockState::Stopped).await;
    assert_eq!((handling.working_seconds, handling.handling_working_seconds), (9 * 3_600, 8 * 3_600));
    assert_eq!(handling.unit_id, "tianhe-env");
    ticket.closed(&suite, "2026-03-04T10:00").await;
    let callback = suite.clock_in(&service, &id, ClockKind::Callback, ClockState::Stopped).await;
    assert_eq!(from_timestamp(&callback.due_at.unwrap()), Ok(at("2026-03-06T18:00")));

    eventually("all is published", async || suite.published().await.len() == 8).await;
    for clock in suite.clocks_of(&service, "GD2603020000000001").await {
        assert_eq!(suite.story(&clock.id).await, ["started", "stopped on time"]);
        assert_eq!(clock.version, 2);
    }
    let published = suite.published().await;
    for (event, payload) in &published {
        assert_eq!(event.aggregate_id.to_string(), payload.clock_id);
        assert_eq!(event.version, payload.version);
        assert!(event.subject.starts_with(&format!("sla.v1.{}.44.01.06.", event.kind)), "{}", event.subject);
    }
    service.stop().await;
}

#[tokio::test]
async fn what_is_heard_twice_or_out_of_order_changes_nothing() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut ticket = TicketLife::complaint("GD2603020000000001", "2026-03-02T09:00");
    use gongdan_proto::tickets::v1::{Dispatched, Resolved, Submitted, ticket_event::Change};
    let submitted = ticket.event(Change::Submitted(Submitted::default()), "2026-03-02T09:00");
    let dispatched = ticket.event(Change::Dispatched(Dispatched::default()), "2026-03-02T10:00");
    let resolved = ticket.event(Change::Resolved(Resolved::default()), "2026-03-02T11:00");
    for event in [&resolved, &submitted, &submitted, &resolved, &dispatched, &dispatched] {
        // another message id, so that the bus does not drop it as a duplicate
        let event = gongdan_bus::Event {
            id: gongdan_clock::stable_id("test", &format!("{event:p}")),
            ..event.clone()
        };
        suite.env.publish(&event).await;
    }
    suite.clock_in(&service, &ticket.state.id, ClockKind::Handling, ClockState::Stopped).await;
    suite.clock_in(&service, &ticket.state.id, ClockKind::Callback, ClockState::Running).await;
    eventually("all is published", async || suite.published().await.len() == 7).await;
    assert_eq!(suite.clocks_of(&service, &ticket.state.id).await.len(), 4);
    service.stop().await;
}

#[tokio::test]
async fn return_reopen_and_cancel_restart_and_end_clocks() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut ticket = TicketLife::complaint("GD2603020000000001", "2026-03-02T09:00");
    let id = ticket.state.id.clone();
    ticket.submitted(&suite, "2026-03-02T09:00").await;
    ticket.dispatched(&suite, "2026-03-02T10:00").await;
    ticket.returned(&suite, "2026-03-02T11:00").await;
    ticket.dispatched(&suite, "2026-03-02T14:00").await;
    ticket.resolved(&suite, "2026-03-03T10:00").await;
    ticket.reopened(&suite, "2026-03-04T10:00").await;
    ticket.cancelled(&suite, "2026-03-04T11:00").await;
    let clocks = eventually_some("all clocks have ended", async || {
        let clocks = suite.clocks_of(&service, &id).await;
        let ended = clocks.iter().all(|clock| clock.state() != ClockState::Running);
        (clocks.len() == 8 && ended).then_some(clocks)
    })
    .await;
    let seen: Vec<_> = clocks.iter().map(|c| (c.round, c.kind(), c.state())).collect();
    assert_eq!(
        seen,
        [
            (1, ClockKind::Handling, ClockState::Stopped),
            (1, ClockKind::Dispatch, ClockState::Stopped),
            (1, ClockKind::Accept, ClockState::Cancelled),
            (1, ClockKind::Dispatch, ClockState::Stopped),
            (1, ClockKind::Accept, ClockState::Cancelled),
            (1, ClockKind::Callback, ClockState::Stopped),
            (2, ClockKind::Handling, ClockState::Cancelled),
            (2, ClockKind::Dispatch, ClockState::Cancelled),
        ]
    );
    assert_eq!(
        from_timestamp(&clocks[6].started_at.unwrap()),
        Ok(at("2026-03-04T10:00")),
        "from the reopening"
    );
    service.stop().await;
}

#[tokio::test]
async fn callers_see_clocks_of_their_regions_and_units() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut ticket = TicketLife::complaint("GD2603020000000001", "2026-03-02T09:00");
    ticket.submitted(&suite, "2026-03-02T09:00").await;
    ticket.dispatched(&suite, "2026-03-02T10:00").await;
    let clock = suite.clock_in(&service, &ticket.state.id, ClockKind::Dispatch, ClockState::Stopped).await;
    for (who, count) in [("li.wei", 3), ("guangdong", 3), ("hunan", 0), ("service.tickets", 3)] {
        let request = pb::ListClocksRequest { ticket: ticket.state.number.clone(), ..Default::default() };
        let seen = suite.clocks(&service, who).list_clocks(request).await.unwrap().into_inner().clocks;
        assert_eq!(seen.len(), count, "{who}");
        let got = suite.clocks(&service, who).get_clock(pb::GetClockRequest { id: clock.id.clone() }).await;
        match got {
            Ok(got) => assert_eq!((got.into_inner(), count), (clock.clone(), 3)),
            Err(status) => {
                assert_eq!((refused(&status), count), ((Code::NotFound, "CLOCK_NOT_FOUND".into()), 0));
            }
        }
    }
    let mut client = suite.clocks(&service, "admin");
    let request =
        pb::ListClocksRequest { ticket: ticket.state.id.clone(), page_size: 2, ..Default::default() };
    let page = client.list_clocks(request.clone()).await.unwrap().into_inner();
    let request = pb::ListClocksRequest { page_token: page.next_page_token, ..request };
    let next = client.list_clocks(request).await.unwrap().into_inner();
    assert_ne!(page.clocks[0].id, next.clocks[0].id);
    assert_eq!(next.next_page_token, "");

    for ticket in ["", "GD", "GD12x", "12", "'; DROP TABLE clocks"] {
        let request = pb::ListClocksRequest { ticket: ticket.into(), page_size: -1, ..Default::default() };
        assert_eq!(refused_fields(&client.list_clocks(request).await.unwrap_err()), ["page_size", "ticket"]);
    }
    let status = client.get_clock(pb::GetClockRequest { id: "1".into() }).await.unwrap_err();
    assert_eq!(refused_fields(&status), ["id"]);
    service.stop().await;
}
