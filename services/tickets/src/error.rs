//! Domain and store errors → code and reason.

use crate::store::state::InvalidState;
use gongdan_errors::{Error, Reason, Violations};
use gongdan_tickets_domain::{Phase, Refusal, workflow::Needed};
use uuid::Uuid;

/// The error a caller gets for a refusal.
pub(crate) fn refused(refusal: Refusal) -> Error {
    let message = refusal.to_string();
    match refusal {
        Refusal::Phase { phase, action } => {
            Error::precondition(Reason::PhaseRefuses, message).with("phase", phase).with("action", action)
        }
        Refusal::Incomplete { open } => {
            let mut violations = Violations::new();
            open.iter().for_each(|open| violations.add(open.name(), "needed before the draft is submitted"));
            violations.into_error()
        }
        Refusal::NotRecipient | Refusal::NoUnitToClaimFor => {
            Error::permission_denied(Reason::NotRecipient, message)
        }
        Refusal::NotClaimed => Error::precondition(Reason::NotClaimed, message),
        Refusal::ClaimLimit { limit, in_hand } => {
            Error::precondition(Reason::ClaimLimit, message).with("limit", limit).with("in_hand", in_hand)
        }
        Refusal::SameUnit(_) => Error::invalid_field("unit_id", message),
        Refusal::ReopenWindowOver { days } => {
            Error::precondition(Reason::ReopenWindowOver, message).with("days", days)
        }
        Refusal::HighestTier { tier } => Error::precondition(Reason::HighestTier, message).with("tier", tier),
        Refusal::DirectiveOwed => Error::precondition(Reason::DirectiveOwed, message),
        Refusal::NoUnitToDirect => Error::invalid_field("unit_id", message),
        Refusal::NotInFuture(field) => Error::invalid_field(field, message),
        Refusal::NoRecord { what } => Error::not_found(Reason::RecordNotFound, message).with("record", what),
        Refusal::RecordState { what, state } => {
            Error::precondition(Reason::RecordStateRefuses, message).with("record", what).with("state", state)
        }
        Refusal::OwnRequest => Error::permission_denied(Reason::OwnRequest, message),
        Refusal::RequestPending => Error::precondition(Reason::RequestPending, message),
        Refusal::SuspensionUntil { .. } => Error::invalid_field("until", message),
        Refusal::SuspensionOver => Error::precondition(Reason::SuspensionOver, message),
        Refusal::DeadlineUnknown => Error::precondition(Reason::DeadlineUnknown, message),
        Refusal::DeadlinePassed { due } => {
            Error::precondition(Reason::DeadlinePassed, message).with("due_at", due)
        }
        Refusal::ExtensionsUsedUp { most } => {
            Error::precondition(Reason::ExtensionsUsedUp, message).with("most", most)
        }
        Refusal::NotLater { field, .. } => Error::invalid_field(field, message),
        Refusal::LaterThanAsked { .. } => Error::invalid_field("until", message),
        Refusal::AssistOwed { units } => {
            let units: Vec<_> = units.iter().map(ToString::to_string).collect();
            Error::precondition(Reason::AssistOwed, message).with("units", units.join(","))
        }
        Refusal::NotAsked(_) => Error::permission_denied(Reason::NotRecipient, message),
        Refusal::NoUnitToReopenAt => Error::invalid_field("same_unit", message),
        Refusal::SameTicket => Error::invalid_field("ticket", message),
        Refusal::LinkedAlready(_)
        | Refusal::NotLinked(_)
        | Refusal::TwoLevels
        | Refusal::RepeatAlready
        | Refusal::TooManyLinks { .. }
        | Refusal::HasParts
        | Refusal::NotMerged
        | Refusal::ErasedSince => Error::precondition(Reason::LinkRefused, message),
        Refusal::PartsOpen(part) => {
            Error::precondition(Reason::PartsOpen, Refusal::PartsOpen(part.clone()).to_string())
                .with("part", part)
        }
        Refusal::IsMerged(into) => {
            Error::precondition(Reason::TicketMerged, Refusal::IsMerged(into.clone()).to_string())
                .with("into", into)
        }
        Refusal::NoVisit => Error::not_found(Reason::VisitNotFound, message),
        Refusal::Visit { state } => Error::precondition(Reason::VisitRefuses, message).with("state", state),
        Refusal::WindowOver => Error::invalid_field("window_end", message),
        Refusal::ReportReused => Error::already_exists(Reason::ReportIdReused, message),
        Refusal::TooMany { what, max } => {
            Error::precondition(Reason::TooMany, message).with("what", what).with("max", max)
        }
        Refusal::ContactErased => Error::precondition(Reason::ContactErased, message),
        Refusal::Erased => Error::precondition(Reason::TextsErased, message),
        Refusal::Step { step, action, needed } => {
            let error = match &needed {
                Needed::Roles(_) => Error::permission_denied(Reason::StepNeedsRole, message),
                Needed::Steps(_) | Needed::Guard { .. } => Error::precondition(Reason::StepRefuses, message),
            };
            error.with("step", step).with("action", action).with("needed", needed)
        }
        Refusal::NoSuchStep { .. } => Error::invalid_field("step", message),
        Refusal::ReviewOpen => Error::precondition(Reason::ReviewOpen, message),
        Refusal::NoReview => Error::precondition(Reason::ReviewNotOpen, message),
        Refusal::OwnSubmission => Error::permission_denied(Reason::OwnSubmission, message),
        Refusal::SignedAlready => Error::precondition(Reason::SignedAlready, message),
        Refusal::NotSigner { missing } => {
            Error::permission_denied(Reason::NotSigner, message).with("missing", missing.join(", "))
        }
    }
}

/// A ticket that is not over is erased by force only.
pub(crate) fn still_open(number: &str, phase: Phase) -> Error {
    Error::precondition(Reason::PhaseRefuses, format!("ticket {number} is {phase}: it is not over yet"))
        .with("ticket", number)
        .with("phase", phase)
        .with("action", "erase")
}

/// A legal hold forbids it.
pub(crate) fn held(hold: Uuid) -> Error {
    Error::precondition(Reason::LegalHold, "a legal hold forbids it: release it first").with("hold", hold)
}

/// No such customer, or nothing is left of it.
pub(crate) fn erased_customer_not_found() -> Error {
    Error::not_found(Reason::CustomerNotFound, "no such customer")
}

/// No such ticket.
pub(crate) fn ticket_not_found() -> Error {
    Error::not_found(Reason::TicketNotFound, "no such ticket")
}

/// Nothing waits in the pools that were asked about.
pub(crate) fn pool_empty() -> Error {
    Error::not_found(Reason::PoolEmpty, "nothing waits in a pool that the caller may claim from")
}

/// The etag is not that of the present version.
pub(crate) fn stale_etag(present: i64) -> Error {
    Error::aborted(Reason::EtagMismatch, "the ticket has changed: read it again").with("etag", present)
}

/// Somebody else was faster.
pub(crate) fn lost_race() -> Error {
    Error::aborted(Reason::WriteConflict, "somebody else changed it at the same moment: read again")
}

/// Somebody else was faster, and left this version.
pub(crate) fn lost_race_to(present: i64) -> Error {
    lost_race().with("etag", present)
}

/// A stored ticket cannot be read.
pub(crate) fn damaged(error: InvalidState) -> Error {
    Error::internal(error)
}
