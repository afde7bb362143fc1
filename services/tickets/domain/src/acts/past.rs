//! A ticket of the past, written down with what became of it.

use crate::{
    actor::Actor,
    acts::intake::{Intake, New},
    change::{Change, Changed, Marks},
    names::UnitId,
    text::{Note, Reply as ReplyText, RootCause},
    ticket::Ticket,
    vocabulary::{CloseReason, Origin, Outcome},
};
use jiff::Timestamp;

/// A request of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// The request.
    pub intake: Intake,
    /// What was replied.
    pub reply: Option<Reply>,
    /// Without a reply: it still waits, for a dispatcher.
    pub live: bool,
}

/// A reply of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// What the citizen was told.
    pub text: ReplyText,
    /// When.
    pub at: Timestamp,
    /// Who replied.
    pub unit: UnitId,
}

impl Ticket {
    /// Writes a ticket of the past down; every event has origin import and the time at which it happened.
    ///
    /// With a reply it ends closed and resolved, `live` without one it ends `pending_dispatch`, else closed without
    /// resolution.
    #[must_use]
    pub fn past(new: New, past: Past, by: &Actor) -> Changed {
        let import = Origin::Import;
        let received = past.intake.received_at;
        let closed = Change::Closed { reason: CloseReason::Imported, task: None };
        let ticket = Self::begin(new, past.intake, by, received, import, Change::Submitted);
        let Some(Reply { text, at, unit }) = past.reply else {
            return if past.live { ticket } else { ticket.then(by, received, import, closed) };
        };
        let elapsed_seconds = at.duration_since(received).as_secs().max(0);
        let responsible_unit = Some(unit.clone());
        let marks = Marks::default();
        let mut ticket = ticket
            .then(
                by,
                received,
                import,
                Change::Dispatched { unit, person: None, decision: None, marks, note: Note::default() },
            )
            .then(by, received, import, Change::Accepted { handler: None })
            .then(
                by,
                at,
                import,
                Change::Resolved { outcome: Outcome::Explained, responsible_unit, elapsed_seconds },
            )
            .then(by, at, import, closed);
        ticket.texts.resolution = Some((None, RootCause::default(), text));
        ticket
    }
}
