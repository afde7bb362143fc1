//! Every order of arrival, repetition and loss leads to versions 1 to n, once each.

use super::{Mode, Plan, Slot};
use crate::{Event, Origin};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

fn event(aggregate: u128, version: i64) -> Event {
    let at = "2026-11-22T09:00:00Z".parse().unwrap();
    Event {
        id: Uuid::from_u128((aggregate << 64) + u128::from(version.unsigned_abs())),
        source: "tickets".into(),
        kind: "submitted".into(),
        aggregate_id: Uuid::from_u128(aggregate),
        version,
        occurred_at: at,
        recorded_at: at,
        origin: Origin::Live,
        subject: "tickets.v1.submitted.44.01.06.17".into(),
        traceparent: None,
        payload: bytes::Bytes::new(),
    }
}

/// The inbox's tables in memory.
#[derive(Default)]
struct Memory {
    slots: HashMap<Uuid, Slot>,
    applied: BTreeMap<Uuid, Vec<i64>>,
}

impl Memory {
    fn take(&mut self, batch: &[Event], mode: Mode) -> Plan {
        let known = |id: &Uuid| (*id, self.slots.get(id).cloned().unwrap_or_default());
        let slots = batch.iter().map(|event| known(&event.aggregate_id)).collect();
        let plan = Plan::make(slots, batch, mode);
        for (event, parked) in &plan.apply {
            self.applied.entry(event.aggregate_id).or_default().push(event.version);
            let slot = self.slots.entry(event.aggregate_id).or_default();
            assert_eq!(slot.parked.remove(&event.version).is_some(), *parked);
        }
        for event in &plan.park {
            let slot = self.slots.entry(event.aggregate_id).or_default();
            assert!(slot.parked.insert(event.version, event.clone()).is_none(), "parked twice");
        }
        for (id, after) in &plan.after {
            let slot = self.slots.entry(*id).or_default();
            slot.version = after.version;
            slot.waiting = after.waiting;
        }
        for slot in self.slots.values() {
            assert_eq!(slot.waiting, !slot.parked.is_empty(), "waiting says whether something is parked");
        }
        plan
    }
}

/// Versions 1 to n of some aggregates, shuffled, some repeated, cut into batches.
fn arrivals() -> impl Strategy<Value = (Vec<i64>, Vec<Event>, Vec<usize>)> {
    prop::collection::vec(1..12_i64, 1..5)
        .prop_flat_map(|lengths| {
            let all: Vec<Event> = lengths
                .iter()
                .enumerate()
                .flat_map(|(aggregate, n)| (1..=*n).map(move |version| event(aggregate as u128 + 1, version)))
                .collect();
            let repeated = prop::sample::subsequence(all.clone(), 0..=all.len());
            (Just(lengths), Just(all), repeated, prop::collection::vec(1..9_usize, 0..12))
        })
        .prop_flat_map(|(lengths, mut all, repeated, cuts)| {
            all.extend(repeated);
            (Just(lengths), Just(all).prop_shuffle(), Just(cuts))
        })
}

fn batches<'a>(mut events: &'a [Event], cuts: &[usize]) -> Vec<&'a [Event]> {
    let mut batches = Vec::new();
    for cut in cuts {
        let (head, tail) = events.split_at((*cut).min(events.len()));
        batches.push(head);
        events = tail;
    }
    batches.push(events);
    batches
}

proptest! {
    #[test]
    fn whatever_the_order_each_version_is_applied_once((lengths, events, cuts) in arrivals()) {
        let mut memory = Memory::default();
        for batch in batches(&events, &cuts) {
            memory.take(batch, Mode::EveryVersion);
        }
        for (aggregate, n) in lengths.iter().enumerate() {
            let id = Uuid::from_u128(aggregate as u128 + 1);
            prop_assert_eq!(&memory.applied[&id], &(1..=*n).collect::<Vec<_>>());
        }
        prop_assert!(memory.slots.values().all(|slot| slot.parked.is_empty()));
    }

    #[test]
    fn what_was_lost_is_repaired_by_fetching_from_the_gap((lengths, events, cuts) in arrivals(), lost in any::<u64>()) {
        let mut memory = Memory::default();
        let kept: Vec<Event> = events
            .iter()
            .filter(|e| (lost >> ((e.version.unsigned_abs() * 5 + e.id.as_u128() as u64) % 64)) & 1 == 0)
            .cloned()
            .collect();
        for batch in batches(&kept, &cuts) {
            memory.take(batch, Mode::EveryVersion);
        }
        for (aggregate, n) in lengths.iter().enumerate() {
            let aggregate = aggregate as u128 + 1;
            let from = memory.slots.get(&Uuid::from_u128(aggregate)).map_or(0, |slot| slot.version) + 1;
            let fetched: Vec<Event> = (from..=*n).map(|version| event(aggregate, version)).collect();
            memory.take(&fetched, Mode::EveryVersion);
            prop_assert_eq!(&memory.applied[&Uuid::from_u128(aggregate)], &(1..=*n).collect::<Vec<_>>());
        }
        prop_assert!(memory.slots.values().all(|slot| slot.parked.is_empty()));
    }

    #[test]
    fn latest_only_ends_at_the_newest_and_never_goes_back((lengths, events, cuts) in arrivals()) {
        let mut memory = Memory::default();
        for batch in batches(&events, &cuts) {
            memory.take(batch, Mode::LatestOnly);
        }
        for (aggregate, n) in lengths.iter().enumerate() {
            let applied = &memory.applied[&Uuid::from_u128(aggregate as u128 + 1)];
            prop_assert!(applied.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert_eq!(applied.last(), Some(n));
        }
    }
}

#[test]
fn a_held_aggregate_parks_everything_that_follows_and_drops_the_held_event() {
    let id = Uuid::from_u128(1);
    let held = Slot { version: 1, held: Some(2), ..Slot::default() };
    let plan = Plan::make(
        [(id, held)].into(),
        &[event(1, 1), event(1, 2), event(1, 3), event(2, 1)],
        Mode::EveryVersion,
    );
    assert_eq!(plan.apply.iter().map(|(e, _)| e.aggregate_id).collect::<Vec<_>>(), [Uuid::from_u128(2)]);
    assert_eq!(plan.park.iter().map(|e| e.version).collect::<Vec<_>>(), [3]);
    assert_eq!(plan.dropped, 2);
    assert!(plan.after[&id].waiting && plan.after[&id].held == Some(2) && plan.after[&id].version == 1);
}
