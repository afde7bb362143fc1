//! What callback says closes or reopens a ticket; silence closes it too.

use crate::suite::{Suite, reopen, task};
use gongdan_proto::{
    callback::v1::{
        CallbackTask, TaskCompleted, TaskGivenUp, TaskOpened, TaskSkipped, callback_event::Change,
    },
    tickets::v1 as pb,
};
use gongdan_testkit::eventually;

async fn in_phase(suite: &Suite, id: &str, phase: pb::Phase) -> pb::Ticket {
    eventually("the ticket follows its callback", async || suite.get(id).await.phase() == phase).await;
    suite.get(id).await
}

#[tokio::test]
async fn an_answered_callback_closes_the_ticket() {
    let suite = Suite::start().await;
    let ticket = suite.resolved().await;
    suite.callback(&task(&ticket, 1), "opened", Change::Opened(TaskOpened {})).await;
    in_phase(&suite, &ticket.id, pb::Phase::InCallback).await;
    suite.callback(&task(&ticket, 2), "completed", Change::Completed(TaskCompleted {})).await;
    let closed = in_phase(&suite, &ticket.id, pb::Phase::Closed).await;
    assert_eq!(closed.close_reason(), pb::CloseReason::CallbackCompleted);
    assert!(closed.closed_at.is_some() && closed.resolution.is_some());
}

#[tokio::test]
async fn a_dissatisfied_citizen_reopens_the_ticket() {
    let suite = Suite::start().await;
    let ticket = suite.resolved().await;
    suite.callback(&task(&ticket, 1), "opened", Change::Opened(TaskOpened {})).await;
    let answered = CallbackTask { reopen: true, reason: "不满意".to_owned(), ..task(&ticket, 2) };
    suite.callback(&answered, "completed", Change::Completed(TaskCompleted {})).await;
    let reopened = in_phase(&suite, &ticket.id, pb::Phase::PendingDispatch).await;
    assert_eq!((reopened.round, reopened.lead_unit_id.as_str()), (2, ""));
    let entries = suite.timeline(&ticket.id).await;
    let Some(pb::ticket_event::Change::Reopened(change)) = &entries.last().unwrap().change else {
        panic!("not reopened")
    };
    assert_eq!(
        (change.reason.as_str(), change.task_id.as_str(), change.from_round),
        ("不满意", answered.id.as_str(), 1)
    );
}

#[tokio::test]
async fn a_skipped_or_given_up_callback_closes_it_as_well() {
    let suite = Suite::start().await;
    for (kind, change, reason) in [
        ("skipped", Change::Skipped(TaskSkipped::default()), pb::CloseReason::CallbackSkipped),
        ("given_up", Change::GivenUp(TaskGivenUp::default()), pb::CloseReason::CallbackGivenUp),
    ] {
        let ticket = suite.resolved().await;
        suite.callback(&task(&ticket, 1), kind, change).await;
        assert_eq!(in_phase(&suite, &ticket.id, pb::Phase::Closed).await.close_reason(), reason);
    }
}

#[tokio::test]
async fn a_callback_about_an_earlier_round_leaves_the_ticket_alone() {
    let suite = Suite::start().await;
    let ticket = suite.resolved().await;
    suite.tickets("zhao.min").reopen_ticket(reopen(&ticket, true)).await.unwrap();
    suite.callback(&task(&ticket, 1), "skipped", Change::Skipped(TaskSkipped::default())).await;
    let other = suite.resolved().await;
    suite.callback(&task(&other, 1), "skipped", Change::Skipped(TaskSkipped::default())).await;
    in_phase(&suite, &other.id, pb::Phase::Closed).await;
    assert_eq!(suite.get(&ticket.id).await.phase(), pb::Phase::InProgress);
}
