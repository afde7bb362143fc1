//! T19 to T22: resolve, reopen, cancel, urge.

use crate::suite::{Suite, accept, cancel, complaint, dispatch, reason, reopen, resolve, urge};
use gongdan_clock::{Clock as _, ManualClock, SystemClock};
use gongdan_proto::tickets::v1 as pb;
use gongdan_testkit::PATIENCE;
use jiff::SignedDuration;
use std::sync::Arc;
use tonic::Code;

#[tokio::test]
async fn t19_a_resolution_has_its_texts_and_its_unit() {
    let suite = Suite::start().await;
    let ticket = suite.resolved().await;
    let resolution = ticket.resolution.as_ref().unwrap();
    assert_eq!((ticket.phase(), resolution.outcome()), (pb::Phase::Resolved, pb::Outcome::Solved));
    assert_eq!((resolution.solution.as_str(), resolution.reply.as_str()), ("责令停工", "您好，已责令停工。"));
    assert_eq!(
        (resolution.root_cause.as_str(), resolution.responsible_unit_id.as_str()),
        ("未办理夜间施工许可", "tianhe-env")
    );
    assert_eq!(resolution.resolved_by.as_ref().unwrap().id, "li.wei");
    assert_eq!(suite.get(&ticket.id).await, ticket);
}

#[tokio::test]
async fn t20_a_reopened_ticket_begins_a_round_and_keeps_the_past() {
    let suite = Suite::start().await;
    let first = suite.resolved().await;
    let mut agent = suite.tickets("zhao.min");
    let reopened = agent.reopen_ticket(reopen(&first, true)).await.unwrap().into_inner();
    assert_eq!((reopened.phase(), reopened.round), (pb::Phase::InProgress, 2));
    assert_eq!((&reopened.resolution, reopened.resolved_at), (&None, None));
    assert_eq!(reopened.lead_unit_id, "tianhe-env");
    let again = pb::ResolveTicketRequest { solution: "加装隔音屏".to_owned(), ..resolve(&first) };
    let second = suite.tickets("li.wei").resolve_ticket(again).await.unwrap().into_inner();
    assert_eq!(second.resolution.unwrap().solution, "加装隔音屏");
    let texts: Vec<Option<String>> = sqlx::query_scalar("SELECT solution FROM resolutions ORDER BY round")
        .fetch_all(suite.env.pool())
        .await
        .unwrap();
    assert_eq!(texts, [Some("责令停工".to_owned()), Some("加装隔音屏".to_owned())]);
    let elsewhere = agent.reopen_ticket(reopen(&first, false)).await.unwrap().into_inner();
    assert_eq!((elsewhere.phase(), elsewhere.round), (pb::Phase::PendingDispatch, 3));
    assert_eq!(elsewhere.lead_unit_id, "");
}

#[tokio::test]
async fn t21_a_cancelled_ticket_is_over() {
    let suite = Suite::start().await;
    let ticket = suite.submitted().await;
    let mut agent = suite.tickets("zhao.min");
    let cancelled = agent.cancel_ticket(cancel(&ticket)).await.unwrap().into_inner();
    assert_eq!((cancelled.phase(), cancelled.cancel_reason.as_str()), (pb::Phase::Cancelled, "市民撤回"));
    assert!(cancelled.closed_at.is_some());
    for refused in [
        agent.cancel_ticket(cancel(&ticket)).await.unwrap_err(),
        agent.urge_ticket(urge(&ticket)).await.unwrap_err(),
        agent.reopen_ticket(reopen(&ticket, false)).await.unwrap_err(),
    ] {
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "PHASE_REFUSES"));
    }
    let resolved = suite.resolved().await;
    assert_eq!(agent.cancel_ticket(cancel(&resolved)).await.unwrap_err().code(), Code::FailedPrecondition);
}

#[tokio::test]
async fn urges_within_the_window_count_but_tell_once() {
    let clock = ManualClock::new(SystemClock.now());
    let suite = Suite::start_with("[tickets]\nurge_window = \"20min\"\n", Arc::new(clock.clone())).await;
    let ticket = suite.submitted().await;
    let mut agent = suite.tickets("zhao.min");
    for minutes in [0, 5, 5, 9, 1] {
        clock.advance(SignedDuration::from_mins(minutes));
        agent.urge_ticket(urge(&ticket)).await.unwrap();
    }
    let told: Vec<bool> = suite
        .timeline(&ticket.id)
        .await
        .into_iter()
        .filter_map(|entry| match entry.change {
            Some(pb::ticket_event::Change::Urged(urged)) => Some(urged.notify),
            _ => None,
        })
        .collect();
    assert_eq!(told, [true, false, false, false, true]);
    let ticket = suite.get(&ticket.id).await;
    assert_eq!((ticket.urge_count, ticket.phase()), (5, pb::Phase::PendingDispatch));
}

#[tokio::test]
async fn a_ticket_closed_long_ago_is_not_reopened() {
    let clock = ManualClock::new(SystemClock.now());
    let suite = Suite::start_at(&clock).await;
    let ticket =
        suite.tickets("admin").record_past_ticket(crate::suite::past("1")).await.unwrap().into_inner();
    let refused =
        suite.tickets("admin").reopen_ticket(reopen(&ticket.ticket.unwrap(), false)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "REOPEN_WINDOW_OVER"));
}

#[tokio::test]
async fn a_whole_life_is_one_history() {
    let suite = Suite::start().await;
    let ticket = suite.tickets("zhao.min").create_ticket(complaint()).await.unwrap().into_inner();
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
    suite.tickets("li.wei").accept_ticket(accept(&ticket)).await.unwrap();
    suite.tickets("li.wei").resolve_ticket(resolve(&ticket)).await.unwrap();
    let ours = async || -> Vec<(String, i64)> {
        let events = suite.env.events("tickets").await;
        events.iter().map(|event| (event.kind.clone(), event.version)).collect()
    };
    gongdan_testkit::eventually_within(PATIENCE, "all are on the bus", async || ours().await.len() == 4)
        .await;
    let kinds = ours().await;
    let expected = [("submitted", 1), ("dispatched", 2), ("accepted", 3), ("resolved", 4)];
    assert_eq!(kinds, expected.map(|(kind, version)| (kind.to_owned(), version)));
}
