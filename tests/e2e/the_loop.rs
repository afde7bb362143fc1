//! A request's whole loop.

use gongdan_e2e::{
    desk::{Desk, complaint},
    eventually::eventually,
    organisation::{self, ENVIRONMENT, STREET_OFFICE},
    suite::Suite,
};
use gongdan_proto::{
    callback::v1::TaskState,
    sla::v1::{ClockKind, ClockState},
    tickets::v1::{CloseReason, Phase, ticket_event::Change},
};

/// Names of the changes of a timeline.
fn names(timeline: &[gongdan_proto::tickets::v1::TicketEvent]) -> Vec<&'static str> {
    timeline
        .iter()
        .map(|entry| match entry.change.as_ref().expect("each entry says what happened") {
            Change::Submitted(_) => "submitted",
            Change::Dispatched(_) => "dispatched",
            Change::Accepted(_) => "accepted",
            Change::Returned(_) => "returned",
            Change::Urged(_) => "urged",
            Change::Resolved(_) => "resolved",
            Change::CallbackOpened(_) => "callback_opened",
            Change::Closed(_) => "closed",
            Change::Reopened(_) => "reopened",
            _ => "other",
        })
        .collect()
}

#[tokio::test]
async fn a_request_is_routed_resolved_called_back_closed_and_counted() {
    let suite = Suite::start().await;
    organisation::import(&suite).await;
    organisation::rule(&suite, "noise", "ticket.subject.contains('噪音')", ENVIRONMENT).await;
    let mut desk = Desk::open(&suite).await;

    // The rule gives it to the environment bureau; the bureau says it is not theirs, and does not get it again.
    let ticket = desk.create(complaint("工地夜间施工噪音扰民")).await;
    let ticket = desk.in_phase(&ticket, Phase::Dispatched).await;
    assert_eq!(ticket.lead_unit_id, ENVIRONMENT);
    desk.give_back(&ticket, "不属于本部门职责").await;
    let ticket = desk.in_phase(&ticket, Phase::Dispatched).await;
    assert_eq!(ticket.lead_unit_id, STREET_OFFICE);

    // The street office works on it while the citizen asks again.
    desk.accept(&ticket).await;
    let ticket = desk.urge(&ticket).await;
    assert_eq!((ticket.urge_count, ticket.return_count), (1, 1));
    desk.resolve(&ticket).await;

    // The citizen is not satisfied: the next round begins, with new clocks.
    let ticket = desk.in_phase(&ticket, Phase::InCallback).await;
    let task = desk.call_back(&ticket, false, false).await;
    assert!(task.reopen);
    let ticket = desk.until(&ticket, "round 2", |ticket| ticket.round == 2).await;
    let ticket = desk.in_phase(&ticket, Phase::Dispatched).await;
    desk.accept(&ticket).await;
    desk.resolve(&ticket).await;
    let ticket = desk.in_phase(&ticket, Phase::InCallback).await;
    desk.call_back(&ticket, true, true).await;
    let ticket = desk.in_phase(&ticket, Phase::Closed).await;
    assert_eq!(ticket.close_reason(), CloseReason::CallbackCompleted);

    // Everything is in the timeline, in order, without gaps.
    let timeline = desk.timeline(&ticket).await;
    assert_eq!(
        timeline.iter().map(|e| e.version).collect::<Vec<_>>(),
        (1..=ticket.version).collect::<Vec<_>>()
    );
    let acts = [
        "submitted",
        "dispatched",
        "returned",
        "dispatched",
        "accepted",
        "urged",
        "resolved",
        "callback_opened",
        "reopened",
        "dispatched",
        "accepted",
        "resolved",
        "callback_opened",
        "closed",
    ];
    assert_eq!(names(&timeline), acts);

    // Each round has its own clocks, and all have stopped.
    let clocks = eventually("the clocks have stopped", || {
        let (mut desk, ticket) = (desk.clone(), ticket.clone());
        async move {
            let clocks = desk.clocks(&ticket).await;
            clocks.iter().all(|clock| clock.state() != ClockState::Running).then_some(clocks)
        }
    })
    .await;
    for round in [1, 2] {
        for kind in [ClockKind::Dispatch, ClockKind::Handling, ClockKind::Callback] {
            let mine = clocks.iter().any(|clock| clock.round == round && clock.kind() == kind);
            assert!(mine, "round {round} has no {} clock", kind.as_str_name());
        }
    }
    let tasks = desk.tasks(&ticket).await;
    assert!(tasks.len() == 2 && tasks.iter().all(|task| task.state() == TaskState::Completed));

    // The report has counted each round for the unit that resolved it: a return counts within its round only, so the
    // rule gave the second one to the environment bureau again.
    eventually("the report has counted both rounds", || {
        let suite = &suite;
        async move {
            let rows = suite.cli_json(&["report", "--by", "unit", "-o", "json"]).await;
            let rows = rows.as_array()?;
            let counted = |unit: &str| {
                rows.iter().any(|r| r["unit"] == unit && r["resolved"] == 1 && r["on_time"] == 1)
            };
            (counted(STREET_OFFICE) && counted(ENVIRONMENT)).then_some(())
        }
    })
    .await;

    // What anybody gets to see of the citizen is masked.
    let shown = suite.cli_json(&["ticket", "get", &ticket.number, "-o", "json"]).await;
    assert_eq!(shown["phase"], "PHASE_CLOSED");
    assert!(!shown.to_string().contains("13800138000"), "the phone number is masked");
}

#[tokio::test]
async fn without_rule_and_area_it_waits_for_a_dispatcher_and_says_why() {
    let suite = Suite::start().await;
    let mut desk = Desk::open(&suite).await;
    let ticket = desk.create(complaint("路灯不亮")).await;
    let ticket = desk.until(&ticket, "pooled", |ticket| !ticket.pool_reason.is_empty()).await;
    assert_eq!(ticket.phase(), Phase::PendingDispatch);
    let explained = suite.cli(&["route", "explain", &ticket.number]).await;
    assert!(explained.status.success(), "{}", String::from_utf8_lossy(&explained.stderr));

    organisation::import(&suite).await;
    let dispatched = eventually("tickets knows the unit", || {
        let suite = &suite;
        let number = ticket.number.clone();
        async move {
            let output =
                suite.cli(&["ticket", "dispatch", &number, "--unit", ENVIRONMENT, "-o", "json"]).await;
            output.status.success().then_some(output)
        }
    })
    .await;
    let dispatched: serde_json::Value = serde_json::from_slice(&dispatched.stdout).expect("JSON");
    assert_eq!(dispatched["lead_unit_id"], ENVIRONMENT);
}
