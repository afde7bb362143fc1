//! One shift of one day goes to somebody else (临时变动).

use super::{DutyBook, Roster, Shift, Window, zone};
use crate::{Violation, decide::PersonEntry};
use jiff::{Timestamp, civil::Date};
use std::collections::{HashMap, HashSet};

/// One shift of one day that is somebody else's.
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

/// A shift on a day.
#[derive(Debug, Clone, Copy)]
pub struct Slot<'a> {
    /// The roster.
    pub roster: &'a Roster,
    /// One of its shifts.
    pub shift: &'a Shift,
    /// The day it begins on, in the roster's zone.
    pub day: Date,
}

impl Swap {
    /// Whether this is what it gives away.
    #[must_use]
    pub fn is_of(&self, slot: Slot<'_>) -> bool {
        self.roster_id == slot.roster.id && self.shift == slot.shift.name && self.day == slot.day
    }

    /// What it gives away: none if there is no such shift of that person on that day.
    fn slot<'a>(&self, roster: &'a Roster) -> Option<(Slot<'a>, Window)> {
        let shift = roster.shift(&self.shift)?;
        let there = shift.person_ids.contains(&self.person_id) && shift.occurs(self.day);
        let window = shift.window(self.day, &zone(&roster.time_zone)?).filter(|_| there)?;
        Some((Slot { roster, shift, day: self.day }, window))
    }
}

/// Checks a swap against the roster it is of and everything that is known of the stand-in's duty.
#[must_use]
pub fn check_swap(
    swap: &Swap,
    roster: &Roster,
    book: &DutyBook,
    people: &HashMap<String, PersonEntry>,
) -> Vec<Violation> {
    let Some(shift) = roster.shift(&swap.shift) else {
        return refused("shift", format!("roster `{}` has no shift `{}`", roster.id, swap.shift));
    };
    if !shift.person_ids.contains(&swap.person_id) {
        return refused("person_id", format!("`{}` does not have shift `{}`", swap.person_id, swap.shift));
    }
    let Some((_, window)) = swap.slot(roster) else {
        return refused("date", format!("shift `{}` is not on {}", swap.shift, swap.day));
    };
    if swap.stand_in_id == swap.person_id {
        return refused("stand_in_id", "somebody else than whose shift it is".into());
    }
    if let Err(rule) = may_have_shifts(people, &swap.stand_in_id, &roster.unit_id) {
        return refused("stand_in_id", rule);
    }
    match busy(book, &swap.stand_in_id, window, swap) {
        Some(rule) => refused("stand_in_id", rule),
        None => Vec::new(),
    }
}

/// Checks that a shift that was given away may be its owner's again. What is not there any more may always be given back.
#[must_use]
pub fn check_give_back(swap: &Swap, roster: &Roster, book: &DutyBook) -> Vec<Violation> {
    let Some((_, window)) = swap.slot(roster) else { return Vec::new() };
    match busy(book, &swap.person_id, window, swap) {
        Some(rule) => refused("person_id", rule),
        None => Vec::new(),
    }
}

/// What a roster makes of the swaps there are: those of its own that it takes back, as their shift, day or people are
/// gone; and what is wrong with it, because somebody would have two shifts at the same time by one that stays. `others`
/// are the rosters beside it of units that the people belong to. What is over by now clashes with nothing.
#[must_use]
pub fn settle_swaps(
    roster: &Roster,
    others: &[Roster],
    swaps: Vec<Swap>,
    people: &HashMap<String, PersonEntry>,
    now: Timestamp,
) -> (Vec<Swap>, Vec<Violation>) {
    let fits = |swap: &Swap| {
        swap.roster_id != roster.id
            || (swap.slot(roster).is_some()
                && may_have_shifts(people, &swap.stand_in_id, &roster.unit_id).is_ok())
    };
    let (kept, dropped): (Vec<Swap>, Vec<Swap>) = swaps.into_iter().partition(fits);
    let others = others.iter().filter(|other| other.id != roster.id);
    let rosters: HashMap<&str, &Roster> =
        others.chain([roster]).map(|roster| (roster.id.as_str(), roster)).collect();
    let book =
        DutyBook::new(rosters.values().map(|roster| (*roster).clone()).collect(), Vec::new(), kept.clone());
    let named: HashSet<&str> = roster.people().collect();
    let concerned = |swap: &&Swap| swap.roster_id == roster.id || named.contains(swap.stand_in_id.as_str());
    let found = kept.iter().filter(concerned).filter_map(|swap| {
        let (its, window) = swap.slot(rosters.get(swap.roster_id.as_str())?)?;
        if window.end <= now {
            return None;
        }
        let other = book.shift_within(&swap.stand_in_id, window, Some(swap))?;
        let here = [its, other].into_iter().find(|slot| slot.roster.id == roster.id)?;
        let place = roster.shifts.iter().position(|shift| shift.name == here.shift.name)?;
        let rule = format!(
            "`{}` has shift `{}` of roster `{}` on {} instead of `{}`, and shift `{}` of roster `{}` on {} at the \
             same time: give that back first",
            swap.stand_in_id,
            swap.shift,
            swap.roster_id,
            swap.day,
            swap.person_id,
            other.shift.name,
            other.roster.id,
            other.day,
        );
        Some(Violation::new(format!("roster.shifts[{place}]"), rule))
    });
    let found = found.collect();
    (dropped, found)
}

/// Whether somebody may have shifts of a unit, else why not.
pub(super) fn may_have_shifts(
    people: &HashMap<String, PersonEntry>,
    person: &str,
    unit_id: &str,
) -> Result<(), String> {
    match people.get(person) {
        None => Err(format!("no person `{person}`")),
        Some(entry) if !entry.active => Err(format!("`{person}` is not active")),
        Some(entry) if !entry.unit_ids.iter().any(|unit| unit == unit_id) => {
            Err(format!("`{person}` does not belong to `{unit_id}`"))
        }
        Some(entry) if !entry.handles => Err(format!("`{person}` is no handler or unit leader")),
        Some(_) => Ok(()),
    }
}

/// Why somebody cannot have what a swap is about.
fn busy(book: &DutyBook, person: &str, window: Window, swap: &Swap) -> Option<String> {
    if let Some(leave) = book.leave_within(person, window) {
        return Some(format!("`{person}` is on leave from {} until {}", leave.from, leave.until));
    }
    let Slot { roster, shift, day } = book.shift_within(person, window, Some(swap))?;
    Some(format!("`{person}` has shift `{}` of roster `{}` on {day} at the same time", shift.name, roster.id))
}

fn refused(field: &str, rule: String) -> Vec<Violation> {
    vec![Violation::new(field, rule)]
}
