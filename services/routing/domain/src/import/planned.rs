//! The states of one unit over time: the one now and those to come. Source: R1, effective dates.

use crate::{Planned, Unit};
use jiff::Timestamp;

/// The present and planned states of a unit while rows are applied.
#[derive(Debug, Clone, Default)]
pub(super) struct Life {
    pub present: Option<Unit>,
    pub planned: Planned,
}

impl Life {
    /// The unit at an instant that is not past; none: it is not made yet.
    pub fn at(&self, at: Timestamp) -> Option<&Unit> {
        self.planned.range(..=at).next_back().map(|(_, unit)| unit).or(self.present.as_ref())
    }

    /// It is like this at once. What is planned keeps what it was to change, and follows in everything else.
    pub fn now(&mut self, unit: Unit) -> bool {
        let before = self.present.replace(unit.clone());
        match before {
            Some(before) if before == unit => false,
            Some(before) => {
                self.follow(None, before, unit);
                true
            }
            None => true,
        }
    }

    /// It is to be like this from an instant on; answers whether that is news. Of a unit that is there.
    pub fn later(&mut self, from: Timestamp, unit: Unit) -> bool {
        let Some(before) = self.at(from).cloned() else { return false };
        if before == unit {
            return false;
        }
        self.planned.insert(from, unit.clone());
        let earlier = self.planned.range(..from).next_back().map(|(_, unit)| unit).or(self.present.as_ref());
        if earlier == Some(&unit) {
            self.planned.remove(&from);
        }
        self.follow(Some(from), before, unit);
        true
    }

    /// States after an instant, where `was` became `is`: each field that a state left as it was before follows. A state that
    /// changes nothing any more is none.
    fn follow(&mut self, after: Option<Timestamp>, mut was: Unit, mut is: Unit) {
        let later: Vec<Timestamp> = match after {
            Some(after) => self.planned.range(after..).map(|(at, _)| *at).filter(|at| *at != after).collect(),
            None => self.planned.keys().copied().collect(),
        };
        for at in later {
            let Some(state) = self.planned.remove(&at) else { continue };
            let next = followed(&state, &was, &is);
            was = state;
            if next != is {
                self.planned.insert(at, next.clone());
            }
            is = next;
        }
    }
}

/// A state behind one that was `was` and became `is`.
fn followed(state: &Unit, was: &Unit, is: &Unit) -> Unit {
    fn field<T: Clone + PartialEq>(state: &T, was: &T, is: &T) -> T {
        if state == was { is.clone() } else { state.clone() }
    }
    Unit {
        id: state.id.clone(),
        name: field(&state.name, &was.name, &is.name),
        kind: field(&state.kind, &was.kind, &is.kind),
        parent_id: field(&state.parent_id, &was.parent_id, &is.parent_id),
        region: field(&state.region, &was.region, &is.region),
        valid_from: field(&state.valid_from, &was.valid_from, &is.valid_from),
        valid_to: field(&state.valid_to, &was.valid_to, &is.valid_to),
    }
}
