//! Why an act is refused.

use crate::{action::Action, names::UnitId, vocabulary::Phase};

/// Why an act is refused; says what would have to be different.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The phase does not allow the act.
    #[error("{action} is not possible while the ticket is {phase}")]
    Phase {
        /// Where the ticket is.
        phase: Phase,
        /// What was tried.
        action: Action,
    },
    /// The actor does not belong to the unit that holds the ticket.
    #[error("only members of the unit that holds the ticket may do this")]
    NotRecipient,
    /// The recipient is the unit that has it.
    #[error("{0} has the ticket already")]
    SameUnit(UnitId),
    /// The actor belongs to no unit for which the ticket could be claimed.
    #[error("claiming needs a unit of the caller")]
    NoUnitToClaimFor,
    /// The time in which a closed ticket may be reopened is over.
    #[error("a closed ticket may be reopened within {days} days")]
    ReopenWindowOver {
        /// The window.
        days: i64,
    },
    /// There is no unit to go back to.
    #[error("no unit had the ticket in its last round")]
    NoUnitToReopenAt,
}
