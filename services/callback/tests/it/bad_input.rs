//! What is refused, and how.

use crate::suite::{Suite, fields, reason, ticket};
use gongdan_errors::Code;
use gongdan_proto::{
    callback::v1::{
        AttemptOutcome, CallbackResult, CallbackTask, ListTasksRequest, NextTaskRequest,
        RecordAttemptRequest, SkipTaskRequest, TaskState,
    },
    to_timestamp,
};
use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};

const RESULT: CallbackResult = CallbackResult { contacted: true, solved: true, satisfied: true };

async fn open(suite: &Suite) -> CallbackTask {
    let mut ticket = ticket("440106", "tianhe-env");
    suite.publish(ticket.resolved()).await;
    suite.task_of(&ticket, 1).await
}

/// Tomorrow at a time of day in Shanghai.
fn tomorrow(now: Timestamp, hour: i8) -> prost_types::Timestamp {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let day = now.to_zoned(zone.clone()).date().checked_add(1.day()).unwrap();
    to_timestamp(day.at(hour, 0, 0, 0).to_zoned(zone).unwrap().timestamp())
}

#[tokio::test]
async fn a_bad_attempt_names_its_fields_and_changes_nothing() {
    let suite = Suite::start().await;
    let desk = suite.desk("li.wei").await;
    let task = open(&suite).await;
    let now = suite.now();
    let good = Some(to_timestamp(suite.permitted_in(SignedDuration::from_hours(1))));
    let failure = |next| RecordAttemptRequest {
        next_attempt_at: next,
        ..desk.attempt(&task.id, AttemptOutcome::NoAnswer)
    };
    let success =
        || RecordAttemptRequest { result: Some(RESULT), ..desk.attempt(&task.id, AttemptOutcome::Success) };
    let ago = to_timestamp(now - SignedDuration::from_hours(1));
    let far = to_timestamp(now + SignedDuration::from_hours(24 * 31));
    let never = prost_types::Timestamp { seconds: i64::MAX, nanos: -1 };
    let cases: Vec<(&str, RecordAttemptRequest, &[&str])> = vec![
        ("unspecified outcome", RecordAttemptRequest { outcome: 0, ..success() }, &["outcome"]),
        ("unknown outcome", RecordAttemptRequest { outcome: 99, ..success() }, &["outcome"]),
        ("success without result", RecordAttemptRequest { result: None, ..success() }, &["result"]),
        (
            "success with next time",
            RecordAttemptRequest { next_attempt_at: good, ..success() },
            &["next_attempt_at"],
        ),
        ("failure with result", RecordAttemptRequest { result: Some(RESULT), ..failure(good) }, &["result"]),
        ("missing next time", failure(None), &["next_attempt_at"]),
        ("next time in the past", failure(Some(ago)), &["next_attempt_at"]),
        ("next time at night", failure(Some(tomorrow(now, 3))), &["next_attempt_at"]),
        ("next time at noon", failure(Some(tomorrow(now, 12))), &["next_attempt_at"]),
        ("next time at the end", failure(Some(tomorrow(now, 20))), &["next_attempt_at"]),
        ("next time too far", failure(Some(far)), &["next_attempt_at"]),
        ("next time impossible", failure(Some(never)), &["next_attempt_at"]),
        ("no request_id", RecordAttemptRequest { request_id: String::new(), ..success() }, &["request_id"]),
        ("no task", RecordAttemptRequest { task: String::new(), ..success() }, &["task"]),
        ("long note", RecordAttemptRequest { note: "长".repeat(2001), ..success() }, &["note"]),
        (
            "everything",
            RecordAttemptRequest {
                request_id: "x".to_owned(),
                task: "no such thing!".to_owned(),
                outcome: 77,
                note: "\u{7}".to_owned(),
                ..RecordAttemptRequest::default()
            },
            &["request_id", "task", "note", "outcome"],
        ),
    ];
    for (case, request, expected) in cases {
        let refused = desk.record(request).await.expect_err(case);
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::InvalidArgument, "INVALID_REQUEST"),
            "{case}"
        );
        assert_eq!(fields(&refused), expected, "{case}");
    }
    assert_eq!(desk.get(&task.id).await.unwrap(), task);
    assert_eq!(suite.events_of(&task.id).await.len(), 1);
    assert!(desk.attempts(&task.id).await.is_empty());
}

#[tokio::test]
async fn a_stale_etag_is_a_lost_race() {
    let suite = Suite::start().await;
    let desk = suite.desk("li.wei").await;
    let task = open(&suite).await;
    let taken = desk.next().await.task.unwrap();
    assert_eq!(taken.id, task.id);
    let mut request = desk.attempt(&task.id, AttemptOutcome::Success);
    request.result = Some(RESULT);
    request.etag = task.etag.clone();
    let stale = desk.record(request.clone()).await.unwrap_err();
    assert_eq!((stale.code(), reason(&stale).as_str()), (Code::Aborted, "ETAG_MISMATCH"));
    request.etag = taken.etag;
    desk.record(request).await.unwrap();
}

