//! Who is on duty at an instant.

use super::{Leave, Roster, Slot, Swap, Window, zone};
use crate::decide::PersonEntry;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::collections::{BTreeSet, HashMap, HashSet};

/// How a person stands to the duty of a unit at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// On duty.
    OnDuty(OnDuty),
    /// No shift is theirs at this time.
    OffDuty,
    /// Away.
    OnLeave {
        /// Until here, excluded.
        until: Timestamp,
        /// Who has their shifts meanwhile; none: nobody.
        stand_in_id: Option<String>,
    },
    /// A shift is theirs, and it was given to somebody else this time.
    Replaced {
        /// Who has it; none: nobody, for who should is away.
        by: Option<String>,
    },
}

/// On duty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnDuty {
    /// The roster and the shift; none: the unit has no roster, so everybody is.
    pub shift: Option<(String, String)>,
    /// When it is over; none: no end is known.
    pub until: Option<Timestamp>,
    /// Whose shift it is, when it is not their own.
    pub instead_of: Option<String>,
}

/// Who is on duty in a unit at an instant.
#[derive(Debug)]
pub struct UnitDuty<'a> {
    /// Whether the unit has a roster; without one everybody is on duty who is not on leave.
    pub rostered: bool,
    book: &'a DutyBook,
    unit_id: String,
    at: Timestamp,
    on: HashMap<&'a str, OnDuty>,
    /// Whose shift runs and who has it, when that is somebody else or nobody.
    taken: HashMap<&'a str, Option<&'a str>>,
}

/// Rosters, leave and swaps at one moment.
#[derive(Debug, Clone, Default)]
pub struct DutyBook {
    rosters: HashMap<String, Vec<(Roster, TimeZone)>>,
    leaves: HashMap<String, Vec<Leave>>,
    /// By whose it is.
    swaps: HashMap<String, Vec<Swap>>,
    /// By unit, what its rosters give their people.
    limits: HashMap<String, Limits>,
    /// Those who may have somebody else's shift; none: it is not known, and anybody may.
    people: Option<HashMap<String, PersonEntry>>,
}

/// Capacities by person.
#[derive(Debug, Clone, Default)]
struct Limits {
    /// Given by name.
    own: HashMap<String, u32>,
    /// Of the first roster that names the person and gives its people one.
    roster: HashMap<String, u32>,
}

impl DutyBook {
    /// Of what there is. A roster whose zone is not known any more is left out.
    #[must_use]
    pub fn new(rosters: Vec<Roster>, leaves: Vec<Leave>, swaps: Vec<Swap>) -> Self {
        let mut book = Self::default();
        for roster in rosters {
            if let Some(zone) = zone(&roster.time_zone) {
                book.limits.entry(roster.unit_id.clone()).or_default().learn(&roster);
                book.rosters.entry(roster.unit_id.clone()).or_default().push((roster, zone));
            }
        }
        for leave in leaves {
            book.leaves.entry(leave.person_id.clone()).or_default().push(leave);
        }
        for swap in swaps {
            book.swaps.entry(swap.person_id.clone()).or_default().push(swap);
        }
        book
    }

    /// With the people of its units: a shift goes only to those who are active and handle tickets in its unit.
    #[must_use]
    pub fn with_people(mut self, people: HashMap<String, PersonEntry>) -> Self {
        self.people = Some(people);
        self
    }

