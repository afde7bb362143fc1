//! Rosters, leave and swaps as the contract has them.

use crate::store::{LeaveRecord, RosterRevision};
use gongdan_errors::Violations;
use gongdan_proto::{from_timestamp, routing::v1 as pb, to_timestamp};
use gongdan_routing_domain::duty::{DEFAULT_ZONE, DutyBook, Roster, Shift, Swap};
use jiff::{
    Timestamp,
    civil::{Date, Time},
};
use std::collections::{BTreeMap, BTreeSet};

/// A roster as it was sent.
pub fn decode_roster(message: pb::Roster, violations: &mut Violations) -> Roster {
    let capacity = |field: &str, number: i32, violations: &mut Violations| {
        violations.field(field, u32::try_from(number).map_err(|_| "0 or more")).unwrap_or_default()
    };
    let mut capacities = BTreeMap::new();
    for (n, entry) in message.capacities.into_iter().enumerate() {
        let field = format!("roster.capacities[{n}]");
        let own = capacity(&format!("{field}.capacity"), entry.capacity, violations);
        if capacities.insert(entry.person_id, own).is_some() {
            violations.add(field, "given twice");
        }
    }
    let shifts = message.shifts.into_iter().enumerate();
    let shifts = shifts
        .filter_map(|(n, shift)| decode_shift(&format!("roster.shifts[{n}]"), shift, violations))
        .collect();
    Roster {
        name: if message.name.is_empty() { message.id.clone() } else { message.name },
        id: message.id,
        unit_id: message.unit_id,
        time_zone: if message.time_zone.is_empty() { DEFAULT_ZONE.to_owned() } else { message.time_zone },
        capacity: capacity("roster.capacity", message.capacity, violations),
        capacities,
        shifts,
    }
}

fn decode_shift(path: &str, shift: pb::Shift, violations: &mut Violations) -> Option<Shift> {
    let mut dates = |field: &str, given: &[String]| -> BTreeSet<Date> {
        let numbered = given.iter().enumerate();
        numbered
            .filter_map(|(n, text)| violations.field(format!("{path}.{field}[{n}]"), date(text)))
            .collect()
    };
    let single = dates("dates", &shift.dates);
    let except = dates("except_dates", &shift.except_dates);
    let optional = |text: &str| if text.is_empty() { Ok(None) } else { date(text).map(Some) };
    let first_day = violations.field(format!("{path}.first_date"), optional(&shift.first_date));
    let last_day = violations.field(format!("{path}.last_date"), optional(&shift.last_date));
    let start = violations.field(format!("{path}.start"), hour(&shift.start));
    let end = violations.field(format!("{path}.end"), hour(&shift.end));
    // A number that is no weekday stays one that is none.
    let weekdays = shift.weekdays.iter().map(|day| u8::try_from(*day).unwrap_or(0)).collect();
    Some(Shift {
        name: shift.name,
        person_ids: shift.person_ids,
        weekdays,
        dates: single,
        except,
        first_day: first_day?,
        last_day: last_day?,
        start: start?,
        end: end?,
    })
}

/// A day as it is written.
pub fn date(text: &str) -> Result<Date, &'static str> {
    const RULE: &str = "a date like 2026-12-05";
    if text.len() == 10 { text.parse().map_err(|_| RULE) } else { Err(RULE) }
}

fn hour(text: &str) -> Result<Time, &'static str> {
    const RULE: &str = "a time like 22:00";
    if text.len() == 5 { text.parse().map_err(|_| RULE) } else { Err(RULE) }
}

/// An instant that has to be given, as precise as it is kept: what it is checked against is kept so, too.
pub fn instant(given: Option<&prost_types::Timestamp>) -> Result<Timestamp, &'static str> {
    const RULE: &str = "an instant";
    let at = given.ok_or("required").and_then(|at| from_timestamp(at).map_err(|_| RULE))?;
    Timestamp::from_microsecond(at.as_microsecond()).map_err(|_| RULE)
}

/// A roster.
pub fn roster(revision: &RosterRevision) -> pb::Roster {
    let roster = &revision.roster;
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    pb::Roster {
        id: roster.id.clone(),
        name: roster.name.clone(),
        unit_id: roster.unit_id.clone(),
        time_zone: roster.time_zone.clone(),
        capacity: number(roster.capacity),
        capacities: roster
            .capacities
            .iter()
            .map(|(person, capacity)| pb::PersonCapacity {
                person_id: person.clone(),
                capacity: number(*capacity),
            })
            .collect(),
        shifts: roster.shifts.iter().map(shift).collect(),
        etag: revision.revision.to_string(),
        updated_at: Some(to_timestamp(revision.written_at)),
        dropped_swaps: revision.dropped.iter().cloned().map(swap).collect(),
    }
}

fn shift(shift: &Shift) -> pb::Shift {
    let dates = |dates: &BTreeSet<Date>| dates.iter().map(ToString::to_string).collect();
    let hour = |time: Time| format!("{:02}:{:02}", time.hour(), time.minute());
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    pb::Shift {
        name: shift.name.clone(),
        person_ids: shift.person_ids.clone(),
        weekdays: shift.weekdays.iter().map(|day| i32::from(*day)).collect(),
        dates: dates(&shift.dates),
        except_dates: dates(&shift.except),
        first_date: day(shift.first_day),
        last_date: day(shift.last_day),
        start: hour(shift.start),
        end: hour(shift.end),
    }
}

/// A leave.
pub fn leave(record: &LeaveRecord) -> pb::Leave {
    let leave = &record.leave;
    pb::Leave {
        id: leave.id.to_string(),
        person_id: leave.person_id.clone(),
        from: Some(to_timestamp(leave.from)),
        until: Some(to_timestamp(leave.until)),
        stand_in_id: leave.stand_in_id.clone().unwrap_or_default(),
        reason: leave.reason.clone(),
        recorded_by: record.recorded_by.clone(),
        cancelled_at: record.cancelled_at.map(to_timestamp),
        tickets_in_hand: 0,
    }
}

/// A swap.
pub fn swap(swap: Swap) -> pb::Swap {
    pb::Swap {
        roster_id: swap.roster_id,
        shift: swap.shift,
        date: swap.day.to_string(),
        person_id: swap.person_id,
        stand_in_id: swap.stand_in_id,
    }
}

/// What a person of a unit may have when the rule does not say.
pub fn capacity(book: &DutyBook, unit_id: &str, person: &str, default: u32) -> u32 {
    let own = book.own_capacity(unit_id, person);
    own.or_else(|| book.roster_capacity(unit_id, person)).unwrap_or(default)
}
