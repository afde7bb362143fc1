//! Responsibilities as a decision sees them.

use super::{ChargeKind, Responsibility};
use crate::{
    area::branches,
    decide::PersonEntry,
    duty::{DutyBook, Standing},
};
use jiff::Timestamp;
use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

/// How a responsible person can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attendance {
    /// There.
    There,
    /// On leave, and who stands in for them; none: nobody who can.
    Away {
        /// An active handler of the same unit who is on duty.
        stand_in_id: Option<String>,
    },
    /// Has no shift at this time.
    OffDuty,
    /// Not active any more.
    Inactive,
    /// Does not belong to the unit any more.
    LeftUnit,
    /// Takes no tickets on any more.
    NoHandler,
}

/// Who answers for a ticket's customer or asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answerable {
    /// Which of the two.
    pub kind: ChargeKind,
    /// For which branch of the catalogue; empty: for all of it.
    pub item: String,
    /// Who.
    pub person_id: String,
    /// For which unit of theirs.
    pub unit_id: String,
    /// Counts for tickets of every region; else only for those within the region of the unit.
    pub everywhere: bool,
    /// How they can be reached.
    pub attendance: Attendance,
    /// Whether they, or who stands in, may see sensitive tickets.
    pub cleared: bool,
}

impl Answerable {
    /// Who would get it: who stands in, else the person.
    #[must_use]
    pub fn taker(&self) -> &str {
        self.attendance.stand_in().unwrap_or(&self.person_id)
    }
}

impl Attendance {
    /// Who stands in.
    #[must_use]
    pub fn stand_in(&self) -> Option<&str> {
        match self {
            Self::Away { stand_in_id } => stand_in_id.as_deref(),
            Self::There | Self::OffDuty | Self::Inactive | Self::LeftUnit | Self::NoHandler => None,
        }
    }
}

/// Those who answer for a ticket about an item, of all that were found for its asset and its customer: the asset's first,
/// then the most specific branch. Of the people those in `cleared` may see sensitive tickets.
#[must_use]
pub fn answerable<'a>(
    found: impl IntoIterator<Item = &'a Responsibility>,
    item: &str,
    people: &HashMap<String, PersonEntry>,
    cleared: &HashSet<String>,
    duty: &DutyBook,
    at: Timestamp,
) -> Vec<Answerable> {
    let branches = branches(item);
    let fits = |one: &&Responsibility| {
        one.in_force(at) && (one.item.is_empty() || branches.contains(&one.item.as_str()))
    };
    let mut fitting: Vec<&Responsibility> = found.into_iter().filter(fits).collect();
    // Of branches of one item the longer key is the more specific.
    fitting.sort_by_key(|one| (one.charge.kind(), Reverse(one.item.len()), one.id));
    fitting
        .into_iter()
        .map(|one| {
            let attendance = attendance(one, people, duty, at);
            Answerable {
                kind: one.charge.kind(),
                item: one.item.clone(),
                person_id: one.person_id.clone(),
                unit_id: one.unit_id.clone(),
                everywhere: one.everywhere,
                cleared: cleared.contains(attendance.stand_in().unwrap_or(&one.person_id)),
                attendance,
            }
        })
        .collect()
}

fn attendance(
    one: &Responsibility,
    people: &HashMap<String, PersonEntry>,
    duty: &DutyBook,
    at: Timestamp,
) -> Attendance {
    let Some(person) = people.get(&one.person_id).filter(|person| person.active) else {
        return Attendance::Inactive;
    };
    if !person.unit_ids.contains(&one.unit_id) {
        return Attendance::LeftUnit;
    }
    if !person.handles {
        return Attendance::NoHandler;
    }
    let duty = duty.unit(&one.unit_id, at);
    match duty.of(&one.person_id) {
        Standing::OnDuty(_) => Attendance::There,
        Standing::OffDuty | Standing::Replaced { .. } => Attendance::OffDuty,
        Standing::OnLeave { stand_in_id, .. } => {
            let can = |id: &String| {
                let of_unit = people.get(id).filter(|other| other.unit_ids.contains(&one.unit_id));
                of_unit.is_some_and(|other| other.active && other.handles)
                    && matches!(duty.of(id), Standing::OnDuty(_))
            };
            Attendance::Away { stand_in_id: stand_in_id.filter(can) }
        }
    }
}
