//! What of a ticket is for the citizen whose request it is: what was asked, where it is, what is agreed and what came of it. What
//! staff say among themselves is not. Source: DESIGN rule 15.

use gongdan_proto::tickets::v1::{self as pb, ticket_event::Change as PbChange};

/// Leaves what is for the citizen.
pub(crate) fn only_theirs(ticket: &mut pb::Ticket) {
    super::attachment::hide_internal(ticket);
    ticket.review = None;
    ticket.assists.clear();
    ticket.suspensions.clear();
    ticket.extensions.clear();
    ticket.directives.clear();
    ticket.quality_errors.clear();
    ticket.doers.clear();
    // Other people's tickets.
    ticket.links.clear();
    ticket.pool_reason.clear();
    ticket.pool_claim_limit = 0;
    ticket.claimed_from = None;
    ticket.put_back_by_ids.clear();
    ticket.priority_reason.clear();
    for handoff in &mut ticket.emergency_handoffs {
        handoff.note.clear();
    }
    for visit in &mut ticket.visits {
        visit.note.clear();
        visit.report.clear();
        visit.checked_in_point = None;
        visit.steps.clear();
    }
    if let Some(resolution) = &mut ticket.resolution {
        resolution.root_cause.clear();
    }
}

/// Empties the entry of what staff do among themselves, and what they say in the others.
pub(crate) fn only_their_change(event: &mut pb::TicketEvent) {
    let theirs = match &mut event.change {
        Some(PbChange::Noted(c)) => c.public,
        Some(PbChange::Attached(c)) => c.public,
        Some(PbChange::Detached(c)) => c.public,
        Some(PbChange::Dispatched(c)) => {
            c.note.clear();
            true
        }
        Some(PbChange::HandedOff(c)) => {
            c.note.clear();
            true
        }
        Some(PbChange::Merged(c)) => {
            c.reason.clear();
            true
        }
        Some(
            PbChange::Saved(_)
            | PbChange::Submitted(_)
            | PbChange::Amended(_)
            | PbChange::Answered(_)
            | PbChange::Quarantined(_)
            | PbChange::Verified(_)
            | PbChange::Accepted(_)
            | PbChange::Claimed(_)
            | PbChange::VisitBooked(_)
            | PbChange::VisitMoved(_)
            | PbChange::VisitCheckedIn(_)
            | PbChange::VisitReported(_)
            | PbChange::VisitCancelled(_)
            | PbChange::Resolved(_)
            | PbChange::CallbackOpened(_)
            | PbChange::Closed(_)
            | PbChange::Reopened(_)
            | PbChange::Cancelled(_)
            | PbChange::Urged(_)
            | PbChange::MergeUndone(_)
            | PbChange::PlaceChanged(_)
            | PbChange::Erased(_),
        ) => true,
        _ => false,
    };
    if theirs {
        said_of_visits(&mut event.change);
    } else {
        event.change = None;
        event.actor = None;
    }
}

/// What is to be known before going there, and what was found, is said among staff.
fn said_of_visits(change: &mut Option<PbChange>) {
    if let Some(change @ (PbChange::VisitBooked(_) | PbChange::VisitReported(_))) = change {
        super::visit::texts(change).into_iter().for_each(String::clear);
    }
}
