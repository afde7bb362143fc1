//! What a house may set.

use jiff::SignedDuration;

/// Limits that configuration sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Urges within this time of the last one that was told count, but tell nobody. Source: T22.
    pub urge_window: SignedDuration,
    /// Returns in one round beyond this number go to arbitration. Source: T13.
    pub max_returns: usize,
    /// How long after its deadline an unanswered directive climbs to the supervising unit, and to the centre's leader;
    /// the unit's own leader is told at the deadline. Source: T23.
    pub directive_climb: [SignedDuration; 2],
    /// How long after closing a ticket may be reopened. Source: GLOSSARY.
    pub reopen_window: SignedDuration,
    /// Whether somebody else has to approve a suspension. Source: T16.
    pub suspension_approval: bool,
    /// The longest a suspension may last. Source: T16.
    pub longest_suspension: SignedDuration,
    /// How many extensions may be approved in a round. Source: T17.
    pub max_extensions: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            urge_window: SignedDuration::from_hours(2),
            max_returns: 2,
            directive_climb: [SignedDuration::from_hours(24), SignedDuration::from_hours(72)],
            reopen_window: SignedDuration::from_hours(30 * 24),
            suspension_approval: true,
            longest_suspension: SignedDuration::from_hours(90 * 24),
            max_extensions: 2,
        }
    }
}

impl Rules {
    /// How long after its deadline a directive's lateness reaches a level, from 1 on.
    pub(crate) fn late_after(&self, level: i32) -> SignedDuration {
        let [unit, centre] = self.directive_climb;
        match level {
            ..=1 => SignedDuration::ZERO,
            2 => unit,
            _ => centre,
        }
    }
}
