//! Why an act is refused.

use crate::{
    action::Action,
    groups::{form::Open, visit::VisitState},
    names::UnitId,
    vocabulary::Phase,
    workflow::Needed,
};
use jiff::Timestamp;

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
    /// A draft does not say all that is needed.
    #[error("the draft does not say all that is needed")]
    Incomplete {
        /// What it leaves open.
        open: Vec<Open>,
    },
    /// The actor does not belong to the unit that holds the ticket.
    #[error("only members of the unit that holds the ticket may do this")]
    NotRecipient,
    /// The recipient is the unit that has it.
    #[error("{0} has the ticket already")]
    SameUnit(UnitId),
    /// It is not in hand because its handler claimed it.
    #[error("it was not claimed from a pool")]
    NotClaimed,
    /// The actor has as many tickets from pools in hand as the pool allows.
    #[error("{in_hand} tickets from pools in hand, and this pool allows {limit}")]
    ClaimLimit {
        /// What the pool allows.
        limit: u32,
        /// How many there are.
        in_hand: i64,
    },
    /// The actor belongs to no unit for which the ticket could be claimed.
    #[error("claiming needs a unit of the caller")]
    NoUnitToClaimFor,
    /// The time in which a closed ticket may be reopened is over.
    #[error("a closed ticket may be reopened within {days} days")]
    ReopenWindowOver {
        /// The window.
        days: i64,
    },
    /// It is at the highest tier already.
    #[error("tier {tier} is the highest")]
    HighestTier {
        /// Where it is.
        tier: i32,
    },
    /// A unit owes a reply to a directive.
    #[error(
        "a unit owes a reply to a directive: it has to reply first, or the directive has to be withdrawn"
    )]
    DirectiveOwed,
    /// A directive names no unit, and none has the ticket.
    #[error("a unit, as long as no unit has the ticket")]
    NoUnitToDirect,
    /// What is to come lies in the past; names the field.
    #[error("in the future")]
    NotInFuture(&'static str),
    /// There is no unit to go back to.
    #[error("no unit had the ticket in its last round")]
    NoUnitToReopenAt,
    /// The ticket has no such record.
    #[error("the ticket has no such {what}")]
    NoRecord {
        /// Of what kind.
        what: &'static str,
    },
    /// The record is not where it would have to be.
    #[error("the {what} is {state}")]
    RecordState {
        /// Of what kind.
        what: &'static str,
        /// Where it is.
        state: &'static str,
    },
    /// Who asked does not decide.
    #[error("somebody else has to decide what one asked for oneself")]
    OwnRequest,
    /// Another one waits for approval.
    #[error("another one waits for approval")]
    RequestPending,
    /// A suspension that is over before it begins, or too long.
    #[error("ahead, and within {days} days")]
    SuspensionUntil {
        /// The longest.
        days: i64,
    },
    /// The time of the suspension that is to be approved has passed.
    #[error("the time it was asked for is over")]
    SuspensionOver,
    /// Nothing is known of a deadline.
    #[error("the ticket has no deadline, or it is not known yet")]
    DeadlineUnknown,
    /// The deadline has passed.
    #[error("the deadline was {due}: a later one is asked for before it")]
    DeadlinePassed {
        /// When it was.
        due: Timestamp,
    },
    /// As many as may be were approved in this round.
    #[error("at most {most} extensions a round")]
    ExtensionsUsedUp {
        /// The limit.
        most: usize,
    },
    /// An instant that must be later than another.
    #[error("later than {due}")]
    NotLater {
        /// Where it was given.
        field: &'static str,
        /// The other.
        due: Timestamp,
    },
    /// More was granted than was asked for.
    #[error("not later than {asked}, which was asked for")]
    LaterThanAsked {
        /// What was asked for.
        asked: Timestamp,
    },
    /// Units still owe their help.
    #[error("help is still owed by {}", names(.units))]
    AssistOwed {
        /// Who.
        units: Vec<UnitId>,
    },
    /// The actor does not belong to the unit that was asked.
    #[error("only members of {0}, which was asked, may do this")]
    NotAsked(UnitId),
    /// One ticket is named twice.
    #[error("a ticket cannot be linked to or merged into itself")]
    SameTicket,
    /// There is a link between the two.
    #[error("it is linked to {0} already")]
    LinkedAlready(String),
    /// There is no link between the two that could be taken away.
    #[error("it is not linked to {0}")]
    NotLinked(String),
    /// A part would have parts.
    #[error("a ticket that is part of another has no parts of its own")]
    TwoLevels,
    /// It says again what another said.
    #[error("it is a repeat of another ticket already")]
    RepeatAlready,
    /// It names as many others as a ticket can.
    #[error("a ticket has at most {most} links")]
    TooManyLinks {
        /// The limit.
        most: usize,
    },
    /// What has parts is not merged.
    #[error("it has parts: unlink them first")]
    HasParts,
    /// A part of it is still worked on.
    #[error("its part {0} is not done yet")]
    PartsOpen(String),
    /// It was merged: only undoing that brings it back.
    #[error("it was merged into {0}: undo that first")]
    IsMerged(String),
    /// There is no merge to undo.
    #[error("it was not merged into another ticket")]
    NotMerged,
    /// What was erased does not come back.
    #[error("something of it was erased since it was merged")]
    ErasedSince,
    /// The ticket has no such visit.
    #[error("the ticket has no such visit")]
    NoVisit,
    /// The visit is not where it would have to be.
    #[error("not possible while the visit is {state}")]
    Visit {
        /// Where it is.
        state: VisitState,
    },
    /// The time that was agreed is over already.
    #[error("the window is over already")]
    WindowOver,
    /// The id of a report belongs to another one.
    #[error("this report_id was used for another report")]
    ReportReused,
    /// There are as many as there may be.
    #[error("a ticket has at most {max} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
    /// What is personal of its reporter would be erased already.
    #[error("the contact of the ticket is erased")]
    ContactErased,
    /// What is written would be erased already.
    #[error("the texts of the ticket are erased")]
    Erased,
    /// The ticket's workflow does not allow the act at this step.
    #[error("{action} is not possible at step {step}: {needed}")]
    Step {
        /// Where the ticket stands.
        step: String,
        /// What was tried.
        action: &'static str,
        /// What would have been needed.
        needed: Needed,
    },
    /// The step is none that could be chosen.
    #[error("the step may be one of: {}", steps.join(", "))]
    NoSuchStep {
        /// Those that could be.
        steps: Vec<String>,
    },
    /// It is resolved by the signatures that are waited for.
    #[error("a review is open: it resolves the ticket once all have signed")]
    ReviewOpen,
    /// Nobody asked for a review.
    #[error("no review is open")]
    NoReview,
    /// Nobody reviews what they proposed themselves.
    #[error("nobody signs what they submitted themselves")]
    OwnSubmission,
    /// Each person signs once.
    #[error("signed already: each person signs once")]
    SignedAlready,
    /// Others are asked.
    #[error("the signature of others is waited for: {}", missing.join(", "))]
    NotSigner {
        /// Whose.
        missing: Vec<String>,
    },
}

fn names(units: &[UnitId]) -> String {
    units.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