    /// Who is on duty in a unit.
    #[must_use]
    pub fn unit(&self, unit_id: &str, at: Timestamp) -> UnitDuty<'_> {
        let rosters = self.rosters.get(unit_id);
        let mut duty = UnitDuty {
            rostered: rosters.is_some(),
            book: self,
            unit_id: unit_id.to_owned(),
            at,
            on: HashMap::new(),
            taken: HashMap::new(),
        };
        for (roster, zone) in rosters.into_iter().flatten() {
            for shift in &roster.shifts {
                let Some((day, window)) = shift.running(at, zone) else { continue };
                for person in &shift.person_ids {
                    self.enter(&mut duty, Slot { roster, shift, day }, window, person);
                }
            }
        }
        duty
    }

    /// Who has a shift of a person on a day: whom it was given to, else the person, and while they are away whoever
    /// stands in for them.
    fn enter<'a>(&'a self, duty: &mut UnitDuty<'a>, slot: Slot<'_>, window: Window, person: &'a str) {
        let given_to = self.swap(slot, person).map(|swap| swap.stand_in_id.as_str());
        let (who, until) = self.taker(&duty.unit_id, person, given_to.unwrap_or(person), duty.at);
        if who != Some(person) {
            duty.taken.insert(person, who);
        }
        let Some(who) = who else { return };
        let on = OnDuty {
            shift: Some((slot.roster.id.clone(), slot.shift.name.clone())),
            until: Some(until.map_or(window.end, |until| window.end.min(until))),
            instead_of: (who != person).then(|| person.to_owned()),
        };
        // One's own shift counts before somebody else's.
        let known = duty.on.get(who).is_some_and(|known| known.instead_of.is_none());
        if !known {
            duty.on.insert(who, on);
        }
    }

    /// Who has what is `first`'s at an instant, and until when leave lets it be so: who is away hands it on to their
    /// stand-in. Nobody has it where that ends with somebody who is away without a stand-in, in a circle, or with
    /// somebody who cannot have the unit's shifts.
    fn taker<'a>(
        &'a self,
        unit_id: &str,
        owner: &str,
        first: &'a str,
        at: Timestamp,
    ) -> (Option<&'a str>, Option<Timestamp>) {
        let earlier = |a: Option<Timestamp>, b: Option<Timestamp>| a.into_iter().chain(b).min();
        let (mut who, mut until) = (first, None);
        let mut seen = Vec::new();
        loop {
            if who != owner && !self.may_have_shifts(unit_id, who) {
                return (None, until);
            }
            let Some(leave) = self.leave(who, at) else {
                return (Some(who), earlier(until, self.next_leave(who, at)));
            };
            until = earlier(until, Some(leave.until));
            seen.push(who);
            match leave.stand_in_id.as_deref() {
                Some(next) if !seen.contains(&next) => who = next,
                _ => return (None, until),
            }
        }
    }

    fn may_have_shifts(&self, unit_id: &str, person: &str) -> bool {
        let Some(people) = &self.people else { return true };
        people.get(person).is_some_and(|entry| {
            entry.active && entry.handles && entry.unit_ids.iter().any(|unit| unit == unit_id)
        })
    }

    fn swap(&self, slot: Slot<'_>, person: &str) -> Option<&Swap> {
        self.swaps.get(person)?.iter().find(|swap| swap.is_of(slot))
    }

    fn leave(&self, person: &str, at: Timestamp) -> Option<&Leave> {
        self.leaves.get(person)?.iter().find(|leave| leave.covers(at))
    }

    fn next_leave(&self, person: &str, at: Timestamp) -> Option<Timestamp> {
        self.leaves.get(person)?.iter().map(|leave| leave.from).filter(|from| at < *from).min()
    }

    /// A leave of a person that has an instant in common with the window.
    #[must_use]
    pub fn leave_within(&self, person: &str, window: Window) -> Option<&Leave> {
        self.leaves.get(person)?.iter().find(|leave| leave.meets(window))
    }

    /// Of what a person has to do within the window, swaps considered: the first that is found. What is somebody's by
    /// `but` is not looked at.
    #[must_use]
    pub fn shift_within(&self, person: &str, window: Window, but: Option<&Swap>) -> Option<Slot<'_>> {
        let rosters = self.rosters.values().flatten();
        rosters.into_iter().find_map(|(roster, zone)| self.slot_within(roster, zone, person, window, but))
    }

    /// Units in which a person has something to do within the window, swaps considered.
    #[must_use]
    pub fn units_within(&self, person: &str, window: Window) -> BTreeSet<&str> {
        let has = |(roster, zone): &&(Roster, TimeZone)| {
            self.slot_within(roster, zone, person, window, None).is_some()
        };
        self.rosters.values().flatten().filter(has).map(|(roster, _)| roster.unit_id.as_str()).collect()
    }

    fn slot_within<'a>(
        &'a self,
        roster: &'a Roster,
        zone: &TimeZone,
        person: &str,
        window: Window,
        but: Option<&Swap>,
    ) -> Option<Slot<'a>> {
        let meets = |slot: &Slot<'_>| {
            slot.shift.occurs(slot.day)
                && slot.shift.window(slot.day, zone).is_some_and(|its| its.meets(&window))
        };
        let looked_at =
            |slot: &Slot<'_>, owner: &str| !but.is_some_and(|but| but.person_id == owner && but.is_of(*slot));
        let taken = self.swaps.values().flatten().filter(|swap| swap.stand_in_id == person);
        let taken = taken.filter(|swap| swap.roster_id == roster.id).filter_map(|swap| {
            let shift = roster.shift(&swap.shift)?;
            let slot = Slot { roster, shift, day: swap.day };
            (shift.person_ids.contains(&swap.person_id) && looked_at(&slot, &swap.person_id)).then_some(slot)
        });
        if let Some(slot) = taken.into_iter().find(meets) {
            return Some(slot);
        }
        let own = roster.shifts.iter().filter(|shift| shift.person_ids.iter().any(|owner| owner == person));
        let (from, last) = (date_in(window.start, zone), date_in(window.end, zone));
        let from = from.yesterday().unwrap_or(from);
        own.flat_map(|shift| {
            let days = from.series(jiff::Span::new().days(1)).take_while(move |day| *day <= last);
            days.map(move |day| Slot { roster, shift, day })
        })
        .find(|slot| looked_at(slot, person) && meets(slot) && self.swap(*slot, person).is_none())
    }

    pub(super) fn rosters_of(&self, unit_id: &str) -> &[(Roster, TimeZone)] {
        self.rosters.get(unit_id).map(Vec::as_slice).unwrap_or_default()
    }

    /// Instants of the window at which people whom the unit's rosters name, or who stand in for them, come back from leave.
    pub(super) fn returns(&self, unit_id: &str, window: Window) -> Vec<Timestamp> {
        let mut people: HashSet<&str> = HashSet::new();
        let mut left: Vec<&str> = self.people(unit_id).collect();
        while let Some(person) = left.pop() {
            if !people.insert(person) {
                continue;
            }
            let leaves = self.leaves.get(person).into_iter().flatten();
            left.extend(leaves.filter_map(|leave| leave.stand_in_id.as_deref()));
            let swaps = self.swaps.get(person).into_iter().flatten();
            left.extend(swaps.map(|swap| swap.stand_in_id.as_str()));
        }
        let leaves = people.into_iter().filter_map(|person| self.leaves.get(person)).flatten();
        leaves.map(|leave| leave.until).filter(|until| window.contains(*until)).collect()
    }

    /// Everybody who stands in for somebody.
    pub fn stand_ins(&self) -> impl Iterator<Item = String> {
        let leaves = self.leaves.values().flatten().filter_map(|leave| leave.stand_in_id.clone());
        leaves.chain(self.swaps.values().flatten().map(|swap| swap.stand_in_id.clone()))
    }

    /// Capacity that a roster of the unit gives a person by name.
    #[must_use]
    pub fn own_capacity(&self, unit_id: &str, person: &str) -> Option<u32> {
        self.limits.get(unit_id)?.own.get(person).copied()
    }

    /// Capacity that a roster of the unit gives its people, of whom the person is one.
    #[must_use]
    pub fn roster_capacity(&self, unit_id: &str, person: &str) -> Option<u32> {
        self.limits.get(unit_id)?.roster.get(person).copied()
    }

    /// Everybody whom a roster of the unit names.
    pub fn people(&self, unit_id: &str) -> impl Iterator<Item = &str> {
        self.rosters.get(unit_id).into_iter().flatten().flat_map(|(roster, _)| roster.people())
    }
}

