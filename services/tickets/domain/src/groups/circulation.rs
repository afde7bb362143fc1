//! 传阅: shown inside the unit that has it. The ticket keeps nothing of it but its timeline; who has read it is kept in
//! tables. Source: T34.

use crate::{
    action::Action,
    actor::Actor,
    change::{Change as What, Changed, Event, RecordText},
    names::{PrincipalId, UnitId},
    refusal::Refusal,
    text::Note,
    ticket::Ticket,
};
use jiff::Timestamp;
use uuid::Uuid;

/// To how many persons at once; more are a whole unit.
pub const MOST_PERSONS: usize = 200;

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Circulations {}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the act, documented there and in the contract")]
pub enum Change {
    /// It was shown inside the unit that has it.
    Circulated { id: Uuid, unit: UnitId, persons: Vec<PrincipalId>, note: Note },
}

impl Change {
    /// The event's name on the bus, as the contract's field is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Circulated { .. } => "circulated",
        }
    }
}

impl Ticket {
    /// Shows it inside the unit that has it: to persons, who are members as the caller of this found, or to all. Source:
    /// T34.
    ///
    /// # Errors
    /// While no unit has it, and when `by` may not act for the one that has.
    pub fn circulate(
        self,
        id: Uuid,
        persons: Vec<PrincipalId>,
        note: Note,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::Circulate)?;
        let unit = self.require_holder(by)?;
        if !note.is_empty() {
            self.require_texts_kept()?;
        }
        let text = RecordText { record: id, part: "note", text: note.as_str().to_owned() };
        let change = Change::Circulated { id, unit, persons, note };
        Ok(self.after(by, at, What::Circulation(change)).with_record_text(text))
    }

    pub(crate) const fn evolve_circulation(&mut self, _event: &Event, change: &Change) {
        let Change::Circulated { .. } = change;
    }
}
