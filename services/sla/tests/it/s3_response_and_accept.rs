//! S3: the first response and the time to accept.

use crate::suite::{Suite, TicketLife, at};
use gongdan_proto::{
    common::v1::{ActorRef, PrincipalKind},
    from_timestamp,
    sla::v1::{ClockKind, ClockState, clock_event},
    tickets::v1::{Channel, Noted, Transferred, ticket_event::Change},
};
use gongdan_testkit::{eventually, eventually_some};

fn person() -> Option<ActorRef> {
    Some(ActorRef { id: "li.wei".into(), kind: PrincipalKind::Person.into(), ..Default::default() })
}

#[tokio::test]
async fn s3_the_first_response_is_measured_by_the_channels_standard() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut ticket = TicketLife::complaint("GD2603020000000001", "2026-03-02T09:00");
    (ticket.state.channel, ticket.state.response_seconds) = (Channel::Sms.into(), 180);
    let id = ticket.state.id.clone();
    ticket.submitted(&suite, "2026-03-02T09:00").await;
    let owed = suite.clock_in(&service, &id, ClockKind::FirstResponse, ClockState::Running).await;
    assert_eq!(from_timestamp(&owed.due_at.unwrap()), Ok(at("2026-03-02T09:03")));
    assert_eq!((owed.rule, owed.amount.as_str()), (0, "3m"), "no rule gave it");
    ticket.actor = person();
    ticket.act(&suite, Change::Noted(Noted { public: true, ..Default::default() }), "2026-03-02T09:02").await;
    let met = suite.clock_in(&service, &id, ClockKind::FirstResponse, ClockState::Stopped).await;
    eventually("it is told", async || suite.story(&met.id).await == ["started", "stopped on time"]).await;

    let mut call = TicketLife::complaint("GD2603020000000002", "2026-03-02T09:00");
    (call.state.channel, call.state.response_seconds) = (Channel::Phone.into(), 30);
    call.actor = person();
    call.submitted(&suite, "2026-03-02T09:05").await;
    suite.clock_in(&service, &call.state.id, ClockKind::Handling, ClockState::Running).await;
    let clocks = suite.clocks_of(&service, &call.state.id).await;
    let kinds: Vec<_> = clocks.iter().map(|clock| clock.kind()).collect();
    assert_eq!(kinds, [ClockKind::Handling, ClockKind::Dispatch], "who took it down spoke with the customer");
    service.stop().await;
}

#[tokio::test]
async fn s3_who_gets_a_ticket_has_its_own_time_to_accept_it() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut ticket = TicketLife::complaint("GD2603020000000001", "2026-03-02T09:00");
    let id = ticket.state.id.clone();
    ticket.submitted(&suite, "2026-03-02T09:00").await;
    ticket.dispatched(&suite, "2026-03-02T09:10").await;
    let first = suite.clock_in(&service, &id, ClockKind::Accept, ClockState::Running).await;
    assert_eq!(from_timestamp(&first.due_at.unwrap()), Ok(at("2026-03-02T14:10")), "4 working hours");
    let to = Transferred { to_unit_id: "yuexiu-env".into(), ..Default::default() };
    ticket.act(&suite, Change::Transferred(to), "2026-03-02T10:00").await;
    let cancelled = suite.clock_in(&service, &id, ClockKind::Accept, ClockState::Cancelled).await;
    assert_eq!((cancelled.id, cancelled.unit_id.as_str()), (first.id, "tianhe-env"), "who did not accept it");
    let second = suite.clock_in(&service, &id, ClockKind::Accept, ClockState::Running).await;
    assert_eq!((second.unit_id.as_str(), second.rule > 0), ("yuexiu-env", true));
    ticket.accepted(&suite, "2026-03-02T11:00").await;
    suite.clock_in(&service, &id, ClockKind::Accept, ClockState::Stopped).await;
    let reason = eventually_some("it is told why", async || {
        suite.published().await.into_iter().find_map(|(_, event)| match event.change {
            Some(clock_event::Change::Cancelled(cancelled)) => Some(cancelled.reason),
            _ => None,
        })
    })
    .await;
    assert_eq!(reason, "it was handed on before it was accepted");
    service.stop().await;
}
