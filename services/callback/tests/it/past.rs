//! Tickets recorded from the past.

use crate::suite::{Suite, change, ticket};
use gongdan_errors::Code;
use gongdan_proto::{callback::v1::TaskState, common::v1::Origin};

#[tokio::test]
async fn the_past_is_recorded_offered_to_nobody_and_never_overdue() {
    let suite = Suite::start().await;
    let mut past = ticket("430100", "imported").of_the_past("2013-05-06T07:08:09Z");
    for event in past.recorded(true) {
        suite.publish(event).await;
    }
    let task = suite.task_of(&past, 1).await;
    assert_eq!((task.state(), task.origin()), (TaskState::Historical, Origin::Import));
    assert_eq!((task.due_at, task.next_attempt_at), (None, None));
    let events = suite.events_of(&task.id).await;
    assert_eq!(events.iter().map(change).collect::<Vec<_>>(), ["recorded"]);
    assert_eq!(events[0].origin(), Origin::Import);
    assert_eq!(events[0].occurred_at, task.ended_at);
    assert!(events[0].recorded_at.unwrap().seconds > events[0].occurred_at.unwrap().seconds);

    let desk = suite.desk("li.wei").await;
    assert_eq!(desk.next().await, Default::default(), "no task, and none to come");
    let refused = desk.skip(&task.id, "why").await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
}

#[tokio::test]
async fn a_request_of_the_past_without_reply_has_no_task() {
    let suite = Suite::start().await;
    let mut without = ticket("430100", "").of_the_past("2013-05-06T07:08:09Z");
    let mut with = ticket("430100", "imported").of_the_past("2013-05-06T07:08:09Z");
    for event in without.recorded(false).into_iter().chain(with.recorded(true)) {
        suite.publish(event).await;
    }
    suite.task_of(&with, 1).await;
    suite.heard_all_of(&without).await;
    assert!(suite.desk("li.wei").await.list_of(&without.number()).await.is_empty());
}
