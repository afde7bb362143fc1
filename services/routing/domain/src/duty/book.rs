//! Who is on duty at an instant.

use super::{Leave, Roster, Swap, Window, zone};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::collections::HashMap;

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
        /// Who has their shifts meanwhile.
        stand_in_id: Option<String>,
    },
    /// A shift is theirs, and somebody else has it this time.
    Replaced {
        /// Who.
        by: String,
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
#[derive(Debug, Default)]
pub struct UnitDuty<'a> {
    /// Whether the unit has a roster; without one everybody is on duty who is not on leave.
    pub rostered: bool,
    at: Timestamp,
    on: HashMap<&'a str, OnDuty>,
    replaced: HashMap<&'a str, &'a str>,
    leaves: Option<&'a HashMap<String, Vec<Leave>>>,
}

/// Rosters, leave and swaps at one moment.
#[derive(Debug, Default)]
pub struct DutyBook {
    rosters: HashMap<String, Vec<(Roster, TimeZone)>>,
    leaves: HashMap<String, Vec<Leave>>,
    /// By whose it is.
    swaps: HashMap<String, Vec<Swap>>,
}

impl DutyBook {
    /// Of what there is. A roster whose zone is not known any more is left out.
    #[must_use]
    pub fn new(rosters: Vec<Roster>, leaves: Vec<Leave>, swaps: Vec<Swap>) -> Self {
        let mut book = Self::default();
        for roster in rosters {
            if let Some(zone) = zone(&roster.time_zone) {
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

    /// Who is on duty in a unit.
    #[must_use]
    pub fn unit(&self, unit_id: &str, at: Timestamp) -> UnitDuty<'_> {
        let Some(rosters) = self.rosters.get(unit_id) else {
            return UnitDuty { at, leaves: Some(&self.leaves), ..UnitDuty::default() };
        };
        let mut duty = UnitDuty { rostered: true, at, leaves: Some(&self.leaves), ..UnitDuty::default() };
        for (roster, zone) in rosters {
            for shift in &roster.shifts {
                let Some((day, window)) = shift.running(at, zone) else { continue };
                for person in &shift.person_ids {
                    self.enter(&mut duty, roster, &shift.name, day, window, person);
                }
            }
        }
        duty
    }

    /// Who has a shift of a person on a day: by a swap, else by the person's leave, else the person.
    fn enter<'a>(
        &'a self,
        duty: &mut UnitDuty<'a>,
        roster: &Roster,
        shift: &str,
        day: Date,
        window: Window,
        person: &'a str,
    ) {
        let swap = self.swap(&roster.id, shift, day, person);
        let leave = self.leave(person, duty.at);
        let (who, mut until) = match (swap, leave) {
            (Some(swap), _) => (Some(swap.stand_in_id.as_str()), window.end),
            (None, Some(leave)) => (leave.stand_in_id.as_deref(), window.end.min(leave.until)),
            (None, None) => {
                (Some(person), window.end.min(self.next_leave(person, duty.at).unwrap_or(window.end)))
            }
        };
        let Some(who) = who else { return };
        if who != person {
            if swap.is_some() {
                duty.replaced.insert(person, who);
            }
            // A stand-in who is away stands in for nobody.
            if self.leave(who, duty.at).is_some() {
                return;
            }
            until = until.min(self.next_leave(who, duty.at).unwrap_or(until));
        }
        let on = OnDuty {
            shift: Some((roster.id.clone(), shift.to_owned())),
            until: Some(until),
            instead_of: (who != person).then(|| person.to_owned()),
        };
        // One's own shift counts before somebody else's.
        let known = duty.on.get(who).is_some_and(|known| known.instead_of.is_none());
        if !known {
            duty.on.insert(who, on);
        }
    }

    fn swap(&self, roster: &str, shift: &str, day: Date, person: &str) -> Option<&Swap> {
        self.swaps
            .get(person)?
            .iter()
            .find(|swap| swap.roster_id == roster && swap.shift == shift && swap.day == day)
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
        self.leaves
            .get(person)?
            .iter()
            .find(|leave| Window { start: leave.from, end: leave.until }.meets(&window))
    }

    /// Roster, shift and day of what a person has to do within the window, swaps considered.
    #[must_use]
    pub fn shift_within(&self, person: &str, window: Window) -> Option<(&str, &str, Date)> {
        let rosters = self.rosters.values().flatten();
        for (roster, zone) in rosters {
            let first = window.start.to_zoned(zone.clone()).date();
            let days = [first.yesterday().ok(), Some(first), first.tomorrow().ok(), window_end(window, zone)];
            for shift in &roster.shifts {
                for day in days.into_iter().flatten().filter(|day| shift.occurs(*day)) {
                    if !shift.window(day, zone).is_some_and(|its| its.meets(&window)) {
                        continue;
                    }
                    let has = |owner: &String| match self.swap(&roster.id, &shift.name, day, owner) {
                        Some(swap) => swap.stand_in_id == person,
                        None => owner == person,
                    };
                    if shift.person_ids.iter().any(has) {
                        return Some((&roster.id, &shift.name, day));
                    }
                }
            }
        }
        None
    }

    /// Capacity that a roster of the unit gives a person by name.
    #[must_use]
    pub fn own_capacity(&self, unit_id: &str, person: &str) -> Option<u32> {
        self.rosters.get(unit_id)?.iter().find_map(|(roster, _)| roster.capacity_of(person))
    }

    /// Capacity that a roster of the unit gives all of its people.
    #[must_use]
    pub fn unit_capacity(&self, unit_id: &str) -> Option<u32> {
        self.rosters.get(unit_id)?.iter().map(|(roster, _)| roster.capacity).find(|capacity| *capacity > 0)
    }

    /// Everybody whom a roster of the unit names.
    pub fn people(&self, unit_id: &str) -> impl Iterator<Item = &str> {
        self.rosters.get(unit_id).into_iter().flatten().flat_map(|(roster, _)| roster.people())
    }
}

fn window_end(window: Window, zone: &TimeZone) -> Option<Date> {
    Some(window.end.to_zoned(zone.clone()).date())
}

impl UnitDuty<'_> {
    /// How a person stands to it.
    #[must_use]
    pub fn of(&self, person: &str) -> Standing {
        let leaves = self.leaves.and_then(|leaves| leaves.get(person)).map(Vec::as_slice).unwrap_or_default();
        if let Some(leave) = leaves.iter().find(|leave| leave.covers(self.at)) {
            return Standing::OnLeave { until: leave.until, stand_in_id: leave.stand_in_id.clone() };
        }
        if let Some(on) = self.on.get(person) {
            return Standing::OnDuty(on.clone());
        }
        if !self.rostered {
            let until = leaves.iter().map(|leave| leave.from).filter(|from| self.at < *from).min();
            return Standing::OnDuty(OnDuty { until, ..OnDuty::default() });
        }
        match self.replaced.get(person) {
            Some(by) => Standing::Replaced { by: (*by).to_owned() },
            None => Standing::OffDuty,
        }
    }
}
