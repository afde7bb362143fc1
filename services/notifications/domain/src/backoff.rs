//! When a failed delivery is tried again.

use jiff::{SignedDuration, Timestamp};

/// Waits that double, with jitter, up to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Before the second attempt.
    pub first: SignedDuration,
    /// Never longer.
    pub longest: SignedDuration,
    /// How many attempts there are in all; at least 1.
    pub attempts: i32,
}

impl Backoff {
    /// When to try again after the `failed`-th attempt (from 1) failed at `now`; `None` when that was the last.
    /// `dice` is from 0 to 1 and decides how much of the second half of the wait is waited.
    #[must_use]
    pub fn next(&self, failed: i32, now: Timestamp, dice: f64) -> Option<Timestamp> {
        if failed >= self.attempts {
            return None;
        }
        let doublings = u32::try_from(failed.saturating_sub(1)).unwrap_or(0).min(30);
        let wait = self.first.saturating_mul(1_i32 << doublings).min(self.longest);
        let jitter = wait.mul_f64(dice.clamp(0.0, 1.0) / 2.0);
        Some(now.saturating_add(wait / 2 + jitter).unwrap_or(Timestamp::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BACKOFF: Backoff =
        Backoff { first: SignedDuration::from_secs(5), longest: SignedDuration::from_hours(1), attempts: 10 };

    #[test]
    fn waits_double_up_to_the_limit() {
        let now = Timestamp::UNIX_EPOCH;
        let waits: Vec<_> = (1..=10).map(|n| BACKOFF.next(n, now, 1.0).map(|at| at.as_second())).collect();
        let expected = [5, 10, 20, 40, 80, 160, 320, 640, 1280].map(Some);
        assert_eq!(waits[..9], expected);
        assert_eq!(waits[9], None, "the last attempt is the last");
    }

    proptest! {
        #[test]
        fn a_wait_is_between_half_and_all_of_its_step(failed in 1..9, dice in 0.0..=1.0_f64) {
            let now = Timestamp::UNIX_EPOCH;
            let at = BACKOFF.next(failed, now, dice).unwrap();
            let all = BACKOFF.next(failed, now, 1.0).unwrap();
            prop_assert!(at <= all);
            prop_assert!(at.duration_since(now) >= all.duration_since(now) / 2);
            prop_assert!(at > now && at.duration_since(now) <= BACKOFF.longest);
        }
    }
}
