//! Leave: what takes somebody out of all of their shifts.

use super::{DutyBook, Window};
use crate::{Violation, decide::PersonEntry, id::check_line};
use jiff::{SignedDuration, Timestamp};
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

impl Leave {
    /// Whether an instant is within.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    /// Whether it has an instant in common with a window.
    #[must_use]
    pub fn meets(&self, window: Window) -> bool {
        self.window().meets(&window)
    }

    const fn window(&self) -> Window {
        Window { start: self.from, end: self.until }
    }
}

/// Checks a leave against the people there are, other leaves of the person and the stand-in, and the person's shifts.
#[must_use]
pub fn check_leave(
    leave: &Leave,
    others: &[Leave],
    book: &DutyBook,
    people: &HashMap<String, PersonEntry>,
) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut refuse = |field: &str, rule: String| found.push(Violation::new(field, rule));
    match people.get(&leave.person_id) {
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
    if let Some(stand_in) = &leave.stand_in_id
        && let Err(rule) = check_stand_in(leave, stand_in, others, book, people)
    {
        refuse("stand_in_id", rule);
    }
    if let Some(other) = away(&leave.person_id, leave, others) {
        let rule = format!(
            "`{}` is on leave from {} until {} already: cancel that one first",
            leave.person_id, other.from, other.until
        );
        refuse("from", rule);
    }
    found
}

fn check_stand_in(
    leave: &Leave,
    stand_in: &str,
    others: &[Leave],
    book: &DutyBook,
    people: &HashMap<String, PersonEntry>,
) -> Result<(), String> {
    let person_id = &leave.person_id;
    if stand_in == person_id {
        return Err("somebody else than who is away".into());
    }
    let entry = people.get(stand_in).ok_or_else(|| format!("no person `{stand_in}`"))?;
    if !entry.active {
        return Err(format!("`{stand_in}` is not active"));
    }
    if !entry.handles {
        return Err(format!("`{stand_in}` is no handler or unit leader"));
    }
    let person = people.get(person_id);
    if person.is_some_and(|person| !person.unit_ids.iter().any(|unit| entry.unit_ids.contains(unit))) {
        return Err(format!("`{stand_in}` belongs to no unit of `{person_id}`"));
    }
    // Where its times are refused nothing is said of what is meanwhile.
    if leave.until <= leave.from || leave.until.duration_since(leave.from) > LONGEST {
        return Ok(());
    }
    if let Some(other) = away(stand_in, leave, others) {
        return Err(format!("`{stand_in}` is on leave from {} until {}", other.from, other.until));
    }
    let units = book.units_within(person_id, leave.window());
    match units.into_iter().find(|unit| !entry.unit_ids.iter().any(|of| of == unit)) {
        Some(unit) => {
            Err(format!("`{stand_in}` does not belong to `{unit}`, where `{person_id}` has shifts meanwhile"))
        }
        None => Ok(()),
    }
}

/// Another leave of a person at the time of this one.
fn away<'a>(person: &str, leave: &Leave, others: &'a [Leave]) -> Option<&'a Leave> {
    others
        .iter()
        .find(|other| other.id != leave.id && other.person_id == person && other.meets(leave.window()))
}