fn date_in(at: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(at).date()
}

impl Limits {
    fn learn(&mut self, roster: &Roster) {
        for (person, capacity) in &roster.capacities {
            self.own.entry(person.clone()).or_insert(*capacity);
        }
        if roster.capacity > 0 {
            for person in roster.people() {
                self.roster.entry(person.to_owned()).or_insert(roster.capacity);
            }
        }
    }
}

impl UnitDuty<'_> {
    /// Who has a shift at the instant, their own or somebody else's.
    pub(super) fn people(&self) -> impl Iterator<Item = &str> {
        self.on.keys().copied()
    }

    /// How a person stands to it.
    #[must_use]
    pub fn of(&self, person: &str) -> Standing {
        let taken = self.taken.get(person).map(|by| by.map(ToOwned::to_owned));
        if let Some(leave) = self.book.leave(person, self.at) {
            let (stand_in, _) = self.book.taker(&self.unit_id, person, person, self.at);
            let stand_in_id = taken.unwrap_or_else(|| stand_in.map(ToOwned::to_owned));
            return Standing::OnLeave { until: leave.until, stand_in_id };
        }
        if let Some(on) = self.on.get(person) {
            return Standing::OnDuty(on.clone());
        }
        if !self.rostered {
            let until = self.book.next_leave(person, self.at);
            return Standing::OnDuty(OnDuty { until, ..OnDuty::default() });
        }
        match taken {
            Some(by) => Standing::Replaced { by },
            None => Standing::OffDuty,
        }
    }
}
