//! Direct dispatch (直派) to whoever answers for the ticket's customer or asset, and transfer (转派) to the second-level desk
//! nearest to its region. Source: R5.

use super::{Decided, Search, Target};
use crate::{
    explanation::{DeskTrial, DirectOutcome, DirectTrial, Outcome},
    responsible::{Answerable, Attendance},
};

impl Search<'_> {
    /// The first who can be reached gets it, or their stand-in, or their unit.
    pub(super) fn direct(&mut self) -> Option<Decided> {
        let history = self.history;
        let mut chosen = None;
        for one in &history.answerable {
            let (outcome, person) = match chosen {
                Some(_) => (DirectOutcome::Behind, None),
                None => self.reach(one),
            };
            if outcome.decided() {
                chosen = Some((one, outcome, person));
            }
            let named = matches!(outcome, DirectOutcome::StandIn | DirectOutcome::UnitMayNotSeeIt);
            let stand_in = one.attendance.stand_in().filter(|_| named).map(ToOwned::to_owned);
            self.explanation.direct.push(DirectTrial {
                kind: one.kind,
                item: one.item.clone(),
                person: one.person_id.clone(),
                unit: one.unit_id.clone(),
                outcome,
                stand_in,
            });
        }
        let (one, outcome, person_id) = chosen?;
        let target = Target::Dispatch { unit_id: one.unit_id.clone(), person_id };
        let branch = if one.item.is_empty() { String::new() } else { format!(", {}", one.item) };
        let how = match outcome {
            DirectOutcome::StandIn => format!(", who stands in for {}", one.person_id),
            DirectOutcome::UnitOnLeave => {
                format!(", {} is on leave and nobody stands in", one.person_id)
            }
            DirectOutcome::UnitOffDuty => format!(", {} is off duty", one.person_id),
            DirectOutcome::UnitNoHandler => format!(", {} takes no tickets on", one.person_id),
            DirectOutcome::UnitMayNotSeeIt => format!(", {} may not see sensitive tickets", one.taker()),
            _ => String::new(),
        };
        let summary = format!("responsible for the {}{branch} → {target}{how}", one.kind);
        Some(self.decided(target, None, None, summary))
    }

    /// What comes of somebody, and who of the unit gets it.
    fn reach(&self, one: &Answerable) -> (DirectOutcome, Option<String>) {
        if self.ticket.returned_by.contains(&one.unit_id) {
            return (DirectOutcome::ReturnedIt, None);
        }
        if self.escalated_from(&one.unit_id) {
            return (DirectOutcome::EscalatedFrom, None);
        }
        let Some(unit) = self.directory.unit(&one.unit_id).filter(|unit| unit.takes_part_at(self.at)) else {
            return (DirectOutcome::UnitGone, None);
        };
        if !one.everywhere && !unit.range().contains(self.ticket.region) {
            return (DirectOutcome::OutOfRegion, None);
        }
        let (outcome, person) = match &one.attendance {
            Attendance::Inactive => return (DirectOutcome::Inactive, None),
            Attendance::LeftUnit => return (DirectOutcome::LeftUnit, None),
            Attendance::There => (DirectOutcome::Chosen, Some(&one.person_id)),
            Attendance::Away { stand_in_id: Some(stand_in) } => (DirectOutcome::StandIn, Some(stand_in)),
            Attendance::Away { stand_in_id: None } => (DirectOutcome::UnitOnLeave, None),
            Attendance::OffDuty => (DirectOutcome::UnitOffDuty, None),
            Attendance::NoHandler => (DirectOutcome::UnitNoHandler, None),
        };
        let returned = |id: &String| self.history.returned_by.contains(id);
        if returned(&one.person_id) || person.is_some_and(returned) {
            return (DirectOutcome::ReturnedIt, None);
        }
        if person.is_some() && self.is_sensitive() && !one.cleared {
            return (DirectOutcome::UnitMayNotSeeIt, None);
        }
        (outcome, person.cloned())
    }

    /// The desk of the smallest region around the ticket that can take it.
    pub(super) fn desk(&mut self) -> Option<Decided> {
        let directory = self.directory;
        let mut chosen = None;
        for desk in directory.desks_around(self.ticket.region) {
            let outcome = match directory.can_take(desk, self.ticket, &self.history.escalated_from, self.at) {
                Ok(()) => Outcome::Chosen,
                Err((outcome, _)) => outcome,
            };
            self.explanation.desks.push(DeskTrial(desk.to_owned(), outcome));
            if outcome == Outcome::Chosen {
                chosen = Some(desk.to_owned());
                break;
            }
        }
        let target = Target::Dispatch { unit_id: chosen?, person_id: None };
        let summary = format!("second-level desk nearest to the region → {target}");
        Some(self.decided(target, None, None, summary))
    }
}
