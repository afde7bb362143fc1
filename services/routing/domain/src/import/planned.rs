//! The states of one unit or person over time: the one now and those to come. Source: R1, effective dates.

use jiff::Timestamp;
use std::collections::BTreeMap;

/// What something is for a time.
pub(super) trait State: Clone + PartialEq {
    /// This state behind one that was `was` and became `is`: each field that it left as it was before follows.
    fn followed(&self, was: &Self, is: &Self) -> Self;

    /// Whether it stands for not being there, where nothing was before it.
    fn is_nothing(&self) -> bool {
        false
    }
}

/// The value of a field behind one that was `was` and became `is`.
pub(super) fn field<T: Clone + PartialEq>(state: &T, was: &T, is: &T) -> T {
    if state == was { is.clone() } else { state.clone() }
}

/// The present and planned states while rows are applied.
#[derive(Debug, Clone)]
pub(super) struct Life<S> {
    pub present: Option<S>,
    pub planned: BTreeMap<Timestamp, S>,
}

impl<S: State> Life<S> {
    /// The state at an instant that is not past; none: it is not there yet.
    pub fn at(&self, at: Timestamp) -> Option<&S> {
        self.planned.range(..=at).next_back().map(|(_, state)| state).or(self.present.as_ref())
    }

    /// It is like this at once; answers whether that is news. What is planned keeps what it was to change, and follows in
    /// everything else.
    pub fn now(&mut self, state: S) -> bool {
        let before = self.present.replace(state.clone());
        if before.as_ref() == Some(&state) {
            return false;
        }
        self.follow(None, before, state);
        true
    }

    /// It is to be like this from an instant on; answers whether that is news.
    pub fn later(&mut self, from: Timestamp, state: S) -> bool {
        let before = self.at(from).cloned();
        if is_same(before.as_ref(), &state) {
            return false;
        }
        let earlier = self.planned.range(..from).next_back().map(|(_, state)| state);
        if is_same(earlier.or(self.present.as_ref()), &state) {
            self.planned.remove(&from);
        } else {
            self.planned.insert(from, state.clone());
        }
        self.follow(Some(from), before, state);
        true
    }

    /// States after an instant, where `was` became `is`: each field that a state left as it was before follows. A state that
    /// changes nothing any more is none.
    fn follow(&mut self, after: Option<Timestamp>, mut was: Option<S>, mut is: S) {
        let later: Vec<Timestamp> = match after {
            Some(after) => self.planned.range(after..).map(|(at, _)| *at).filter(|at| *at != after).collect(),
            None => self.planned.keys().copied().collect(),
        };
        for at in later {
            let Some(state) = self.planned.remove(&at) else { continue };
            let next = match &was {
                Some(was) => state.followed(was, &is),
                None => state.clone(),
            };
            was = Some(state);
            if next != is {
                self.planned.insert(at, next.clone());
            }
            is = next;
        }
        while self.present.is_none()
            && let Some(first) = self.planned.first_entry()
            && first.get().is_nothing()
        {
            first.remove();
        }
    }
}

/// Whether a state changes nothing behind another one, or behind none.
fn is_same<S: State>(before: Option<&S>, state: &S) -> bool {
    before.map_or_else(|| state.is_nothing(), |before| before == state)
}
