//! What a ticket's event means for its clocks. Source: S3.

use gongdan_proto::{
    from_timestamp,
    tickets::v1::{self as pb, ticket_event::Change},
};
use gongdan_sla_domain::{ClockKind, clock::CancelReason, lifecycle::Act};
use jiff::Timestamp;
use uuid::Uuid;

/// What the event means; `state` is the ticket after it.
///
/// # Errors
/// What is missing or wrong, without personal data.
pub fn act(change: &Change, state: &pb::Ticket) -> Result<Act, String> {
    Ok(match change {
        Change::Submitted(_) => Act::Submitted,
        Change::Verified(_) => Act::Verified,
        Change::Dispatched(_) | Change::Claimed(_) => Act::Dispatched,
        // to a unit it goes there at once; to none it waits for routing
        Change::Escalated(c) if !c.to_unit_id.is_empty() => Act::Dispatched,
        Change::Accepted(_) => Act::Accepted,
        Change::Transferred(_) => Act::Transferred,
        Change::Returned(_) | Change::Escalated(_) => Act::Returned,
        Change::Resolved(_) => Act::Resolved,
        Change::Closed(_) => Act::Closed,
        Change::Reopened(_) => Act::Reopened,
        Change::Cancelled(_) => Act::Cancelled,
        Change::Suspended(_) => Act::Suspended,
        Change::Resumed(_) => Act::Resumed,
        Change::Merged(_) => Act::Merged,
        Change::MergeUndone(_) => Act::MergeUndone,
        Change::ExtensionApproved(c) => Act::Extended {
            due_at: instant("approved_until", c.approved_until.as_ref())?
                .ok_or("approved_until is missing")?,
        },
        Change::AssistRequested(_)
        | Change::AssistReplied(_)
        | Change::AssistDeclined(_)
        | Change::AssistWaived(_) => assist(change)?,
        Change::ReviewSubmitted(_) | Change::ReviewApproved(_) | Change::ReviewRejected(_) => {
            review(change, state)?
        }
        Change::DirectiveIssued(_)
        | Change::DirectiveReplied(_)
        | Change::DirectiveRejected(_)
        | Change::DirectiveWithdrawn(_) => directive(change, state)?,
        // What moves no clock.
        _ => Act::Other,
    })
}

fn assist(change: &Change) -> Result<Act, String> {
    let kind = ClockKind::Assist;
    Ok(match change {
        Change::AssistRequested(c) => Act::Owed {
            kind,
            record_id: record("assist_id", &c.assist_id)?,
            unit_id: c.unit_id.clone(),
            due_at: instant("due_at", c.due_at.as_ref())?,
        },
        Change::AssistReplied(c) => Act::Met { kind, record_id: record("assist_id", &c.assist_id)? },
        Change::AssistDeclined(c) => {
            let record_id = record("assist_id", &c.assist_id)?;
            Act::Released { kind, record_id, reason: CancelReason::Declined }
        }
        Change::AssistWaived(c) => {
            let record_id = record("assist_id", &c.assist_id)?;
            Act::Released { kind, record_id, reason: CancelReason::Released }
        }
        _ => Act::Other,
    })
}

/// Each step of a review has its own time.
fn review(change: &Change, state: &pb::Ticket) -> Result<Act, String> {
    let kind = ClockKind::Review;
    Ok(match change {
        Change::ReviewSubmitted(c) => Act::Owed {
            kind,
            record_id: record("review_id", &c.review_id)?,
            unit_id: reviewer(state),
            due_at: None,
        },
        Change::ReviewApproved(c) if c.waits_at == c.approved_at => Act::Other,
        Change::ReviewApproved(c) if !c.waits_at.is_empty() => {
            Act::Renewed { kind, record_id: record("review_id", &c.review_id)?, unit_id: reviewer(state) }
        }
        Change::ReviewApproved(c) => Act::Met { kind, record_id: record("review_id", &c.review_id)? },
        // Back to an earlier step of the review.
        Change::ReviewRejected(c) if state.phase() == pb::Phase::InReview => {
            Act::Renewed { kind, record_id: record("review_id", &c.review_id)?, unit_id: reviewer(state) }
        }
        Change::ReviewRejected(c) => Act::Met { kind, record_id: record("review_id", &c.review_id)? },
        _ => Act::Other,
    })
}

/// The unit that the review waits for; empty: whoever has the role.
fn reviewer(state: &pb::Ticket) -> String {
    let step = state.review.as_ref().and_then(|review| review.steps.last());
    let signers = step.into_iter().flat_map(|step| &step.groups).flat_map(|group| &group.signers);
    signers.map(|signer| &signer.unit_id).find(|unit| !unit.is_empty()).cloned().unwrap_or_default()
}

/// The clock measures the reply: whether it will do is said after it.
fn directive(change: &Change, state: &pb::Ticket) -> Result<Act, String> {
    let kind = ClockKind::Supervision;
    Ok(match change {
        Change::DirectiveIssued(c) => Act::Owed {
            kind,
            record_id: record("directive_id", &c.directive_id)?,
            unit_id: c.unit_id.clone(),
            due_at: instant("due_at", c.due_at.as_ref())?,
        },
        Change::DirectiveRejected(c) => {
            let mine = state.directives.iter().find(|directive| directive.id == c.directive_id);
            Act::Owed {
                kind,
                record_id: record("directive_id", &c.directive_id)?,
                unit_id: mine.map(|directive| directive.unit_id.clone()).unwrap_or_default(),
                due_at: instant("due_at", c.due_at.as_ref())?,
            }
        }
        Change::DirectiveReplied(c) => Act::Met { kind, record_id: record("directive_id", &c.directive_id)? },
        Change::DirectiveWithdrawn(c) => Act::Released {
            kind,
            record_id: record("directive_id", &c.directive_id)?,
            reason: CancelReason::Released,
        },
        _ => Act::Other,
    })
}

fn record(field: &str, id: &str) -> Result<Uuid, String> {
    Uuid::try_parse(id).map_err(|_| format!("{field} is no UUID"))
}

fn instant(field: &str, at: Option<&prost_types::Timestamp>) -> Result<Option<Timestamp>, String> {
    at.map(|at| {
        from_timestamp(at).map(gongdan_clock::to_micros).map_err(|_| format!("{field} is no instant"))
    })
    .transpose()
}
