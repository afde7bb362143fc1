//! S4, T14, T16, T17, T23, T11: what suspension, extension, records and merges do to clocks.

use crate::suite::{Suite, TicketLife, at, record};
use gongdan_proto::{
    CHANGES, from_timestamp,
    sla::v1::{self as pb, ClockKind, ClockState, ClockTurnKind},
    tickets::v1::{
        AssistReplied, AssistRequested, AssistWaived, DirectiveIssued, DirectiveRejected, DirectiveReplied,
        Escalated, ExtensionApproved, MergeUndone, Merged, Resumed, Suspended, ticket_event::Change,
    },
    to_timestamp,
};
use gongdan_testkit::{eventually, eventually_some, filled_event};

fn due(clock: &pb::Clock) -> jiff::Timestamp {
    from_timestamp(&clock.due_at.unwrap()).unwrap()
}

#[tokio::test]
async fn a_suspended_ticket_s_handling_waits_and_is_due_later() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut ticket = TicketLife::complaint("GD2603020000000001", "2026-03-02T09:00");
    let id = ticket.state.id.clone();
    ticket.submitted(&suite, "2026-03-02T09:00").await;
    ticket.dispatched(&suite, "2026-03-02T10:00").await;
    ticket.act(&suite, Change::Suspended(Suspended::default()), "2026-03-03T10:00").await;
    let paused = suite.clock_in(&service, &id, ClockKind::Handling, ClockState::Paused).await;
    assert!(paused.pauses_on_suspension);
    assert_eq!(due(&paused), at("2026-03-23T18:00"));
    // warnings and breach would have fired long ago
    suite.clock.set(at("2026-04-20T09:00"));

    // closes of the 3rd to the 20th, and of the 23rd to the 31st: 21
    ticket.act(&suite, Change::Resumed(Resumed::default()), "2026-04-01T10:00").await;
    let running = suite.clock_in(&service, &id, ClockKind::Handling, ClockState::Running).await;
    assert_eq!(
        due(&running),
        at("2026-04-22T18:00"),
        "one of fifteen days was used, the 6th of April is a holiday"
    );
    let turns: Vec<_> = running.turns.iter().map(|turn| turn.kind()).collect();
    assert_eq!(turns, [ClockTurnKind::Paused, ClockTurnKind::Resumed]);
    eventually("it warns of what is left", async || {
        suite.story(&running.id).await == ["started", "paused", "resumed", "warned 50 late", "warned 80 late"]
    })
    .await;
    suite.clock.set(at("2026-04-22T18:00:01"));
    eventually("and breaches", async || suite.story(&running.id).await.last().unwrap() == "breached").await;
    service.stop().await;
}

#[tokio::test]
async fn an_extension_moves_due_and_the_breach_with_it() {
    let suite = Suite::at("2026-03-23T10:00").await;
    let service = suite.serve().await;
    let mut ticket = TicketLife::complaint("GD2603020000000001", "2026-03-02T09:00");
    let id = ticket.state.id.clone();
    ticket.submitted(&suite, "2026-03-02T09:00").await;
    ticket.dispatched(&suite, "2026-03-02T10:00").await;
    let until = at("2026-03-30T18:00");
    let granted = ExtensionApproved { approved_until: Some(to_timestamp(until)), ..Default::default() };
    ticket.act(&suite, Change::ExtensionApproved(granted), "2026-03-23T11:00").await;
    eventually("due has moved", async || {
        suite.clocks_of(&service, &id).await.iter().any(|clock| due(clock) == until)
    })
    .await;
    suite.clock.set(at("2026-03-23T18:00:01"));
    let told = suite.published().await;
    let extended = told.iter().find(|(event, _)| event.kind == "extended").unwrap();
    let Some(pb::clock_event::Change::Extended(change)) = &extended.1.change else { panic!("not extended") };
    assert_eq!(from_timestamp(&change.previous_due_at.unwrap()), Ok(at("2026-03-23T18:00")));
    let handling = extended.1.clock_id.clone();
    suite.clock.set(at("2026-03-30T18:00:01"));
    eventually("it breaches at the new time", async || {
        suite.published().await.iter().any(|(event, p)| {
            event.kind == "breached" && p.clock_id == handling && event.occurred_at == until
        })
    })
    .await;
    let breaches = suite.story(&handling).await.into_iter().filter(|name| name.starts_with("breached"));
    assert_eq!(breaches.count(), 1);
    service.stop().await;
}

