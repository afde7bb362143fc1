use super::{HAPPY, at, monday, open, policy, ticket};
use crate::{
    BadNextTime, CallbackResult, Change, FailedOutcome, Origin, Refusal, Report, Task, TaskState, TicketWent,
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

fn failed(outcome: FailedOutcome, next: &str) -> Report {
    Report::Failed { outcome, next: Some(at(next)) }
}

/// The next day at 10:00, three days on, and so on.
fn day(n: i64) -> Timestamp {
    monday() + SignedDuration::from_hours(24 * n)
}

#[test]
fn a_task_is_due_three_days_after_it_was_opened_and_can_be_called_at_once() {
    let changed = Task::open(Uuid::from_u128(3), ticket(true), &policy(), monday());
    assert_eq!(changed.change, Change::Opened);
    assert_eq!(changed.task.due_at, Some(day(3)));
    assert_eq!(changed.task.next_attempt_at, Some(monday()));
    assert_eq!((changed.was, changed.task.stamp.version), (None, 1));
    assert!(!changed.task.is_overdue(day(3)));
    assert!(changed.task.is_overdue(day(4)));
}

#[test]
fn nobody_to_call_means_nothing_to_do() {
    let changed = Task::open(Uuid::from_u128(3), ticket(false), &policy(), monday());
    assert_eq!(changed.change, Change::Skipped);
    assert_eq!(changed.task.state, TaskState::Skipped);
    assert_eq!(changed.task.reason, "no_customer");
    assert_eq!(changed.task.next_attempt_at, None);
    assert!(!changed.task.is_overdue(day(100)));
}

#[test]
fn the_past_is_never_overdue_and_refuses_every_act() {
    let task = Task::past(Uuid::from_u128(3), ticket(true), day(-900), day(-900)).task;
    assert_eq!((task.state, task.origin), (TaskState::Historical, Origin::Import));
    assert!(!task.is_overdue(monday()));
    assert!(task.clone().take("li.wei", &policy(), monday()).is_err());
    assert!(task.clone().record("li.wei", Report::Success(HAPPY), &policy(), monday()).is_err());
    assert!(task.clone().skip("li.wei", "why".to_owned(), monday()).is_err());
    assert_eq!(task.follow(TicketWent::Closed, monday()), None);
}

#[test]
fn answers_are_kept_apart_and_reopen_by_the_rule() {
    for (solved, satisfied, reason) in [
        (true, true, ""),
        (false, true, "unsolved"),
        (true, false, "dissatisfied"),
        (false, false, "unsolved_and_dissatisfied"),
    ] {
        for contacted in [true, false] {
            let result = CallbackResult { contacted, solved, satisfied };
            let changed = open().record("li.wei", Report::Success(result), &policy(), monday()).unwrap();
            assert_eq!(changed.change, Change::Completed);
            assert_eq!(changed.task.result, Some(result));
            assert_eq!(changed.task.reopen, !reason.is_empty());
            assert_eq!(changed.task.reason, reason);
        }
    }
    let mut never = policy();
    (never.reopen_unsolved, never.reopen_dissatisfied) = (false, false);
    let result = CallbackResult { contacted: false, solved: false, satisfied: false };
    assert!(!open().record("li.wei", Report::Success(result), &never, monday()).unwrap().task.reopen);
}

#[test]
fn a_next_time_is_judged() {
    let days = policy().furthest_next.as_hours() / 24;
    let hours = policy().hours.to_string();
    let outside = || BadNextTime::OutsideHours { hours: hours.clone() };
    for (next, wrong) in [
        (None, Some(BadNextTime::Missing)),
        (Some("2026-11-23T09:59:59+08:00"), Some(BadNextTime::Past)),
        (Some("2026-11-23T10:00:00+08:00"), Some(BadNextTime::Past)),
        (Some("2026-11-23T10:00:01+08:00"), None),
        (Some("2026-11-23T11:59:59+08:00"), None),
        (Some("2026-11-23T12:00:00+08:00"), Some(outside())),
        (Some("2026-11-23T13:59:59+08:00"), Some(outside())),
        (Some("2026-11-23T14:00:00+08:00"), None),
        (Some("2026-11-23T20:00:00+08:00"), Some(outside())),
        (Some("2026-11-24T03:00:00+08:00"), Some(outside())),
        (Some("2026-11-24T08:59:59+08:00"), Some(outside())),
        (Some("2026-11-24T01:00:00Z"), None),
        (Some("2026-12-23T10:00:00+08:00"), None),
        (Some("2026-12-23T10:00:01+08:00"), Some(BadNextTime::TooFar { days })),
    ] {
        let report = Report::Failed { outcome: FailedOutcome::NoAnswer, next: next.map(at) };
        let done = open().record("li.wei", report, &policy(), monday());
        match wrong {
            None => assert_eq!(done.unwrap().task.state, TaskState::PendingCallback, "{next:?}"),
            Some(wrong) => assert_eq!(done, Err(Refusal::NextTime(wrong)), "{next:?}"),
        }
    }
}

#[test]
fn the_last_attempt_needs_no_next_time_and_gives_up() {
    use FailedOutcome::{CallLater, NoAnswer, Refused, WrongNumber};
    for (outcomes, gives_up) in [
        (vec![NoAnswer, CallLater], false),
        (vec![NoAnswer, NoAnswer, CallLater], true),
        (vec![Refused], false),
        (vec![Refused, Refused], true),
        (vec![WrongNumber, Refused], false),
        (vec![WrongNumber, WrongNumber], true),
        (vec![WrongNumber, NoAnswer, Refused], true),
    ] {
        let (last, before) = outcomes.split_last().unwrap();
        let mut task = open();
        for outcome in before {
            task = task
                .record("li.wei", failed(*outcome, "2026-11-24T10:00:00+08:00"), &policy(), monday())
                .unwrap()
                .task;
        }
        let report = Report::Failed { outcome: *last, next: None };
        let done = task.record("li.wei", report, &policy(), monday());
        if gives_up {
            let changed = done.unwrap();
            assert_eq!(changed.change, Change::GivenUp(*last), "{outcomes:?}");
            assert_eq!(changed.task.state, TaskState::GivenUp);
            assert_eq!(changed.task.reason, last.as_str());
            assert_eq!(changed.task.next_attempt_at, None);
        } else {
            assert_eq!(done, Err(Refusal::NextTime(BadNextTime::Missing)), "{outcomes:?}");
        }
    }
}

#[test]
fn what_one_agent_holds_another_neither_takes_nor_ends_until_the_hold_is_over() {
    let held = open().take("li.wei", &policy(), monday()).unwrap();
    let until = monday() + policy().hold_for;
    let before = until - SignedDuration::from_micros(1);
    assert_eq!(held.holder(before), Some("li.wei"));
    assert_eq!(held.clone().take("wang.fang", &policy(), before), Err(Refusal::Held { until }));
    assert_eq!(held.clone().take("li.wei", &policy(), before), Err(Refusal::Held { until }));
    assert!(held.clone().record("wang.fang", Report::Success(HAPPY), &policy(), before).is_err());
    assert!(held.clone().skip("wang.fang", "why".to_owned(), before).is_err());
    assert_eq!(held.require_held_by("wang.fang", before), Err(Refusal::NotHeld));
    assert_eq!(held.require_held_by("li.wei", before), Ok(()));

    assert_eq!(held.require_held_by("li.wei", until), Err(Refusal::NotHeld));
    let taken = held.clone().take("wang.fang", &policy(), until).unwrap();
    assert_eq!(taken.holder(until), Some("wang.fang"));
    assert_ne!(taken.stamp.etag(), held.stamp.etag());
    assert!(held.record("wang.fang", Report::Success(HAPPY), &policy(), until).is_ok());
}

#[test]
fn a_pending_task_is_not_taken_before_its_time() {
    let report = failed(FailedOutcome::NoAnswer, "2026-11-23T14:00:00+08:00");
    let task = open().record("li.wei", report, &policy(), monday()).unwrap().task;
    let next = at("2026-11-23T14:00:00+08:00");
    assert_eq!(task.clone().take("li.wei", &policy(), monday()), Err(Refusal::TooEarly { next }));
    assert!(task.take("li.wei", &policy(), next).is_ok());
}

#[test]
fn a_task_follows_its_ticket_even_when_somebody_holds_it() {
    for (went, reason) in [
        (TicketWent::Closed, "ticket_closed"),
        (TicketWent::Reopened, "ticket_reopened"),
        (TicketWent::Cancelled, "ticket_cancelled"),
        (TicketWent::Merged, "ticket_merged"),
    ] {
        let held = open().take("li.wei", &policy(), monday()).unwrap();
        let changed = held.follow(went, day(1)).unwrap();
        assert_eq!(changed.task.state, TaskState::Skipped);
        assert_eq!(changed.task.reason, reason);
        assert_eq!(changed.task.hold, None);
        assert_eq!(changed.task.clone().follow(went, day(2)), None);
    }
}

#[test]
fn what_is_over_refuses_and_says_where_it_is() {
    let done = open().record("li.wei", Report::Success(HAPPY), &policy(), monday()).unwrap().task;
    let again = done.record("li.wei", Report::Success(HAPPY), &policy(), monday());
    assert_eq!(again, Err(Refusal::State { state: TaskState::Completed, action: "record_attempt" }));
}
