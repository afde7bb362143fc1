//! Help of other units, a pause, a later deadline: who asked, who is asked, by when.

use gongdan_notifications_domain::{Deadline, Kind};
use gongdan_proto::{
    common::v1::ActorRef,
    from_timestamp,
    tickets::v1::{Ticket, ticket_event::Change},
};

/// Whether people are told, and the unit and person it is about.
pub(crate) fn told(change: &Change, state: &Ticket) -> (Option<Kind>, String, String) {
    let lead = state.lead_unit_id.clone();
    match change {
        Change::SuspensionRequested(_) => (Some(Kind::SuspensionRequested), lead, String::new()),
        Change::Suspended(c) => {
            // one that nobody had to approve is no news to who asked for it
            let record = state.suspensions.iter().find(|record| record.id == c.suspension_id);
            let decided = record.filter(|record| record.decided_by.is_some());
            let kind = decided.map(|_| Kind::Suspended);
            (kind, lead, id(decided.and_then(|record| record.requested_by.as_ref())))
        }
        Change::SuspensionRejected(c) => {
            let record = state.suspensions.iter().find(|record| record.id == c.suspension_id);
            let asked = id(record.and_then(|record| record.requested_by.as_ref()));
            (Some(Kind::SuspensionRejected), lead, asked)
        }
        Change::Resumed(c) => (c.by_itself.then_some(Kind::Resumed), lead, state.handler_id.clone()),
        Change::ExtensionRequested(_) => (Some(Kind::ExtensionRequested), lead, String::new()),
        Change::ExtensionApproved(c) => {
            (Some(Kind::ExtensionApproved), lead, asked_extension(state, &c.extension_id))
        }
        Change::ExtensionRejected(c) => {
            (Some(Kind::ExtensionRejected), lead, asked_extension(state, &c.extension_id))
        }
        Change::AssistRequested(c) => (Some(Kind::AssistRequested), c.unit_id.clone(), String::new()),
        Change::AssistWaived(c) => (Some(Kind::AssistWaived), c.unit_id.clone(), String::new()),
        Change::AssistReplied(c) => {
            (Some(Kind::AssistReplied), c.unit_id.clone(), asked_assist(state, &c.assist_id))
        }
        Change::AssistDeclined(c) => {
            (Some(Kind::AssistDeclined), c.unit_id.clone(), asked_assist(state, &c.assist_id))
        }
        _ => (None, lead, String::new()),
    }
}

/// Until when, as far as the event says.
pub(crate) fn due(change: &Change, state: &Ticket) -> Option<Deadline> {
    let at = match change {
        Change::SuspensionRequested(c) => c.until,
        Change::Suspended(c) => c.until,
        Change::ExtensionRequested(c) => c.requested_until,
        Change::ExtensionApproved(c) => c.approved_until,
        Change::AssistRequested(c) => {
            c.due_at.or_else(|| state.assists.iter().find(|assist| assist.id == c.assist_id)?.due_at)
        }
        _ => None,
    };
    let due_at = from_timestamp(at.as_ref()?).ok()?;
    Some(Deadline { clock: "", due_at, percent: 0 })
}

fn asked_extension(state: &Ticket, extension: &str) -> String {
    let record = state.extensions.iter().find(|record| record.id == extension);
    id(record.and_then(|record| record.requested_by.as_ref()))
}

fn asked_assist(state: &Ticket, assist: &str) -> String {
    let record = state.assists.iter().find(|record| record.id == assist);
    id(record.and_then(|record| record.requested_by.as_ref()))
}

fn id(actor: Option<&ActorRef>) -> String {
    actor.map(|actor| actor.id.clone()).unwrap_or_default()
}
