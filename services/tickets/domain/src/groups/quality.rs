//! 差错工单. Source: T30.

use crate::{
    action::Action,
    actor::Actor,
    change::{Change as What, Changed, Event, RecordText},
    names::{PrincipalId, UnitId},
    numbered::numbered,
    refusal::Refusal,
    text::Reason,
    ticket::Ticket,
};
use jiff::Timestamp;
use uuid::Uuid;

/// How many a ticket may have, withdrawn ones too.
pub const MOST: usize = 50;

numbered! {
    /// What is wrong with a ticket's record.
    QualityErrorKind {
        /// The catalogue item or type is wrong.
        WrongCategory = 1 "wrong_category",
        /// It was dispatched to the wrong unit.
        WrongDispatch = 2 "wrong_dispatch",
        /// What was recorded is incomplete.
        IncompleteRecord = 3 "incomplete_record",
    }
}

/// What an inspector found, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QualityError {
    /// The record.
    pub id: Uuid,
    /// What is wrong.
    pub kind: QualityErrorKind,
    /// Who made the error, if known.
    pub person: Option<PrincipalId>,
    /// The unit that made it, if known.
    pub unit: Option<UnitId>,
    /// Who found it.
    pub marked_by: Actor,
    /// When.
    pub marked_at: Timestamp,
    /// When the mark was taken back.
    pub withdrawn_at: Option<Timestamp>,
}

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QualityErrors {
    /// In the order in which they were found.
    pub all: Vec<QualityError>,
}

impl QualityErrors {
    /// Whom it names as having acted.
    pub(crate) fn actors(&mut self) -> impl Iterator<Item = &mut Actor> {
        self.all.iter_mut().map(|error| &mut error.marked_by)
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the acts, documented there and in the contract")]
pub enum Change {
    /// An inspector found an error.
    Marked {
        id: Uuid,
        kind: QualityErrorKind,
        person: Option<PrincipalId>,
        unit: Option<UnitId>,
        note: Reason,
    },
    /// The mark was taken back.
    Withdrawn { id: Uuid, reason: Reason },
}

impl Change {
    /// The event's name on the bus, as the contract's field is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Marked { .. } => "quality_error_marked",
            Self::Withdrawn { .. } => "quality_error_withdrawn",
        }
    }
}

impl Ticket {
    /// Marks what is wrong with its record, in any phase after it was submitted. Source: T30.
    ///
    /// # Errors
    /// Before it was submitted, when there are too many, and when its texts are erased.
    pub fn mark_quality_error(
        self,
        id: Uuid,
        kind: QualityErrorKind,
        person: Option<PrincipalId>,
        unit: Option<UnitId>,
        note: Reason,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::MarkQualityError)?;
        self.require_texts_kept()?;
        if self.groups.quality_errors.all.len() >= MOST {
            return Err(Refusal::TooMany { what: "quality errors", max: MOST });
        }
        let text = RecordText { record: id, part: "note", text: note.as_str().to_owned() };
        let change = Change::Marked { id, kind, person, unit, note };
        Ok(self.after(by, at, What::Quality(change)).with_record_text(text))
    }

    /// Takes a mark back. Source: T30.
    ///
    /// # Errors
    /// When there is no such mark, and when it was taken back before.
    pub fn withdraw_quality_error(
        self,
        id: Uuid,
        reason: Reason,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::MarkQualityError)?;
        self.require_texts_kept()?;
        let mark = self.groups.quality_errors.all.iter().find(|mark| mark.id == id);
        let mark = mark.ok_or(Refusal::NoRecord { what: "quality_error" })?;
        if mark.withdrawn_at.is_some() {
            return Err(Refusal::RecordState { what: "quality_error", state: "withdrawn" });
        }
        Ok(self.after(by, at, What::Quality(Change::Withdrawn { id, reason })))
    }

    pub(crate) fn evolve_quality(&mut self, event: &Event, change: &Change) {
        let marks = &mut self.groups.quality_errors.all;
        match change {
            Change::Marked { id, kind, person, unit, .. } => marks.push(QualityError {
                id: *id,
                kind: *kind,
                person: person.clone(),
                unit: unit.clone(),
                marked_by: event.actor.clone(),
                marked_at: event.occurred_at,
                withdrawn_at: None,
            }),
            Change::Withdrawn { id, .. } => {
                if let Some(mark) = marks.iter_mut().find(|mark| mark.id == *id) {
                    mark.withdrawn_at = Some(event.occurred_at);
                }
            }
        }
    }
}
