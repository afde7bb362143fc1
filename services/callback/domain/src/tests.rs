//! The rules, by tables of cases and by random lives of a task.

mod acts;
mod batch;
mod hours;
mod lives;
mod mask;

use crate::{CallbackResult, PermittedHours, Policy, Task, TicketRef};
use gongdan_region::RegionCode;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

const HAPPY: CallbackResult = CallbackResult { contacted: true, solved: true, satisfied: true };

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A Monday, 10:00 in Shanghai.
fn monday() -> Timestamp {
    at("2026-11-23T10:00:00+08:00")
}

fn policy() -> Policy {
    Policy {
        hours: PermittedHours::new("Asia/Shanghai", &["09:00-12:00", "14:00-20:00"]).unwrap(),
        max_attempts: 3,
        max_refused: 2,
        max_wrong_number: 2,
        furthest_next: SignedDuration::from_hours(30 * 24),
        due_after: SignedDuration::from_hours(3 * 24),
        hold_for: SignedDuration::from_mins(30),
        reopen_unsolved: true,
        reopen_dissatisfied: true,
    }
}

fn ticket(customer: bool) -> TicketRef {
    TicketRef {
        id: Uuid::from_u128(1),
        number: "GD2611230000000001".to_owned(),
        round: 1,
        unit_id: "tianhe-env".to_owned(),
        region: RegionCode::parse("440106").unwrap(),
        customer_id: customer.then(|| Uuid::from_u128(2)),
        confidential: false,
    }
}

fn open() -> Task {
    Task::open(Uuid::from_u128(3), ticket(true), &policy(), monday()).task
}
