//! A task for each resolved round, and its end when the ticket goes on without it.

use crate::suite::{Suite, change, ticket};
use gongdan_proto::{
    callback::v1::{TaskState, callback_event::Change},
    common::v1::Origin,
    tickets::v1::{CloseReason, Phase},
};

#[tokio::test]
async fn a_resolved_round_becomes_a_task_and_says_so() {
    let suite = Suite::start().await;
    let mut ticket = ticket("440106", "tianhe-env");
    suite.publish(ticket.resolved()).await;
    let task = suite.task_of(&ticket, 1).await;
    assert_eq!(task.state(), TaskState::Open);
    assert_eq!((task.round, task.attempts, task.version), (1, 0, 1));
    assert_eq!((task.unit_id.as_str(), task.region.as_str()), ("tianhe-env", "440106000000"));
    assert_eq!(task.ticket_number, ticket.number());
    let (opened, due) = (task.opened_at.unwrap(), task.due_at.unwrap());
    assert_eq!(due.seconds - opened.seconds, 3 * 24 * 3600, "due within three days: C2");

    let events = suite.events_of(&task.id).await;
    assert_eq!(events.len(), 1);
    assert!(matches!(events[0].change, Some(Change::Opened(_))));
    assert_eq!(events[0].origin(), Origin::Live);
    assert_eq!(events[0].state.as_ref(), Some(&task));
    assert_eq!(events[0].actor.as_ref().unwrap().id, "service.callback");
}

#[tokio::test]
async fn a_ticket_without_customer_is_skipped() {
    let suite = Suite::start().await;
    let mut ticket = ticket("440106", "tianhe-env").anonymous();
    suite.publish(ticket.resolved()).await;
    let task = suite.task_of(&ticket, 1).await;
    assert_eq!((task.state(), task.reason.as_str()), (TaskState::Skipped, "no_customer"));
    let events = suite.events_of(&task.id).await;
    assert_eq!(events.iter().map(change).collect::<Vec<_>>(), ["skipped"]);
    assert_eq!(suite.desk("li.wei").await.next().await.task, None);
}

#[tokio::test]
async fn a_ticket_that_goes_on_by_itself_takes_its_task_with_it() {
    let suite = Suite::start().await;
    let mut closed = ticket("440106", "tianhe-env");
    let mut reopened = ticket("440106", "tianhe-env");
    let mut cancelled = ticket("440106", "tianhe-env");
    for ticket in [&mut closed, &mut reopened, &mut cancelled] {
        suite.publish(ticket.resolved()).await;
        suite.task_of(ticket, 1).await;
    }
    // Held or not: the ticket is the authority.
    suite.desk("li.wei").await.next().await.task.unwrap();
    suite.publish(closed.closed(CloseReason::Timer)).await;
    suite.publish(reopened.reopened()).await;
    suite.publish(cancelled.cancelled()).await;
    for (ticket, reason) in
        [(&closed, "ticket_closed"), (&reopened, "ticket_reopened"), (&cancelled, "ticket_cancelled")]
    {
        let task = suite.task_when(ticket, 1, |task| task.state() == TaskState::Skipped).await;
        assert_eq!((task.reason.as_str(), task.agent_id.as_str()), (reason, ""));
        let events = suite.events_of(&task.id).await;
        assert_eq!(events.iter().map(change).collect::<Vec<_>>(), ["opened", "skipped"]);
    }

    suite.publish(reopened.resolved()).await;
    let second = suite.task_of(&reopened, 2).await;
    assert_eq!((second.state(), second.round), (TaskState::Open, 2));
    assert_eq!(
        suite.desk("li.wei").await.get(&reopened.number()).await.unwrap().id,
        second.id,
        "the latest round"
    );
}

#[tokio::test]
async fn what_tickets_says_about_our_own_end_changes_nothing() {
    let suite = Suite::start().await;
    let mut ticket = ticket("440106", "tianhe-env");
    suite.publish(ticket.resolved()).await;
    let task = suite.task_of(&ticket, 1).await;
    let desk = suite.desk("li.wei").await;
    let done = desk.skip(&task.id, "来电已说明").await.unwrap();
    suite.publish(ticket.callback_opened()).await;
    suite.publish(ticket.closed(CloseReason::CallbackSkipped)).await;
    suite.publish(ticket.reopened()).await;
    suite.publish(ticket.resolved()).await;
    suite.task_of(&ticket, 2).await;
    assert_eq!(desk.get(&task.id).await.unwrap(), done);
    assert_eq!(suite.events_of(&task.id).await.len(), 2);
}

#[tokio::test]
async fn events_repeated_and_out_of_order_make_one_task_a_round() {
    let suite = Suite::start().await;
    let mut ticket = ticket("440106", "tianhe-env");
    let (first, again, second) = (ticket.resolved(), ticket.reopened(), ticket.resolved());
    for event in [&second, &first, &second, &first, &again, &first, &second] {
        // Another message: the bus itself would drop the same one.
        let id = gongdan_clock::new_id(suite.now());
        suite.publish(gongdan_bus::Event { id, ..event.clone() }).await;
    }
    // Surely heard after the repetitions.
    let mut later = crate::suite::ticket("440106", "tianhe-env");
    suite.publish(later.resolved()).await;
    suite.task_of(&later, 1).await;
    suite.task_of(&ticket, 2).await;
    let first = suite.task_of(&ticket, 1).await;
    assert_eq!(first.state(), TaskState::Skipped);
    let rounds: Vec<_> =
        suite.desk("li.wei").await.list_of(&ticket.number()).await.iter().map(|t| t.round).collect();
    assert_eq!(rounds.len(), 2);
}

/// A fact that callback does not know must not hold back those it does.
#[tokio::test]
async fn every_kind_of_event_is_taken_in() {
    let suite = Suite::start().await;
    let id = |_: &str| Some(suite.new_id());
    for (_, name) in gongdan_proto::CHANGES {
        let mut ticket = ticket("440106", "tianhe-env");
        let change = gongdan_testkit::filled_event(name, &id).change.unwrap();
        suite.publish(ticket.did(Phase::InProgress, change)).await;
        suite.publish(ticket.resolved()).await;
        let task = suite.task_when(&ticket, 1, |task| task.state() == TaskState::Open).await;
        assert_eq!(task.ticket_number, ticket.number(), "after {name}");
    }
}

#[tokio::test]
async fn a_ticket_that_is_merged_is_not_called_about() {
    let suite = Suite::start().await;
    let mut ticket = ticket("440106", "tianhe-env");
    suite.publish(ticket.resolved()).await;
    suite.task_when(&ticket, 1, |task| task.state() == TaskState::Open).await;
    suite.publish(ticket.merged()).await;
    let task = suite.task_when(&ticket, 1, |task| task.state() == TaskState::Skipped).await;
    assert_eq!(task.reason, "ticket_merged");
}
