//! NextTask: who gets what, and for how long.

use crate::suite::{Suite, reason, ticket};
use futures::future::join_all;
use gongdan_errors::Code;
use gongdan_testkit::eventually;
use jiff::SignedDuration;
use std::collections::HashSet;

#[tokio::test]
async fn the_earliest_due_comes_first_and_is_held() {
    let suite = Suite::start().await;
    let (mut first, mut second) = (ticket("440106", "tianhe-env"), ticket("440106", "haizhu-env"));
    for ticket in [&mut first, &mut second] {
        suite.publish(ticket.resolved()).await;
        suite.task_of(ticket, 1).await;
    }
    let (li, wang) = (suite.desk("li.wei").await, suite.desk("wang.fang").await);
    let taken = li.next().await;
    let task = taken.task.unwrap();
    assert_eq!((task.ticket_number.clone(), task.agent_id.as_str()), (first.number(), "li.wei"));
    assert!(taken.held_until.is_some());
    assert_eq!(wang.next().await.task.unwrap().ticket_number, second.number());
    let nothing = wang.next().await;
    assert_eq!(nothing.task, None);
    assert_eq!(nothing.next_task_at, taken.held_until, "the first hold to run out");

    let refused = wang.succeed(&task.id, true, true, true).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "TASK_HELD"));
    let refused = wang.skip(&task.id, "why").await.unwrap_err();
    assert_eq!(reason(&refused), "TASK_HELD");
    li.succeed(&task.id, true, true, true).await.unwrap();
}

#[tokio::test]
async fn a_unit_can_be_asked_for() {
    let suite = Suite::start().await;
    for unit in ["tianhe-env", "haizhu-env"] {
        let mut ticket = ticket("440106", unit);
        suite.publish(ticket.resolved()).await;
        suite.task_of(&ticket, 1).await;
    }
    let desk = suite.desk("li.wei").await;
    assert_eq!(desk.next_of("haizhu-env").await.task.unwrap().unit_id, "haizhu-env");
    assert_eq!(desk.next_of("haizhu-env").await.task, None);
    assert_eq!(desk.next_of("panyu-env").await, Default::default());
}

#[tokio::test]
async fn a_hold_that_runs_out_gives_the_task_back() {
    let suite = Suite::with(|config| config.task.hold_for = SignedDuration::from_millis(300)).await;
    let mut ticket = ticket("440106", "tianhe-env");
    suite.publish(ticket.resolved()).await;
    suite.task_of(&ticket, 1).await;
    let (li, wang) = (suite.desk("li.wei").await, suite.desk("wang.fang").await);
    let held = li.next().await.task.unwrap();
    eventually("the hold runs out", async || {
        wang.get(&held.id).await.is_ok_and(|task| task.agent_id.is_empty())
    })
    .await;
    let released = wang.get(&held.id).await.unwrap();
    assert_eq!(released.etag, held.etag, "running out is no act");
    let taken = wang.next().await.task.unwrap();
    assert_eq!((taken.id.as_str(), taken.agent_id.as_str()), (held.id.as_str(), "wang.fang"));
    assert_ne!(taken.etag, held.etag);
    let refused = li.contact(&held.id).await.unwrap_err();
    assert_eq!(reason(&refused), "TASK_NOT_HELD");
}

#[tokio::test]
async fn a_retry_answers_the_task_it_took() {
    let suite = Suite::start().await;
    for _ in 0..2 {
        let mut ticket = ticket("440106", "tianhe-env");
        suite.publish(ticket.resolved()).await;
        suite.task_of(&ticket, 1).await;
    }
    let desk = suite.desk("li.wei").await;
    let request_id = suite.new_id();
    let first = desk.next_as(&request_id, "").await.unwrap();
    let again = join_all((0..5).map(|_| desk.next_as(&request_id, ""))).await;
    assert!(again.into_iter().all(|answer| answer.unwrap() == first));
    let other = desk.next_as(&request_id, "tianhe-env").await.unwrap_err();
    assert_eq!((other.code(), reason(&other).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    // At once: one of them takes, the others are answered alike.
    let request_id = suite.new_id();
    let answers = join_all((0..8).map(|_| desk.next_as(&request_id, ""))).await;
    let ids: HashSet<_> =
        answers.into_iter().map(|answer| answer.unwrap().task.map(|task| task.id)).collect();
    assert_eq!(ids.len(), 1);
    assert!(!ids.contains(&first.task.map(|task| task.id)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_at_once_have_one_winner_a_task() {
    const TASKS: usize = 120;
    const TAKERS: usize = 200;
    let suite = Suite::start().await;
    let mut tickets: Vec<_> = (0..TASKS).map(|_| ticket("440106", "tianhe-env")).collect();
    for ticket in &mut tickets {
        suite.publish(ticket.resolved()).await;
    }
    for ticket in &tickets {
        suite.task_of(ticket, 1).await;
    }
    // Of each fewer at once than a member of staff may have.
    let mut desks = Vec::new();
    for n in 0..8 {
        desks.push(suite.desk(&format!("agent.{n}")).await);
    }
    let answers = join_all((0..TAKERS).map(|n| desks[n % desks.len()].next())).await;
    let taken: Vec<_> = answers.into_iter().filter_map(|answer| answer.task).collect();
    let distinct: HashSet<_> = taken.iter().map(|task| task.id.clone()).collect();
    assert_eq!((taken.len(), distinct.len()), (TASKS, TASKS));
    for task in taken {
        assert_eq!(desks[0].get(&task.id).await.unwrap().agent_id, task.agent_id);
    }
}

#[tokio::test]
async fn two_at_once_who_write_the_same_task_have_one_winner() {
    let suite = Suite::start().await;
    let mut ticket = ticket("440106", "tianhe-env");
    suite.publish(ticket.resolved()).await;
    let task = suite.task_of(&ticket, 1).await;
    let (li, wang) = (suite.desk("li.wei").await, suite.desk("wang.fang").await);
    let (one, other) = tokio::join!(li.succeed(&task.id, true, true, true), wang.skip(&task.id, "why"));
    assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1);
    let lost = one.err().or(other.err()).unwrap();
    assert!(matches!(lost.code(), Code::Aborted | Code::FailedPrecondition), "{lost:?}");
    assert_eq!(suite.events_of(&task.id).await.len(), 2);
}
