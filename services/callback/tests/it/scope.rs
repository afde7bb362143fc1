//! DESIGN rule 16: whose tasks a caller sees, takes and acts on.

use crate::{
    desk::{Desk, request_id},
    suite::{Suite, reason, ticket},
};
use gongdan_errors::Code;
use gongdan_proto::callback::v1::{
    CallbackTask, GetTaskContactRequest, ListAttemptsRequest, ListTasksRequest, SkipTaskRequest, TaskState,
};
use gongdan_testkit::{PrincipalSpec, eventually};
use std::collections::BTreeSet;
use tonic::Status;

const PART: &str = "sibling county, own unit takes part";

/// What an agent of Tianhe sees of [`tasks`].
const SEEN: [&str; 2] = ["own county", PART];

/// A task of each standing to an agent of Tianhe whose unit is `tianhe-desk`.
async fn tasks(suite: &Suite) -> Vec<(&'static str, CallbackTask)> {
    let tickets = [
        ("own county", ticket("440106", "tianhe-env")),
        (PART, ticket("440104", "yuexiu-env").with_part("tianhe-desk")),
        ("sibling county", ticket("440104", "yuexiu-env")),
        ("parent city", ticket("4401", "guangzhou-env")),
        ("other province", ticket("430102", "changsha-env")),
        ("sensitive", ticket("440106", "tianhe-env").sensitive()),
    ];
    let mut tasks = Vec::new();
    for (standing, mut ticket) in tickets {
        suite.publish(ticket.resolved()).await;
        tasks.push((standing, suite.task_of(&ticket, 1).await));
    }
    tasks
}

fn agent(id: &str) -> PrincipalSpec {
    PrincipalSpec::new(id).role("agent").unit("tianhe-desk").region("440106")
}

fn seen_by(sensitive: bool) -> BTreeSet<&'static str> {
    SEEN.into_iter().chain(sensitive.then_some("sensitive")).collect()
}