#[tokio::test]
async fn assists_and_directives_have_clocks_of_their_own() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut ticket = TicketLife::complaint("GD2603020000000001", "2026-03-02T09:00");
    let id = ticket.state.id.clone();
    ticket.submitted(&suite, "2026-03-02T09:00").await;
    ticket.dispatched(&suite, "2026-03-02T10:00").await;
    let asked = |number, unit: &str, until: Option<&str>| {
        Change::AssistRequested(AssistRequested {
            assist_id: record(number),
            unit_id: unit.into(),
            due_at: until.map(|until| to_timestamp(at(until))),
            ..Default::default()
        })
    };
    ticket.act(&suite, asked(1, "yuexiu-env", Some("2026-03-04T12:00")), "2026-03-02T11:00").await;
    ticket.act(&suite, asked(2, "haizhu-env", None), "2026-03-02T11:00").await;
    let ordered = DirectiveIssued {
        directive_id: record(3),
        unit_id: "tianhe-env".into(),
        due_at: Some(to_timestamp(at("2026-03-03T12:00"))),
        ..Default::default()
    };
    ticket.act(&suite, Change::DirectiveIssued(ordered), "2026-03-02T12:00").await;
    let supervision = suite.clock_in(&service, &id, ClockKind::Supervision, ClockState::Running).await;
    assert_eq!((supervision.record_id.as_str(), due(&supervision)), (&*record(3), at("2026-03-03T12:00")));
    let clocks = suite.clocks_of(&service, &id).await;
    let assists: Vec<_> = clocks.iter().filter(|clock| clock.kind() == ClockKind::Assist).collect();
    assert_eq!((assists[0].unit_id.as_str(), due(assists[0])), ("yuexiu-env", at("2026-03-04T12:00")));
    assert_eq!((assists[1].unit_id.as_str(), due(assists[1])), ("haizhu-env", at("2026-03-09T18:00")));

    let replied = AssistReplied { assist_id: record(1), ..Default::default() };
    ticket.act(&suite, Change::AssistReplied(replied), "2026-03-03T09:00").await;
    let waived = AssistWaived { assist_id: record(2), ..Default::default() };
    ticket.act(&suite, Change::AssistWaived(waived), "2026-03-03T09:30").await;
    let replied = DirectiveReplied { directive_id: record(3), ..Default::default() };
    ticket.act(&suite, Change::DirectiveReplied(replied), "2026-03-03T10:00").await;
    let again = DirectiveRejected {
        directive_id: record(3),
        due_at: Some(to_timestamp(at("2026-03-05T12:00"))),
        ..Default::default()
    };
    ticket.act(&suite, Change::DirectiveRejected(again), "2026-03-03T11:00").await;
    suite.clock_in(&service, &id, ClockKind::Supervision, ClockState::Stopped).await;
    let second = suite.clock_in(&service, &id, ClockKind::Supervision, ClockState::Running).await;
    assert_ne!(second.id, supervision.id);
    assert_eq!(due(&second), at("2026-03-05T12:00"));
    let ends: Vec<_> = suite
        .clocks_of(&service, &id)
        .await
        .into_iter()
        .filter(|clock| !clock.record_id.is_empty())
        .map(|clock| (clock.kind(), clock.state()))
        .collect();
    assert_eq!(
        ends,
        [
            (ClockKind::Assist, ClockState::Stopped),
            (ClockKind::Assist, ClockState::Cancelled),
            (ClockKind::Supervision, ClockState::Stopped),
            (ClockKind::Supervision, ClockState::Running),
        ]
    );
    service.stop().await;
}

