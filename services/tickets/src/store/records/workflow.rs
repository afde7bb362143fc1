//! The workflow it follows. Source: T31.

use super::super::state::InvalidState;
use gongdan_proto::tickets::v1::{self as pb, ticket_event::Change as PbChange};
use gongdan_tickets_domain::{
    groups::workflow::{Change, WorkflowPart},
    mask_numbers,
    workflow::Place,
};

/// Into the state.
pub(crate) fn put(part: &WorkflowPart, ticket: &mut pb::Ticket) {
    let WorkflowPart { place } = part;
    if let Some(Place { workflow, version, step, worked_at }) = place {
        ticket.workflow.clone_from(workflow);
        ticket.workflow_version = *version;
        ticket.step.clone_from(step);
        ticket.worked_at_step.clone_from(worked_at);
    }
}

/// Out of the state.
pub(crate) fn take(ticket: &mut pb::Ticket) -> Result<WorkflowPart, InvalidState> {
    let place = (!ticket.workflow.is_empty()).then(|| Place {
        workflow: std::mem::take(&mut ticket.workflow),
        version: ticket.workflow_version,
        step: std::mem::take(&mut ticket.step),
        worked_at: std::mem::take(&mut ticket.worked_at_step),
    });
    Ok(WorkflowPart { place })
}

/// Texts of its records into an answer.
pub(crate) fn fill(_ticket: &mut pb::Ticket, _texts: &super::Texts) {}

/// All whom its records name.
pub(crate) fn actors(_ticket: &mut pb::Ticket) -> Vec<&mut Option<gongdan_proto::common::v1::ActorRef>> {
    Vec::new()
}

/// What happened, as the contract has it.
pub(crate) fn change(change: &Change) -> PbChange {
    match change {
        Change::Migrated { workflow, from_version, to_version, from_step, .. } => {
            PbChange::WorkflowMigrated(pb::WorkflowMigrated {
                workflow: workflow.clone(),
                from_version: *from_version,
                to_version: *to_version,
                from_step: from_step.clone(),
            })
        }
        Change::Advanced { from_step, note, .. } => PbChange::Advanced(pb::Advanced {
            from_step: from_step.clone(),
            note: mask_numbers(note.as_str()),
        }),
    }
}

/// What people wrote in an event of this group; none for events of others.
pub(crate) fn texts(change: &mut PbChange) -> Vec<&mut String> {
    match change {
        PbChange::Advanced(c) => vec![&mut c.note],
        _ => Vec::new(),
    }
}
