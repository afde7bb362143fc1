//! Hand-off to an emergency service: 110, 119, 120. Source: T38.

use crate::{
    action::Action,
    actor::Actor,
    change::{Change as What, Changed, Event, RecordText},
    numbered::numbered,
    refusal::Refusal,
    text::{Line, Reason},
    ticket::Ticket,
};
use jiff::Timestamp;
use uuid::Uuid;

/// How many a ticket may have.
pub const MOST: usize = 50;

/// The service's reference, if it gave one.
pub type Reference = Line<0, 128>;

numbered! {
    /// Who is called in an emergency.
    EmergencyService {
        /// 110
        Police = 1 "police",
        /// 119
        Fire = 2 "fire",
        /// 120
        Ambulance = 3 "ambulance",
    }
}

/// A hand-off, without its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handoff {
    /// The record.
    pub id: Uuid,
    /// Who was called.
    pub service: EmergencyService,
    /// Who handed it off.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Handoffs {
    /// In order. Nothing is ever taken out: what was wrong is corrected by another.
    pub all: Vec<Handoff>,
}

impl Handoffs {
    /// Whom it names as having acted.
    pub(crate) fn actors(&mut self) -> impl Iterator<Item = &mut Actor> {
        self.all.iter_mut().map(|handoff| &mut handoff.by)
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the act, documented there and in the contract")]
pub enum Change {
    /// An emergency service took over.
    HandedOff { id: Uuid, service: EmergencyService, reference: Reference, note: Reason },
}

impl Change {
    /// The event's name on the bus, as the contract's field is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::HandedOff { .. } => "handed_off",
        }
    }
}

impl Ticket {
    /// Writes down that an emergency service was called; the ticket stays where it is. Source: T38.
    ///
    /// # Errors
    /// When it is not in flight, and when there are too many.
    pub fn hand_off(
        self,
        id: Uuid,
        service: EmergencyService,
        reference: Reference,
        note: Reason,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::HandOff)?;
        if self.groups.handoffs.all.len() >= MOST {
            return Err(Refusal::TooMany { what: "emergency hand-offs", max: MOST });
        }
        let text = |part, text: &str| RecordText { record: id, part, text: text.to_owned() };
        let texts = [text("note", note.as_str()), text("reference", reference.as_str())];
        let change = Change::HandedOff { id, service, reference, note };
        let changed = self.after(by, at, What::Handoff(change));
        Ok(texts.into_iter().fold(changed, Changed::with_record_text))
    }

    pub(crate) fn evolve_handoff(&mut self, event: &Event, change: &Change) {
        let Change::HandedOff { id, service, .. } = change;
        self.groups.handoffs.all.push(Handoff {
            id: *id,
            service: *service,
            by: event.actor.clone(),
            at: event.occurred_at,
        });
    }
}
