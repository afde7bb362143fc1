//! What a batch counts, kept until its transaction has committed: what is rolled back is not counted.

use crate::{store::AnswerKind, telemetry::Counts};
use gongdan_bus::Event;
use gongdan_routing_domain::Decided;
use std::{collections::HashMap, sync::Mutex};
use uuid::Uuid;

/// Batches whose commit was not heard of. More: theirs were left to another process, and are forgotten.
const MOST: usize = 1_000;

/// By the first event of each batch.
#[derive(Debug, Default)]
pub(super) struct Uncommitted(Mutex<HashMap<Uuid, Counts>>);

impl Uncommitted {
    /// A batch is applied, for the first time or again: what it came to before counts for nothing.
    pub(super) fn begin(&self, events: &[Event]) {
        let Ok(mut kept) = self.0.lock() else { return };
        for event in events {
            kept.remove(&event.id);
        }
        if kept.len() >= MOST {
            kept.clear();
        }
    }

    /// What it comes to, if it commits.
    pub(super) fn add(&self, events: &[Event], counts: Counts) {
        let (Some(first), Ok(mut kept)) = (events.first(), self.0.lock()) else { return };
        kept.entry(first.id).or_default().add(counts);
    }

    /// What has committed with these events.
    pub(super) fn committed(&self, events: &[Event]) -> Counts {
        let mut counts = Counts::default();
        let Ok(mut kept) = self.0.lock() else { return counts };
        for event in events {
            counts.add(kept.remove(&event.id).unwrap_or_default());
        }
        counts
    }
}

/// Of answers that were noted.
pub(super) fn answers(kinds: impl Iterator<Item = AnswerKind>) -> Counts {
    let mut counts = Counts::default();
    kinds.for_each(|kind| counts.answered(kind));
    counts
}

/// Of decisions that were written.
pub(super) fn decisions<'a>(decided: impl Iterator<Item = &'a Decided>) -> Counts {
    let mut counts = Counts::default();
    decided.for_each(|decided| counts.decided(decided));
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_bus::Origin;
    use jiff::Timestamp;

    fn event(id: u128) -> Event {
        Event {
            id: Uuid::from_u128(id),
            source: "tickets".to_owned(),
            kind: "dispatched".to_owned(),
            aggregate_id: Uuid::from_u128(id),
            version: 1,
            occurred_at: Timestamp::UNIX_EPOCH,
            recorded_at: Timestamp::UNIX_EPOCH,
            origin: Origin::Live,
            subject: String::new(),
            traceparent: None,
            payload: Vec::new().into(),
        }
    }

    fn refused(times: usize) -> Counts {
        answers(std::iter::repeat_n(AnswerKind::Refused, times))
    }

    #[test]
    fn what_is_rolled_back_counts_for_nothing() {
        let kept = Uncommitted::default();
        let (one, two, three) = (event(1), event(2), event(3));
        // The whole batch fails, and each is tried by itself: the second fails again.
        let whole = [one.clone(), two.clone(), three.clone()];
        kept.begin(&whole);
        kept.add(&whole, refused(3));
        for (events, good) in [([one.clone()], true), ([two], false), ([three.clone()], true)] {
            kept.begin(&events);
            if good {
                kept.add(&events, refused(1));
            }
        }
        assert_eq!(kept.committed(&[one.clone(), three.clone()]), refused(2));
        assert_eq!(kept.committed(&[one, three]), Counts::default(), "once");
    }

    #[test]
    fn batches_that_are_never_heard_of_again_do_not_pile_up() {
        let kept = Uncommitted::default();
        for id in 0..5_000 {
            kept.begin(&[event(id)]);
            kept.add(&[event(id)], refused(1));
        }
        assert!(kept.0.lock().unwrap().len() <= MOST);
    }
}
