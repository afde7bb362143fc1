//! What becomes of planned times that have come: which are run, and which are skipped.

use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// What happens to what was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatchUp {
    /// Of all that came, only the newest is run.
    Once,
    /// All are run, up to a limit.
    All,
    /// What was missed is skipped.
    Skip,
}

/// From when on a time is missed, and how many are run at once.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A time that is run later than this after it was missed.
    pub missed_after: SignedDuration,
    /// So many are run at most; at least 1.
    pub most: usize,
}

/// Planned times that are skipped: they are neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skipped {
    /// The first.
    pub from: Timestamp,
    /// The last.
    pub until: Timestamp,
    /// How many.
    pub count: u32,
}

/// What becomes of planned times that have come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Share {
    /// The oldest are skipped.
    pub skipped: Option<Skipped>,
    /// The newest are run, oldest first.
    pub run: Vec<Timestamp>,
}

impl CatchUp {
    /// Shares out what has come by `now`; `planned` is in order and ends with what has come. Source: S10.
    #[must_use]
    pub fn share(self, planned: impl Iterator<Item = Timestamp>, now: Timestamp, limits: Limits) -> Share {
        let is_missed = |at: Timestamp| now.duration_since(at) > limits.missed_after;
        let mut skipped: Option<Skipped> = None;
        let mut skip = |at: Timestamp| match &mut skipped {
            None => skipped = Some(Skipped { from: at, until: at, count: 1 }),
            Some(skipped) => {
                skipped.until = at;
                skipped.count = skipped.count.saturating_add(1);
            }
        };
        let mut run: VecDeque<Timestamp> = VecDeque::new();
        let mut any_missed = false;
        for at in planned {
            any_missed |= is_missed(at);
            if self == Self::Skip && is_missed(at) {
                skip(at);
                continue;
            }
            run.push_back(at);
            let most = if self == Self::Once && any_missed { 1 } else { limits.most.max(1) };
            while run.len() > most {
                run.pop_front().into_iter().for_each(&mut skip);
            }
        }
        Share { skipped, run: run.into() }
    }
}
