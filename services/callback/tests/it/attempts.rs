//! RecordAttempt and SkipTask: C3, C5, C6.

use crate::suite::{Suite, change, reason, ticket};
use gongdan_errors::Code;
use gongdan_proto::{
    callback::v1::{AttemptOutcome, CallbackTask, SkipTaskRequest, TaskState},
    from_timestamp,
};
use gongdan_testkit::eventually;
use jiff::SignedDuration;

async fn open(suite: &Suite) -> CallbackTask {
    let mut ticket = ticket("440106", "tianhe-env");
    suite.publish(ticket.resolved()).await;
    suite.task_of(&ticket, 1).await
}

#[tokio::test]
async fn a_success_completes_with_three_answers_kept_apart() {
    let suite = Suite::start().await;
    let desk = suite.desk("li.wei").await;
    for (contacted, solved, satisfied, why) in [
        (true, true, true, ""),
        (false, true, true, ""),
        (true, false, true, "unsolved"),
        (true, true, false, "dissatisfied"),
        (false, false, false, "unsolved_and_dissatisfied"),
    ] {
        let task = open(&suite).await;
        let done = desk.succeed(&task.id, contacted, solved, satisfied).await.unwrap();
        assert_eq!((done.state(), done.attempts, done.version), (TaskState::Completed, 1, 2));
        let result = done.result.unwrap();
        assert_eq!((result.contacted, result.solved, result.satisfied), (contacted, solved, satisfied));
        assert_eq!((done.reopen, done.reason.as_str()), (!why.is_empty(), why));
        assert_eq!((done.next_attempt_at, done.agent_id.as_str()), (None, ""));
        let events = suite.events_of(&task.id).await;
        assert_eq!(events.iter().map(change).collect::<Vec<_>>(), ["opened", "completed"]);
        assert_eq!(events[1].state, Some(done));
        assert_eq!(events[1].actor.as_ref().unwrap().id, "li.wei");
    }
}

#[tokio::test]
async fn a_failure_waits_for_its_time_and_three_give_up() {
    let suite = Suite::start().await;
    let desk = suite.desk("li.wei").await;
    let task = open(&suite).await;
    let taken = desk.next().await.task.unwrap();
    let next = suite.permitted_in(SignedDuration::from_hours(1));
    let pending = desk.fail(&taken.id, AttemptOutcome::NoAnswer, Some(next)).await.unwrap();
    assert_eq!((pending.state(), pending.attempts), (TaskState::PendingCallback, 1));
    assert_eq!(pending.next_attempt_at.map(|at| from_timestamp(&at).unwrap()), Some(next));
    assert_eq!(pending.agent_id, "", "the task is given back");
    assert_eq!(pending.due_at, task.due_at, "trying again does not move due");
    let nothing = desk.next().await;
    assert_eq!((nothing.task, nothing.next_task_at), (None, pending.next_attempt_at));

    let pending = desk.fail(&task.id, AttemptOutcome::CallLater, Some(next)).await.unwrap();
    assert_eq!((pending.state(), pending.attempts), (TaskState::PendingCallback, 2));
    let over = desk.fail(&task.id, AttemptOutcome::NoAnswer, None).await.unwrap();
    assert_eq!((over.state(), over.attempts, over.reason.as_str()), (TaskState::GivenUp, 3, "no_answer"));
    assert!(!over.reopen);
    let events = suite.events_of(&task.id).await;
    assert_eq!(
        events.iter().map(change).collect::<Vec<_>>(),
        ["opened", "attempted", "attempted", "given_up"]
    );
    assert_eq!(events.iter().map(|event| event.version).collect::<Vec<_>>(), [1, 2, 3, 4]);

    let attempts = desk.attempts(&task.id).await;
    let kept: Vec<_> =
        attempts.iter().map(|a| (a.number, a.outcome(), a.next_attempt_at.is_some())).collect();
    let expected = [
        (1, AttemptOutcome::NoAnswer, true),
        (2, AttemptOutcome::CallLater, true),
        (3, AttemptOutcome::NoAnswer, false),
    ];
    assert_eq!(kept, expected);
    assert!(attempts.iter().all(|attempt| attempt.agent_id == "li.wei"));
}