fn standings(tasks: &[(&'static str, CallbackTask)], found: &[CallbackTask]) -> BTreeSet<&'static str> {
    tasks
        .iter()
        .filter(|(_, task)| found.iter().any(|f| f.id == task.id))
        .map(|(standing, _)| *standing)
        .collect()
}

fn skip(task: &CallbackTask) -> SkipTaskRequest {
    SkipTaskRequest {
        request_id: request_id(),
        task: task.id.clone(),
        etag: String::new(),
        reason: "来电已说明".to_owned(),
    }
}

/// What each RPC on one task answers; whether it changes the task or not, it is refused alike.
async fn refusals(desk: &Desk, task: &CallbackTask) -> [Option<Status>; 6] {
    let task = &task.id;
    [
        desk.get(task).await.err(),
        desk.client().list_attempts(ListAttemptsRequest { task: task.clone() }).await.err(),
        desk.client().get_task_contact(GetTaskContactRequest { task: task.clone() }).await.err(),
        desk.succeed(task, true, true, true).await.err(),
        desk.succeed(task, true, false, false).await.err(),
        desk.skip(task, "来电已说明").await.err(),
    ]
}

#[tokio::test]
async fn tasks_are_listed_and_shown_within_the_scope() {
    let suite = Suite::start().await;
    let tasks = tasks(&suite).await;
    for (spec, sensitive) in [(agent("li.wei"), false), (agent("wang.fang").right("sensitive"), true)] {
        let desk = suite.desk_of(spec).await;
        let listed = desk.client().list_tasks(ListTasksRequest::default()).await.unwrap().into_inner().tasks;
        assert_eq!(standings(&tasks, &listed), seen_by(sensitive));
        for (standing, task) in &tasks {
            match desk.get(&task.id).await {
                Ok(got) => assert!(seen_by(sensitive).contains(standing) && got == *task, "{standing}"),
                Err(refused) => {
                    assert!(!seen_by(sensitive).contains(standing), "{standing}");
                    assert_eq!(refused.code(), Code::NotFound, "{standing}");
                }
            }
        }
    }
}

#[tokio::test]
async fn the_queue_offers_what_is_within_the_scope() {
    let suite = Suite::start().await;
    let tasks = tasks(&suite).await;
    let mut taken = Vec::new();
    for (spec, sensitive) in [(agent("li.wei"), false), (agent("wang.fang").right("sensitive"), true)] {
        let desk = suite.desk_of(spec).await;
        while let Some(task) = desk.next().await.task {
            taken.push(task);
        }
        assert_eq!(standings(&tasks, &taken), seen_by(sensitive));
    }
    let elsewhere = suite.desk_of(agent("zhao.lei").unit("changsha-env")).await;
    assert_eq!(standings(&tasks, &[elsewhere.next().await.task.unwrap()]), ["other province"].into());
}

#[tokio::test]
async fn no_act_reaches_a_task_outside_the_scope() {
    let suite = Suite::start().await;
    let tasks = tasks(&suite).await;
    let desk = suite.desk_of(agent("li.wei")).await;
    for (standing, task) in tasks.iter().filter(|(standing, _)| !SEEN.contains(standing)) {
        for (rpc, refused) in refusals(&desk, task).await.into_iter().enumerate() {
            let refused = refused.unwrap_or_else(|| panic!("{standing}: RPC {rpc} was answered"));
            let is = (refused.code(), reason(&refused));
            assert_eq!(is, (Code::NotFound, "CALLBACK_TASK_NOT_FOUND".to_owned()), "{standing}: RPC {rpc}");
        }
        assert_eq!(suite.admin().get(&task.id).await.unwrap(), *task, "{standing}: nothing was changed");
    }
    for (_, task) in tasks.iter().filter(|(standing, _)| SEEN.contains(standing)) {
        assert_eq!(desk.skip(&task.id, "来电已说明").await.unwrap().state(), TaskState::Skipped);
    }
    let (_, sensitive) = tasks.iter().find(|(standing, _)| *standing == "sensitive").unwrap();
    let cleared = suite.desk_of(agent("wang.fang").right("sensitive")).await;
    assert_eq!(cleared.succeed(&sensitive.id, true, true, true).await.unwrap().state(), TaskState::Completed);
}

#[tokio::test]
async fn a_retry_is_answered_only_while_the_task_is_within_the_scope() {
    let suite = Suite::start().await;
    let mut ticket = ticket("440106", "tianhe-env");
    suite.publish(ticket.resolved()).await;
    let task = suite.task_of(&ticket, 1).await;
    let desk = suite.desk_of(agent("li.wei")).await;
    let take = request_id();
    let taken = desk.next_as(&take, "").await.unwrap();
    let request = skip(&task);
    let answer = desk.client().skip_task(request.clone()).await.unwrap().into_inner();
    assert_eq!(desk.client().skip_task(request.clone()).await.unwrap().into_inner(), answer);
    assert_eq!(desk.next_as(&take, "").await.unwrap().task.unwrap().id, taken.task.unwrap().id);

    let moved = suite.desk_of(PrincipalSpec::new("li.wei").role("agent").region("4301")).await;
    eventually("the desk is elsewhere", async || moved.get(&task.id).await.is_err()).await;
    assert_eq!(moved.client().skip_task(request).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(moved.next_as(&take, "").await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn what_may_be_seen_but_not_acted_on_is_denied() {
    let policies = tempfile::NamedTempFile::new().unwrap();
    let narrower = format!(
        "{}\n@id(\"only-the-area-calls\")\nforbid (principal, action in [Gongdan::Action::\"callbacks.record\", \
         Gongdan::Action::\"callbacks.skip\", Gongdan::Action::\"callbacks.contact\"], resource) \
         when {{ !resource.in_region }};\n",
        gongdan_access::DEFAULT_POLICIES
    );
    std::fs::write(policies.path(), narrower).unwrap();
    let suite = Suite::with(|config| config.common.access.policy_file = policies.path().to_owned()).await;
    let tasks = tasks(&suite).await;
    let (_, task) = tasks.iter().find(|(standing, _)| *standing == PART).unwrap();
    let desk = suite.desk_of(agent("li.wei")).await;
    let [get, attempts, acts @ ..] = refusals(&desk, task).await;
    assert!(get.is_none() && attempts.is_none(), "it is seen");
    for refused in acts {
        assert_eq!(refused.unwrap().code(), Code::PermissionDenied);
    }
}
