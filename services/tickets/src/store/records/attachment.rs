//! Notes and attachments. Source: T25.

use super::super::state::InvalidState;
use gongdan_proto::{
    common::v1::ActorRef,
    tickets::v1::{self as pb, ticket_event::Change as PbChange},
};
use gongdan_tickets_domain::{
    groups::attachment::{Attachments, Change},
    mask_numbers,
};

/// Into the state.
pub(crate) fn put(part: &Attachments, ticket: &mut pb::Ticket) {
    ticket.note_count = part.notes;
    ticket.public_note_count = part.public_notes;
    ticket.attachment_count = part.attachments;
    ticket.public_attachment_count = part.public_attachments;
}

/// Out of the state.
pub(crate) fn take(ticket: &mut pb::Ticket) -> Result<Attachments, InvalidState> {
    Ok(Attachments {
        notes: ticket.note_count,
        public_notes: ticket.public_note_count,
        attachments: ticket.attachment_count,
        public_attachments: ticket.public_attachment_count,
    })
}

/// Of notes and attachments a citizen knows those that are public.
pub(crate) fn hide_internal(ticket: &mut pb::Ticket) {
    ticket.note_count = ticket.public_note_count;
    ticket.attachment_count = ticket.public_attachment_count;
}

/// The name of a file may tell who the reporter is that sent it.
pub(crate) fn hide_reporter(event: &mut pb::TicketEvent) {
    if let Some(PbChange::Attached(attached)) = &mut event.change
        && attached.from_reporter
    {
        attached.name.clear();
    }
}

/// Texts of its records into an answer: notes and attachments are answered by themselves.
pub(crate) fn fill(_ticket: &mut pb::Ticket, _texts: &super::Texts) {}

/// All whom its records name.
pub(crate) fn actors(_ticket: &mut pb::Ticket) -> Vec<&mut Option<ActorRef>> {
    Vec::new()
}

/// What happened, as the contract has it.
pub(crate) fn change(change: &Change) -> PbChange {
    match change {
        Change::Noted { note, public, mentions, text } => PbChange::Noted(pb::Noted {
            note_id: note.to_string(),
            public: *public,
            mention_ids: mentions.iter().map(ToString::to_string).collect(),
            text: mask_numbers(text.as_str()),
        }),
        Change::Attached(file) => PbChange::Attached(pb::Attached {
            attachment_id: file.id.to_string(),
            public: file.public,
            media_type: file.media_type.clone(),
            size: file.size,
            sha256: file.sha256.to_vec(),
            name: mask_numbers(file.name.as_str()),
            from_reporter: file.from_reporter,
        }),
        Change::Detached { attachment, public, reason } => PbChange::Detached(pb::Detached {
            attachment_id: attachment.to_string(),
            reason: mask_numbers(reason.as_str()),
            public: *public,
        }),
    }
}

/// What people wrote in an event of this group; none for events of others.
pub(crate) fn texts(change: &mut PbChange) -> Vec<&mut String> {
    match change {
        PbChange::Noted(c) => vec![&mut c.text],
        PbChange::Attached(c) => vec![&mut c.name],
        PbChange::Detached(c) => vec![&mut c.reason],
        _ => Vec::new(),
    }
}
