//! Leave and swaps: what takes somebody out of their shifts.

use super::{DutyBook, Roster, zone};
use crate::{Violation, decide::PersonEntry, id::check_line};
use jiff::{SignedDuration, Timestamp, civil::Date};
use std::collections::HashMap;
use uuid::Uuid;

/// The longest leave.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366 * 2);

/// A person is away, from `from` until before `until`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leave {
    /// Its id.
    pub id: Uuid,
    /// Who is away.
    pub person_id: String,
    /// From here on.
    pub from: Timestamp,
    /// Until here, excluded.
    pub until: Timestamp,
    /// Who has their shifts meanwhile; none: nobody.
    pub stand_in_id: Option<String>,
    /// For people; may be empty.
    pub reason: String,
}

/// One shift of one day goes to somebody else (临时变动).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swap {
    /// The roster.
    pub roster_id: String,
    /// The shift, by its name.
    pub shift: String,
    /// The day it begins on, in the roster's zone.
    pub day: Date,
    /// Whose it is.
    pub person_id: String,
    /// Who has it instead.
    pub stand_in_id: String,
}

impl Leave {
    /// Whether an instant is within.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// Checks a leave against the people there are and the person's other leaves.
#[must_use]
pub fn check_leave(leave: &Leave, others: &[Leave], people: &HashMap<String, PersonEntry>) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut refuse = |field: &str, rule: String| found.push(Violation::new(field, rule));
    let person = people.get(&leave.person_id);
    match person {
        None => refuse("person_id", format!("no person `{}`", leave.person_id)),
        Some(person) if !person.active => refuse("person_id", format!("`{}` is not active", leave.person_id)),
        Some(_) => {}
    }
    if leave.until <= leave.from {
        refuse("until", "after `from`".into());
    } else if leave.until.duration_since(leave.from) > LONGEST {
        refuse("until", "at most two years after `from`".into());
    }
    if let Err(rule) = check_line(&leave.reason, 0, 200) {
        refuse("reason", rule);
    }
    if let Some(stand_in) = &leave.stand_in_id {
        match people.get(stand_in) {
            _ if *stand_in == leave.person_id => {
                refuse("stand_in_id", "somebody else than who is away".into());
            }
            None => refuse("stand_in_id", format!("no person `{stand_in}`")),
            Some(entry) if !entry.active => refuse("stand_in_id", format!("`{stand_in}` is not active")),
            Some(entry) => {
                let shares = person
                    .is_none_or(|person| person.unit_ids.iter().any(|unit| entry.unit_ids.contains(unit)));
                if !shares {
                    let rule = format!("`{stand_in}` belongs to no unit of `{}`", leave.person_id);
                    refuse("stand_in_id", rule);
                }
            }
        }
    }
    if let Some(other) = others.iter().find(|other| {
        other.id != leave.id
            && other.person_id == leave.person_id
            && other.from < leave.until
            && leave.from < other.until
    }) {
        let rule = format!(
            "`{}` is on leave from {} until {} already: cancel that one first",
            leave.person_id, other.from, other.until
        );
        refuse("from", rule);
    }
    found
}

/// Checks a swap against the roster it is of and everything that is known of the stand-in's duty.
#[must_use]
pub fn check_swap(
    swap: &Swap,
    roster: &Roster,
    book: &DutyBook,
    people: &HashMap<String, PersonEntry>,
) -> Vec<Violation> {
    let refused = |field: &str, rule: String| vec![Violation::new(field, rule)];
    let Some(shift) = roster.shift(&swap.shift) else {
        return refused("shift", format!("roster `{}` has no shift `{}`", roster.id, swap.shift));
    };
    if !shift.person_ids.contains(&swap.person_id) {
        return refused("person_id", format!("`{}` does not have shift `{}`", swap.person_id, swap.shift));
    }
    let window = zone(&roster.time_zone).and_then(|zone| shift.window(swap.day, &zone));
    let Some(window) = window.filter(|_| shift.occurs(swap.day)) else {
        return refused("date", format!("shift `{}` is not on {}", swap.shift, swap.day));
    };
    let stand_in = &swap.stand_in_id;
    match people.get(stand_in) {
        _ if *stand_in == swap.person_id => {
            return refused("stand_in_id", "somebody else than whose shift it is".into());
        }
        None => return refused("stand_in_id", format!("no person `{stand_in}`")),
        Some(entry) if !entry.active => {
            return refused("stand_in_id", format!("`{stand_in}` is not active"));
        }
        Some(entry) if !entry.unit_ids.contains(&roster.unit_id) => {
            return refused("stand_in_id", format!("`{stand_in}` does not belong to `{}`", roster.unit_id));
        }
        Some(_) => {}
    }
    if let Some(leave) = book.leave_within(stand_in, window) {
        return refused(
            "stand_in_id",
            format!("`{stand_in}` is on leave from {} until {}", leave.from, leave.until),
        );
    }
    if let Some((roster, shift, day)) = book.shift_within(stand_in, window) {
        let rule = format!("`{stand_in}` has shift `{shift}` of roster `{roster}` on {day} at the same time");
        return refused("stand_in_id", rule);
    }
    Vec::new()
}
