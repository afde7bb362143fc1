//! S8: how a clock came to its due time.

use crate::suite::{Suite, TicketLife, at, refused};
use gongdan_proto::{
    from_timestamp,
    sla::v1::{ClockKind, ClockState, ClockTurnKind, ExplainClockRequest},
    tickets::v1::{Priority, Resumed, Suspended, TicketType, ticket_event::Change},
};
use gongdan_testkit::eventually;
use tonic::Code;

#[tokio::test]
async fn s8_a_clock_is_explained_step_by_step() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut ticket = TicketLife::complaint("GD2603020000000001", "2026-03-02T09:00");
    (ticket.state.r#type, ticket.state.sla_policy) = (TicketType::Incident.into(), "priority".into());
    ticket.state.priority = Priority::P3.into();
    let id = ticket.state.id.clone();
    ticket.submitted(&suite, "2026-03-02T09:00").await;
    suite.clock_in(&service, &id, ClockKind::Handling, ClockState::Running).await;
    suite.clock.set(at("2026-03-03T14:00:10"));
    let clock = suite.clock_in(&service, &id, ClockKind::Handling, ClockState::Running).await;
    eventually("half of 24 working hours is gone", async || {
        suite.story(&clock.id).await == ["started", "warned 50"]
    })
    .await;
    ticket.act(&suite, Change::Suspended(Suspended::default()), "2026-03-03T15:00").await;
    ticket.act(&suite, Change::Resumed(Resumed::default()), "2026-03-05T09:00").await;
    ticket.state.priority = Priority::P4.into();
    ticket.dispatched(&suite, "2026-03-05T10:00").await;
    ticket.resolved(&suite, "2026-03-05T12:00").await;
    suite.clock_in(&service, &id, ClockKind::Handling, ClockState::Stopped).await;

    let request = ExplainClockRequest { id: clock.id.clone() };
    let explained =
        suite.clocks(&service, "li.wei").explain_clock(request.clone()).await.unwrap().into_inner();
    let steps: Vec<_> = explained
        .steps
        .iter()
        .map(|step| {
            let due = from_timestamp(step.due_at.as_ref().unwrap()).unwrap();
            (step.turn.as_ref().map(|turn| turn.kind()), due, step.terms.as_ref().unwrap().amount.as_str())
        })
        .collect();
    assert_eq!(
        steps,
        [
            (None, at("2026-03-04T18:00"), "24wh"),
            (Some(ClockTurnKind::Paused), at("2026-03-04T18:00"), "24wh"),
            (Some(ClockTurnKind::Resumed), at("2026-03-06T12:00"), "24wh"),
            (Some(ClockTurnKind::Recalculated), at("2026-03-10T12:00"), "40wh"),
        ]
    );
    let stretches: Vec<_> =
        explained.stretches.iter().map(|stretch| (stretch.ran, stretch.working_seconds / 3_600)).collect();
    assert_eq!(stretches, [(true, 13), (false, 0), (true, 1), (true, 2)]);
    let clock = explained.clock.unwrap();
    assert_eq!((explained.working_seconds, clock.working_seconds), (16 * 3_600, 16 * 3_600));
    assert_eq!(from_timestamp(&explained.counted_until.unwrap()), Ok(at("2026-03-05T12:00")));
    let firings: Vec<_> = explained.firings.iter().map(|firing| (firing.percent, firing.late)).collect();
    assert_eq!(firings, [(50, false)]);
    assert_eq!(from_timestamp(&explained.firings[0].planned_at.unwrap()), Ok(at("2026-03-03T14:00")));

    let hidden = suite.clocks(&service, "hunan").explain_clock(request).await.unwrap_err();
    assert_eq!(refused(&hidden), (Code::NotFound, "CLOCK_NOT_FOUND".into()));
    let bad = ExplainClockRequest { id: "GD1".into() };
    let bad = suite.clocks(&service, "admin").explain_clock(bad).await.unwrap_err();
    assert_eq!(bad.code(), Code::InvalidArgument);
    service.stop().await;
}
