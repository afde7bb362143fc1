//! Other tickets it belongs with. Source: T10, T11.

use super::super::state::{InvalidState, invalid};
use gongdan_proto::{
    from_timestamp,
    tickets::v1::{self as pb, ticket_event::Change as PbChange},
    to_timestamp,
};
use gongdan_tickets_domain::{
    groups::links::{Change, Link, LinkKind, Links},
    mask_numbers,
};
use uuid::Uuid;

/// Into the state.
pub(crate) fn put(part: &Links, ticket: &mut pb::Ticket) {
    let Links { links, repeat_count } = part;
    ticket.links = links.iter().map(link).collect();
    ticket.repeat_count = *repeat_count;
    ticket.merged_into_id = part.merged_into().map(|link| link.ticket.to_string()).unwrap_or_default();
}

/// Out of the state.
pub(crate) fn take(ticket: &mut pb::Ticket) -> Result<Links, InvalidState> {
    let links = std::mem::take(&mut ticket.links).into_iter().map(known).collect::<Result<_, _>>()?;
    Ok(Links { links, repeat_count: ticket.repeat_count })
}

fn link(link: &Link) -> pb::TicketLink {
    pb::TicketLink {
        kind: link.kind.number(),
        ticket_id: link.ticket.to_string(),
        ticket_number: link.number.clone(),
        linked_at: Some(to_timestamp(link.at)),
    }
}

fn known(link: pb::TicketLink) -> Result<Link, InvalidState> {
    Ok(Link {
        kind: LinkKind::from_number(link.kind).ok_or_else(|| invalid("links.kind", "unknown"))?,
        ticket: Uuid::parse_str(&link.ticket_id).map_err(|error| invalid("links.ticket_id", error))?,
        number: link.ticket_number,
        at: from_timestamp(&link.linked_at.unwrap_or_default())
            .map_err(|error| invalid("links.linked_at", error))?,
    })
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
        Change::Linked { link: to, reason } => {
            PbChange::Linked(pb::Linked { link: Some(link(to)), reason: mask_numbers(reason.as_str()) })
        }
        Change::Unlinked { link: to, reason } => {
            PbChange::Unlinked(pb::Unlinked { link: Some(link(to)), reason: mask_numbers(reason.as_str()) })
        }
        Change::Split { children, reason } => PbChange::Split(pb::Split {
            child_ids: children.iter().map(ToString::to_string).collect(),
            reason: mask_numbers(reason.as_str()),
        }),
        Change::Merged { into, reason } => PbChange::Merged(pb::Merged {
            into_id: into.ticket.to_string(),
            into_number: into.number.clone(),
            reason: mask_numbers(reason.as_str()),
        }),
        Change::MergeUndone { into, reason, before: _ } => PbChange::MergeUndone(pb::MergeUndone {
            into_id: into.to_string(),
            reason: mask_numbers(reason.as_str()),
        }),
    }
}

/// What people wrote in an event of this group; none for events of others.
pub(crate) fn texts(change: &mut PbChange) -> Vec<&mut String> {
    match change {
        PbChange::Linked(c) => vec![&mut c.reason],
        PbChange::Unlinked(c) => vec![&mut c.reason],
        PbChange::Split(c) => vec![&mut c.reason],
        PbChange::Merged(c) => vec![&mut c.reason],
        PbChange::MergeUndone(c) => vec![&mut c.reason],
        _ => Vec::new(),
    }
}