#[tokio::test]
async fn refusing_twice_or_two_wrong_numbers_give_up() {
    let suite = Suite::start().await;
    let desk = suite.desk("li.wei").await;
    let next = suite.permitted_in(SignedDuration::from_hours(1));
    for outcome in [AttemptOutcome::Refused, AttemptOutcome::WrongNumber] {
        let task = open(&suite).await;
        let first = desk.fail(&task.id, outcome, Some(next)).await.unwrap();
        assert_eq!(first.state(), TaskState::PendingCallback);
        assert_eq!(desk.fail(&task.id, outcome, Some(next)).await.unwrap().state(), TaskState::GivenUp);
    }
}

#[tokio::test]
async fn a_pending_task_is_offered_when_its_time_has_come() {
    let suite = Suite::with(|config| config.hours.windows = vec!["00:00-24:00".to_owned()]).await;
    let desk = suite.desk("li.wei").await;
    let task = open(&suite).await;
    let next = suite.now() + SignedDuration::from_millis(700);
    desk.fail(&task.id, AttemptOutcome::CallLater, Some(next)).await.unwrap();
    eventually("its time has come", async || desk.next().await.task.is_some_and(|next| next.id == task.id))
        .await;
    assert!(suite.now() >= next);
}

#[tokio::test]
async fn a_retry_is_answered_as_the_first_time_and_another_body_is_refused() {
    let suite = Suite::start().await;
    let desk = suite.desk("li.wei").await;
    let task = open(&suite).await;
    let next = suite.permitted_in(SignedDuration::from_hours(1));
    let mut request = desk.attempt(&task.id, AttemptOutcome::NoAnswer);
    request.next_attempt_at = Some(gongdan_proto::to_timestamp(next));
    request.etag = task.etag.clone();
    let first = desk.record(request.clone()).await.unwrap();
    let later = desk.skip(&task.id, "why").await.unwrap();
    assert_ne!(first, later);
    let again = desk.record(request.clone()).await.unwrap();
    assert_eq!(again, first, "answered from that version, its etag not judged again");

    let mut other = request.clone();
    other.note = "another body".to_owned();
    let refused = desk.record(other).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    assert_eq!(suite.events_of(&task.id).await.len(), 3);
    assert_eq!(desk.attempts(&task.id).await.len(), 1);
    // Another caller's request of the same id is another request.
    let refused = suite.desk("wang.fang").await.record(request).await.unwrap_err();
    assert_eq!(reason(&refused), "ETAG_MISMATCH");
}

#[tokio::test]
async fn a_skip_says_why() {
    let suite = Suite::start().await;
    let desk = suite.desk("li.wei").await;
    let task = open(&suite).await;
    let skipped = desk.skip(&task.id, " 本人来电 13800138000 ").await.unwrap();
    assert_eq!((skipped.state(), skipped.reason.as_str()), (TaskState::Skipped, "本人来电 138****8000"));
    let events = suite.events_of(&task.id).await;
    assert_eq!(events.iter().map(change).collect::<Vec<_>>(), ["opened", "skipped"]);
}

#[tokio::test]
async fn numbers_in_a_note_are_not_kept() {
    let suite = Suite::start().await;
    let desk = suite.desk("li.wei").await;
    let task = open(&suite).await;
    let mut request = desk.attempt(&task.id, AttemptOutcome::WrongNumber);
    request.next_attempt_at =
        Some(gongdan_proto::to_timestamp(suite.permitted_in(SignedDuration::from_hours(1))));
    request.note = "机主说改打 139-0013-9000".to_owned();
    desk.record(request).await.unwrap();
    assert_eq!(desk.attempts(&task.id).await[0].note, "机主说改打 139******9000");
}

#[tokio::test]
async fn a_skip_is_guarded_as_an_attempt_is() {
    let suite = Suite::start().await;
    let desk = suite.desk("li.wei").await;
    let (one, other) = (open(&suite).await, open(&suite).await);
    let taken = desk.next().await.task.unwrap();
    assert_eq!(taken.id, one.id);
    let request = SkipTaskRequest {
        request_id: suite.new_id(),
        task: one.id.clone(),
        etag: one.etag.clone(),
        reason: "why".to_owned(),
    };
    let stale = desk.client().skip_task(request.clone()).await.unwrap_err();
    assert_eq!((stale.code(), reason(&stale).as_str()), (Code::Aborted, "ETAG_MISMATCH"));
    assert_eq!(desk.get(&one.id).await.unwrap(), taken);
    let request = SkipTaskRequest { etag: taken.etag, ..request };
    desk.client().skip_task(request.clone()).await.unwrap();
    let reused = SkipTaskRequest { task: other.id.clone(), etag: String::new(), ..request };
    let refused = desk.client().skip_task(reused).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    assert_eq!(desk.get(&other.id).await.unwrap(), other);
}
