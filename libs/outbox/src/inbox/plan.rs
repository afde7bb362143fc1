//! What becomes of events that arrive: pure, so that every order of arrival can be tried. Source: DESIGN rule 3.

use crate::Event;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// Which versions a consumer needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// All of them, in order.
    EveryVersion,
    /// Only the latest state: it may jump ahead.
    LatestOnly,
}

impl Mode {
    /// Aggregates that begin in these events, with the version they will have when nothing is in the way.
    pub(super) fn begins(self, events: &[Event]) -> BTreeMap<Uuid, i64> {
        let mut versions: BTreeMap<Uuid, BTreeSet<i64>> = BTreeMap::new();
        for event in events {
            versions.entry(event.aggregate_id).or_default().insert(event.version);
        }
        versions.retain(|_, versions| versions.first() == Some(&1));
        let last = |versions: BTreeSet<i64>| match self {
            Self::EveryVersion => {
                (1..).zip(versions).take_while(|(n, version)| n == version).map(|(n, _)| n).last()
            }
            Self::LatestOnly => versions.last().copied(),
        };
        versions.into_iter().map(|(id, versions)| (id, last(versions).unwrap_or_default())).collect()
    }
}

/// What the inbox knows of an aggregate.
#[derive(Debug, Clone, Default)]
pub(super) struct Slot {
    /// The last version applied.
    pub version: i64,
    /// Whether something is parked.
    pub waiting: bool,
    /// The version that could not be applied.
    pub held: Option<i64>,
    /// What is parked; not loaded while the aggregate is held.
    pub parked: BTreeMap<i64, Event>,
}

/// What is to be done in one transaction.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// To be applied, in this order; each with whether it was parked.
    pub apply: Vec<(Event, bool)>,
    /// To be parked.
    pub park: Vec<Event>,
    /// Repeated, or overtaken.
    pub dropped: usize,
    /// Each aggregate that changes: its version after all of `apply`, and whether something stays parked.
    pub after: HashMap<Uuid, After>,
}

/// An aggregate after a plan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct After {
    pub version: i64,
    pub waiting: bool,
    pub held: Option<i64>,
}

impl Plan {
    /// Applied is what continues an aggregate without a gap, in the order of arrival; parked what comes too early;
    /// dropped what is not new.
    pub(super) fn make(mut slots: HashMap<Uuid, Slot>, arrived: &[Event], mode: Mode) -> Self {
        if mode == Mode::LatestOnly {
            return Self::latest(slots, arrived);
        }
        let before: HashMap<Uuid, After> = slots.iter().map(|(id, slot)| (*id, slot.after())).collect();
        let mut plan = Self::default();
        // New events that wait for one that may come later in the same batch.
        let mut early: HashMap<Uuid, BTreeMap<i64, Event>> = HashMap::new();
        for (id, slot) in &mut slots {
            plan.follow(*id, slot, &mut early);
        }
        for event in arrived {
            let slot = slots.entry(event.aggregate_id).or_default();
            if event.version <= slot.version || slot.held == Some(event.version) {
                plan.dropped += 1;
            } else if slot.held.is_none() && event.version == slot.version + 1 {
                slot.version += 1;
                // The same version may have been parked; it is the same event.
                let parked = slot.parked.remove(&event.version).is_some();
                plan.apply.push((event.clone(), parked));
                plan.follow(event.aggregate_id, slot, &mut early);
            } else if slot.parked.contains_key(&event.version)
                || early.entry(event.aggregate_id).or_default().insert(event.version, event.clone()).is_some()
            {
                plan.dropped += 1;
            }
        }
        for (id, waiting) in early {
            if let Some(slot) = slots.get_mut(&id) {
                slot.waiting |= !waiting.is_empty();
            }
            plan.park.extend(waiting.into_values());
        }
        plan.after = slots
            .iter()
            .map(|(id, slot)| (*id, slot.after()))
            .filter(|(id, after)| before.get(id) != Some(after))
            .collect();
        plan
    }

    /// Applies what waited and now continues the aggregate.
    fn follow(&mut self, id: Uuid, slot: &mut Slot, early: &mut HashMap<Uuid, BTreeMap<i64, Event>>) {
        if slot.held.is_some() {
            return;
        }
        loop {
            let next = slot.version + 1;
            let mut early = early.get_mut(&id);
            if let Some(event) = slot.parked.remove(&next) {
                self.apply.push((event, true));
            } else if let Some(event) = early.as_mut().and_then(|early| early.remove(&next)) {
                self.apply.push((event, false));
            } else {
                break;
            }
            slot.version = next;
        }
        slot.waiting = !slot.parked.is_empty();
    }

    fn latest(slots: HashMap<Uuid, Slot>, arrived: &[Event]) -> Self {
        let mut newest: BTreeMap<Uuid, &Event> = BTreeMap::new();
        for event in arrived {
            let known =
                slots.get(&event.aggregate_id).map_or(0, |slot| slot.version.max(slot.held.unwrap_or(0)));
            let newest = newest.entry(event.aggregate_id).or_insert(event);
            if event.version > known.max(newest.version) {
                *newest = event;
            }
        }
        let mut plan = Self::default();
        for event in arrived {
            let slot = slots.get(&event.aggregate_id);
            let known = slot.map_or(0, |slot| slot.version.max(slot.held.unwrap_or(0)));
            let is_newest = newest.get(&event.aggregate_id).is_some_and(|newest| newest.id == event.id);
            if event.version <= known || !is_newest || plan.after.contains_key(&event.aggregate_id) {
                plan.dropped += 1;
                continue;
            }
            // A newer state makes a held one pointless: it is applied in its stead.
            plan.after
                .insert(event.aggregate_id, After { version: event.version, waiting: false, held: None });
            plan.apply.push((event.clone(), false));
        }
        plan
    }
}

impl Slot {
    fn after(&self) -> After {
        After { version: self.version, waiting: self.waiting, held: self.held }
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
