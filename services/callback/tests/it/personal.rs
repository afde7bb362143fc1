//! T36, X11: whom a task asks is hidden from handling units, and what tickets erased goes here too.

use crate::{
    desk::Desk,
    suite::{Suite, ticket},
};
use gongdan_proto::{
    callback::v1::{AttemptOutcome, CallbackEvent, RecordAttemptRequest, TaskState, callback_event::Change},
    to_timestamp,
};
use gongdan_testkit::eventually;
use jiff::SignedDuration;

/// A call that reached nobody, with the agent's words.
async fn attempted(suite: &Suite, desk: &Desk, task: &str, note: &str) {
    let request = RecordAttemptRequest {
        note: note.to_owned(),
        next_attempt_at: Some(to_timestamp(suite.permitted_in(SignedDuration::from_hours(1)))),
        ..desk.attempt(task, AttemptOutcome::NoAnswer)
    };
    desk.record(request).await.unwrap();
}

async fn notes(desk: &Desk, task: &str) -> Vec<String> {
    desk.attempts(task).await.into_iter().map(|attempt| attempt.note).collect()
}

#[tokio::test]
async fn a_handling_unit_does_not_see_whom_a_confidential_task_asks() {
    let suite = Suite::start().await;
    let mut open = ticket("440106", "tianhe-env");
    let mut secret = ticket("440106", "tianhe-env").confidential();
    suite.publish(open.resolved()).await;
    suite.publish(secret.resolved()).await;
    let task = suite.task_of(&secret, 1).await;
    suite.task_of(&open, 1).await;
    let (agent, unit) = (suite.desk("li.wei").await, suite.desk_with("wang.fang", &["handler"]).await);
    assert_eq!(agent.list_of(&secret.number()).await[0].customer_id, secret.customer_id());
    assert_eq!(unit.list_of(&secret.number()).await[0].customer_id, "");
    assert_eq!(unit.get(&task.id).await.unwrap().customer_id, "");
    assert_eq!(unit.list_of(&open.number()).await[0].customer_id, open.customer_id());

    attempted(&suite, &agent, &task.id, "邻居说他叫张三").await;
    assert_eq!(notes(&agent, &task.id).await, ["邻居说他叫张三"]);
    assert_eq!(notes(&unit, &task.id).await, [""]);

    let skipped = agent.skip(&task.id, "张三的妻子说不必再打").await.unwrap();
    assert_eq!(skipped.reason, "张三的妻子说不必再打");
    let seen = unit.get(&task.id).await.unwrap();
    assert_eq!((seen.state(), seen.reason.as_str()), (TaskState::Skipped, ""));
    assert_eq!(unit.list_of(&secret.number()).await[0].reason, "");
}

#[tokio::test]
async fn what_tickets_erased_is_erased_here_in_rows_events_and_on_the_bus() {
    let suite = Suite::start().await;
    let mut gone = ticket("440106", "tianhe-env");
    let mut stays = ticket("440106", "tianhe-env");
    suite.publish(gone.resolved()).await;
    suite.publish(stays.resolved()).await;
    let (task, other) = (suite.task_of(&gone, 1).await, suite.task_of(&stays, 1).await);
    let desk = suite.desk("li.wei").await;
    for id in [&task.id, &other.id] {
        attempted(&suite, &desk, id, "家人接听，姓欧阳").await;
        desk.skip(id, "欧阳先生已来电说明").await.unwrap();
    }
    suite.events_of(&task.id).await;
    suite.publish(gone.erased()).await;
    suite.heard_all_of(&gone).await;

    let after = desk.get(&task.id).await.unwrap();
    assert_eq!((after.customer_id.as_str(), after.reason.as_str()), ("", "[已删除 erased]"));
    assert_eq!(notes(&desk, &task.id).await, [""]);
    assert_eq!(after.version, 3, "ids and versions stay");
    let kept = desk.get(&other.id).await.unwrap();
    assert_eq!((kept.customer_id, kept.reason.as_str()), (stays.customer_id(), "欧阳先生已来电说明"));
    assert_eq!(notes(&desk, &other.id).await, ["家人接听，姓欧阳"]);

    // In the event log at once, on the bus soon.
    let log: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT payload FROM events WHERE aggregate_id = $1 ORDER BY version")
            .bind(task.id.parse::<uuid::Uuid>().unwrap())
            .fetch_all(suite.env().pool())
            .await
            .unwrap();
    assert_eq!(log.len(), 3);
    for secret in [gone.customer_id(), "欧阳".to_owned()] {
        let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!log.iter().any(|payload| holds(payload)), "{secret}");
        eventually("the bus has forgotten it", async || {
            let events = suite.env().events("callback").await;
            !events.iter().any(|event| event.aggregate_id.to_string() == task.id && holds(&event.payload))
        })
        .await;
    }
    let others = suite.env().events("callback").await;
    let skipped = others.iter().filter_map(|event| event.decode::<CallbackEvent>().ok());
    assert!(
        skipped
            .into_iter()
            .any(|event| matches!(event.change, Some(Change::Skipped(s)) if s.reason.contains("欧阳"))),
        "what was not erased is still there"
    );
}
