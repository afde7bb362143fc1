//! Rosters and their shifts.

use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The zone of a roster that names none.
pub const DEFAULT_ZONE: &str = "Asia/Shanghai";

/// A shift: the same hours on certain days, for certain people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// What people call it, once in its roster: `夜班`.
    pub name: String,
    /// Who has it.
    pub person_ids: Vec<String>,
    /// Days of the week, 1 Monday to 7.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<u8>,
    /// Single days beside them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub dates: BTreeSet<Date>,
    /// Days on which it is not.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub except: BTreeSet<Date>,
    /// First day of the weekly pattern; none: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_day: Option<Date>,
    /// Last day of the weekly pattern; none: for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_day: Option<Date>,
    /// When it begins.
    pub start: Time,
    /// When it ends, excluded; at or before the start: on the next day.
    pub end: Time,
}

/// The shifts of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    /// Chosen by people.
    pub id: String,
    /// What people read.
    pub name: String,
    /// The unit whose people it names.
    pub unit_id: String,
    /// Zone of its hours, by its IANA name.
    pub time_zone: String,
    /// How many tickets each of its people may have at a time; 0: as the rule or the service says.
    #[serde(default)]
    pub capacity: u32,
    /// How many single people may have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub capacities: BTreeMap<String, u32>,
    /// At least one.
    pub shifts: Vec<Shift>,
}

/// A shift on one day, from `start` until before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// From here on.
    pub start: Timestamp,
    /// Until here, excluded.
    pub end: Timestamp,
}

impl Window {
    /// Whether an instant is within.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }

    /// Whether both have an instant in common.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// The zone of this name.
#[must_use]
pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

impl Shift {
    /// Whether it begins on this day.
    #[must_use]
    pub fn occurs(&self, day: Date) -> bool {
        if self.except.contains(&day) {
            return false;
        }
        let weekday = day.weekday().to_monday_one_offset().unsigned_abs();
        let weekly = self.weekdays.contains(&weekday)
            && self.first_day.is_none_or(|first| first <= day)
            && self.last_day.is_none_or(|last| day <= last);
        weekly || self.dates.contains(&day)
    }

    /// When it is if it begins on this day; none at the end of time.
    #[must_use]
    pub fn window(&self, day: Date, zone: &TimeZone) -> Option<Window> {
        let last = if self.end <= self.start { day.tomorrow().ok()? } else { day };
        let instant = |day: Date, time: Time| {
            day.to_datetime(time).to_zoned(zone.clone()).ok().map(|at| at.timestamp())
        };
        let window = Window { start: instant(day, self.start)?, end: instant(last, self.end)? };
        (window.start < window.end).then_some(window)
    }

    /// The occurrence that an instant is in, by the day it begins on.
    pub(super) fn running(&self, at: Timestamp, zone: &TimeZone) -> Option<(Date, Window)> {
        let today = at.to_zoned(zone.clone()).date();
        // Of two that touch the later one has the instant: windows are half open.
        [Some(today), today.yesterday().ok()].into_iter().flatten().filter(|day| self.occurs(*day)).find_map(
            |day| self.window(day, zone).filter(|window| window.contains(at)).map(|window| (day, window)),
        )
    }
}

impl Roster {
    /// The shift of this name.
    #[must_use]
    pub fn shift(&self, name: &str) -> Option<&Shift> {
        self.shifts.iter().find(|shift| shift.name == name)
    }

    /// How many tickets a person may have at a time by this roster; none: it says nothing.
    #[must_use]
    pub fn capacity_of(&self, person: &str) -> Option<u32> {
        self.capacities.get(person).copied()
    }

    /// Everybody who has a shift.
    pub fn people(&self) -> impl Iterator<Item = &str> {
        let people: BTreeSet<&str> =
            self.shifts.iter().flat_map(|shift| shift.person_ids.iter().map(String::as_str)).collect();
        people.into_iter()
    }
}
