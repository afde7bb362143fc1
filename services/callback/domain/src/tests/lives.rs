//! Random lives of a task: whatever agents do, the rules hold after each step.

use super::{at, open, policy};
use crate::{CallbackResult, Change, Changed, FailedOutcome, Report, Task, TaskState, TicketWent};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Take(usize),
    Record(usize, Report),
    /// A failure whose next time is so many minutes ahead of now.
    Fail(usize, FailedOutcome, Option<i64>),
    Skip(usize),
    Follow(TicketWent),
    Wait(i64),
}

const AGENTS: [&str; 3] = ["li.wei", "wang.fang", "zhao.min"];

fn outcome() -> impl Strategy<Value = FailedOutcome> {
    prop_oneof![
        Just(FailedOutcome::NoAnswer),
        Just(FailedOutcome::Refused),
        Just(FailedOutcome::WrongNumber),
        Just(FailedOutcome::CallLater),
    ]
}

fn result() -> impl Strategy<Value = CallbackResult> {
    any::<(bool, bool, bool)>().prop_map(|(contacted, solved, satisfied)| CallbackResult {
        contacted,
        solved,
        satisfied,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let agent = 0..AGENTS.len();
    prop_oneof![
        4 => agent.clone().prop_map(Step::Take),
        1 => (agent.clone(), result()).prop_map(|(agent, result)| Step::Record(agent, Report::Success(result))),
        6 => (agent.clone(), outcome(), prop::option::weighted(0.9, -100_i64..60_000))
            .prop_map(|(agent, outcome, next)| Step::Fail(agent, outcome, next)),
        1 => agent.prop_map(Step::Skip),
        1 => prop_oneof![Just(TicketWent::Closed), Just(TicketWent::Reopened), Just(TicketWent::Cancelled)]
            .prop_map(Step::Follow),
        3 => (0_i64..10_000).prop_map(Step::Wait),
    ]
}

/// What a step does: a refusal leaves the task as it was.
fn apply(task: &Task, step: &Step, now: Timestamp) -> Option<Result<Changed, Task>> {
    let minutes = |n: i64| now + SignedDuration::from_mins(n);
    let policy = policy();
    match step {
        Step::Take(agent) => task.clone().take(AGENTS[*agent], &policy, now).ok().map(Err),
        Step::Record(agent, report) => {
            task.clone().record(AGENTS[*agent], *report, &policy, now).ok().map(Ok)
        }
        Step::Fail(agent, outcome, next) => {
            let report = Report::Failed { outcome: *outcome, next: next.map(minutes) };
            task.clone().record(AGENTS[*agent], report, &policy, now).ok().map(Ok)
        }
        Step::Skip(agent) => task.clone().skip(AGENTS[*agent], "why".to_owned(), now).ok().map(Ok),
        Step::Follow(went) => task.clone().follow(*went, now).map(Ok),
        Step::Wait(_) => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn the_rules_hold_in_every_life(steps in prop::collection::vec(step(), 1..40)) {
        let policy = policy();
        let mut now = at("2026-11-23T10:00:00+08:00");
        let mut task = open();
        let mut succeeded = false;
        for step in &steps {
            if let Step::Wait(minutes) = step {
                now += SignedDuration::from_mins(*minutes);
            }
            let before = task.clone();
            match apply(&task, step, now) {
                None => continue,
                Some(Err(taken)) => {
                    prop_assert_eq!(before.holder(now), None, "nobody is robbed");
                    prop_assert_eq!(taken.stamp.version, before.stamp.version);
                    task = taken;
                }
                Some(Ok(changed)) => {
                    prop_assert!(before.state.is_outstanding(), "what is over stays over");
                    prop_assert_eq!(changed.was, Some(before.stamp));
                    prop_assert_eq!(changed.task.stamp.version, before.stamp.version + 1, "one event an act");
                    if let Step::Record(agent, _) | Step::Fail(agent, ..) | Step::Skip(agent) = step {
                        prop_assert!(before.holder(now).is_none_or(|holder| holder == AGENTS[*agent]));
                    }
                    succeeded |= matches!(step, Step::Record(..));
                    if let Change::Attempted(_) = changed.change {
                        let next = changed.task.next_attempt_at.unwrap();
                        prop_assert!(next > now && policy.hours.contains(next));
                        prop_assert!(next.duration_since(now) <= policy.furthest_next);
                    }
                    task = changed.task;
                }
            }
            prop_assert!(task.tally.attempts <= policy.max_attempts);
            prop_assert!(task.tally.refused <= policy.max_refused);
            prop_assert!(task.tally.wrong_number <= policy.max_wrong_number);
            prop_assert_eq!(task.state == TaskState::Completed, succeeded, "completed by a success and by nothing else");
            prop_assert_eq!(task.result.is_some(), task.state == TaskState::Completed);
            prop_assert_eq!(task.ended_at.is_some(), !task.state.is_outstanding());
            prop_assert_eq!(task.next_attempt_at.is_some(), task.state.is_outstanding());
            prop_assert!(!task.reopen || task.state == TaskState::Completed);
            if task.state == TaskState::GivenUp {
                prop_assert!(policy.is_exhausted(task.tally));
            } else if task.state == TaskState::PendingCallback {
                prop_assert!(!policy.is_exhausted(task.tally));
            }
        }
    }
}