#[tokio::test]
async fn a_merge_that_is_undone_restores_the_clocks() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut ticket = TicketLife::complaint("GD2603020000000001", "2026-03-02T09:00");
    let id = ticket.state.id.clone();
    ticket.submitted(&suite, "2026-03-02T09:00").await;
    ticket.act(&suite, Change::Merged(Merged::default()), "2026-03-02T10:00").await;
    let merged = suite.clock_in(&service, &id, ClockKind::Dispatch, ClockState::Cancelled).await;
    suite.clock.set(at("2026-03-02T16:00"));
    ticket.act(&suite, Change::MergeUndone(MergeUndone::default()), "2026-03-02T16:00").await;
    let restored = suite.clock_in(&service, &id, ClockKind::Dispatch, ClockState::Running).await;
    assert_eq!((restored.id.as_str(), restored.due_at), (merged.id.as_str(), merged.due_at));
    eventually("what its time brought meanwhile is told", async || {
        let told = ["started", "cancelled", "restored", "warned 50 late", "warned 80 late", "breached late"];
        suite.story(&restored.id).await == told
    })
    .await;
    ticket.dispatched(&suite, "2026-03-02T16:01").await;
    suite.clock_in(&service, &id, ClockKind::Dispatch, ClockState::Stopped).await;
    service.stop().await;
}

#[tokio::test]
async fn an_escalation_to_a_unit_ends_the_wait_for_dispatch_and_one_to_nobody_begins_it() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let escalated = |unit: &str| {
        Change::Escalated(Escalated { tier: 2, to_unit_id: unit.to_owned(), ..Default::default() })
    };
    // Nobody has it yet: escalated to a unit it need not be dispatched any more.
    let mut waiting = TicketLife::complaint("GD2603020000000001", "2026-03-02T09:00");
    waiting.submitted(&suite, "2026-03-02T09:00").await;
    waiting.act(&suite, escalated("city-env"), "2026-03-02T10:00").await;
    let dispatch =
        suite.clock_in(&service, &waiting.state.id, ClockKind::Dispatch, ClockState::Stopped).await;
    assert_eq!(from_timestamp(&dispatch.stopped_at.unwrap()), Ok(at("2026-03-02T10:00")));
    let handling =
        suite.clock_in(&service, &waiting.state.id, ClockKind::Handling, ClockState::Running).await;
    assert_eq!(handling.unit_id, "city-env");

    // A unit has it: escalated to another one nothing waits for dispatch, to nobody it does.
    let mut held = TicketLife::complaint("GD2603020000000002", "2026-03-02T09:00");
    held.submitted(&suite, "2026-03-02T09:00").await;
    held.dispatched(&suite, "2026-03-02T10:00").await;
    held.act(&suite, escalated("city-env"), "2026-03-02T11:00").await;
    eventually("the other unit has it", async || {
        let clocks = suite.clocks_of(&service, &held.state.id).await;
        clocks.iter().any(|clock| clock.kind() == ClockKind::Handling && clock.unit_id == "city-env")
    })
    .await;
    let id = held.state.id.clone();
    let waits = async || {
        let clocks = suite.clocks_of(&service, &id).await;
        clocks.into_iter().filter(|clock| clock.kind() == ClockKind::Dispatch).collect::<Vec<_>>()
    };
    assert_eq!(waits().await.len(), 1, "the first one only");
    held.act(&suite, escalated(""), "2026-03-02T14:00").await;
    let again = eventually_some("it waits for dispatch again", async || {
        waits().await.into_iter().find(|clock| clock.state() == ClockState::Running)
    })
    .await;
    assert_eq!(from_timestamp(&again.started_at.unwrap()), Ok(at("2026-03-02T14:00")));
    service.stop().await;
}

/// A fact that sla does not know must not hold back those it does.
#[tokio::test]
async fn every_kind_of_event_is_taken_in() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let text = |_: &str| Some(record(5));
    for (number, (_, name)) in CHANGES.iter().enumerate() {
        let mut ticket = TicketLife::complaint(&format!("GD26030200001{number:05}"), "2026-03-02T09:00");
        ticket.submitted(&suite, "2026-03-02T09:00").await;
        ticket.act(&suite, filled_event(name, &text).change.unwrap(), "2026-03-02T10:00").await;
        ticket.reopened(&suite, "2026-03-03T10:00").await;
        eventually(&format!("what follows {name} is heard"), async || {
            let clocks = suite.clocks_of(&service, &ticket.state.id).await;
            clocks.iter().any(|clock| clock.round == 2 && clock.kind() == ClockKind::Handling)
        })
        .await;
    }
    service.stop().await;
}