#[tokio::test]
async fn what_is_over_refuses_and_names_state_and_action() {
    let suite = Suite::start().await;
    let desk = suite.desk("li.wei").await;
    let task = open(&suite).await;
    desk.succeed(&task.id, true, true, true).await.unwrap();
    let again = desk.succeed(&task.id, true, true, true).await.unwrap_err();
    assert_eq!((again.code(), reason(&again).as_str()), (Code::FailedPrecondition, "TASK_STATE_REFUSES"));
    let skip = desk.skip(&task.id, "why").await.unwrap_err();
    assert_eq!(reason(&skip), "TASK_STATE_REFUSES");
    let metadata = crate::suite::metadata(&skip);
    assert_eq!((metadata["state"].as_str(), metadata["action"].as_str()), ("completed", "skip"));
}

#[tokio::test]
async fn other_requests_are_judged_too() {
    let suite = Suite::start().await;
    let desk = suite.desk("li.wei").await;
    let task = open(&suite).await;
    for (reason_text, expected) in
        [(String::new(), "reason"), ("  ".to_owned(), "reason"), ("长".repeat(501), "reason")]
    {
        let request = SkipTaskRequest {
            request_id: suite.new_id(),
            task: task.id.clone(),
            etag: String::new(),
            reason: reason_text,
        };
        assert_eq!(fields(&desk.client().skip_task(request).await.unwrap_err()), [expected]);
    }
    let refused = desk.client().next_task(NextTaskRequest::default()).await.unwrap_err();
    assert_eq!(fields(&refused), ["request_id"]);
    let missing = desk.get(&suite.new_id()).await.unwrap_err();
    assert_eq!((missing.code(), reason(&missing).as_str()), (Code::NotFound, "CALLBACK_TASK_NOT_FOUND"));
    assert_eq!(desk.get("GD9999999999").await.unwrap_err().code(), Code::NotFound);
    assert_eq!(fields(&desk.get("'; DROP TABLE tasks").await.unwrap_err()), ["task"]);

    for (request, field) in [
        (ListTasksRequest { state: 99, ..ListTasksRequest::default() }, "state"),
        (ListTasksRequest { page_size: -1, ..ListTasksRequest::default() }, "page_size"),
        (ListTasksRequest { page_size: 501, ..ListTasksRequest::default() }, "page_size"),
        (ListTasksRequest { page_token: "zz".to_owned(), ..ListTasksRequest::default() }, "page_token"),
        (ListTasksRequest { ticket: "?".to_owned(), ..ListTasksRequest::default() }, "ticket"),
    ] {
        assert_eq!(fields(&desk.client().list_tasks(request).await.unwrap_err()), [field]);
    }
}

#[tokio::test]
async fn a_list_is_paged_and_its_token_bound_to_its_filter() {
    let suite = Suite::start().await;
    let desk = suite.desk("li.wei").await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(open(&suite).await.id);
    }
    made.reverse();
    let mut request =
        ListTasksRequest { state: TaskState::Open.into(), page_size: 2, ..ListTasksRequest::default() };
    let mut seen = Vec::new();
    loop {
        let page = desk.client().list_tasks(request.clone()).await.unwrap().into_inner();
        seen.extend(page.tasks.into_iter().map(|task| task.id));
        if page.next_page_token.is_empty() {
            break;
        }
        let other =
            ListTasksRequest { state: 0, page_token: page.next_page_token.clone(), ..request.clone() };
        assert_eq!(fields(&desk.client().list_tasks(other).await.unwrap_err()), ["page_token"]);
        request.page_token = page.next_page_token;
    }
    assert_eq!(seen, made, "newest first, none twice, none left out");
}

#[tokio::test]
async fn doors_are_closed_to_those_who_do_not_call_citizens() {
    let suite = Suite::start().await;
    let task = open(&suite).await;
    let handler = suite.desk_with("chen.jie", &["handler"]).await;
    for refused in [
        handler
            .client()
            .next_task(NextTaskRequest { request_id: suite.new_id(), ..Default::default() })
            .await
            .err(),
        handler.skip(&task.id, "why").await.err(),
        handler.succeed(&task.id, true, true, true).await.err(),
        handler.contact(&task.id).await.err(),
    ] {
        assert_eq!(refused.unwrap().code(), Code::PermissionDenied);
    }
    assert!(handler.get(&task.id).await.is_ok(), "staff may read");
    let anonymous =
        suite.anonymous().await.get_task(gongdan_proto::callback::v1::GetTaskRequest { task: task.id }).await;
    assert_eq!(anonymous.unwrap_err().code(), Code::Unauthenticated);
}
