//! 跟踪. Source: T24.

use crate::{
    action::Action,
    actor::Actor,
    change::{Change as What, Changed, Event, RecordText},
    names::PrincipalId,
    refusal::Refusal,
    text::Text,
    ticket::Ticket,
};
use jiff::Timestamp;
use uuid::Uuid;

/// How many people may watch a ticket.
pub const MOST: usize = 100;

/// What to be reminded of.
pub type TrackNote = Text<0, 500>;

/// Somebody's own mark, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// Whose.
    pub person: PrincipalId,
    /// Since when.
    pub tracked_at: Timestamp,
    /// When to be reminded; none: not, or done.
    pub remind_at: Option<Timestamp>,
}

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tracks {
    /// At most one of each person.
    pub all: Vec<Track>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the acts, documented there and in the contract")]
pub enum Change {
    /// Somebody watches it.
    Tracked { person: PrincipalId, remind_at: Option<Timestamp>, note: TrackNote },
    /// Somebody no longer does.
    Untracked { person: PrincipalId },
    /// The time to be reminded has come.
    Reminded { person: PrincipalId },
}

impl Change {
    /// The event's name on the bus, as the contract's field is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Tracked { .. } => "tracked",
            Self::Untracked { .. } => "untracked",
            Self::Reminded { .. } => "reminded",
        }
    }
}

impl Tracks {
    /// Somebody's own.
    #[must_use]
    pub fn of(&self, person: &PrincipalId) -> Option<&Track> {
        self.all.iter().find(|track| track.person == *person)
    }
}

impl Ticket {
    /// Marks it for `by`, in any phase; a second mark takes the place of the first. `record` is what the mark's text is
    /// kept under. Source: T24.
    ///
    /// # Errors
    /// When the time to be reminded is not in the future, when too many people watch it, and when a note would be written
    /// where texts are erased.
    pub fn track(
        self,
        record: Uuid,
        remind_at: Option<Timestamp>,
        note: TrackNote,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::Track)?;
        if remind_at.is_some_and(|remind| remind <= at) {
            return Err(Refusal::NotInFuture("remind_at"));
        }
        let tracks = &self.groups.tracks;
        if tracks.of(&by.id).is_none() && tracks.all.len() >= MOST {
            return Err(Refusal::TooMany { what: "people who track it", max: MOST });
        }
        if !note.is_empty() {
            self.require_texts_kept()?;
        }
        let text = RecordText { record, part: "note", text: note.as_str().to_owned() };
        let change = Change::Tracked { person: by.id.clone(), remind_at, note };
        Ok(self.after(by, at, What::Track(change)).with_record_text(text))
    }

    /// Takes the mark of `by` away, and what it said. Source: T24.
    ///
    /// # Errors
    /// When `by` does not track it.
    pub fn untrack(self, record: Uuid, by: &Actor, at: Timestamp) -> Result<Changed, Refusal> {
        self.require(Action::Track)?;
        if self.groups.tracks.of(&by.id).is_none() {
            return Err(Refusal::NoRecord { what: "track" });
        }
        let change = Change::Untracked { person: by.id.clone() };
        let text = RecordText { record, part: "note", text: String::new() };
        Ok(self.after(by, at, What::Track(change)).with_record_text(text))
    }

    /// Reminds all whose time has come; none when there is nobody. Source: T24.
    #[must_use]
    pub fn remind(self, by: &Actor, at: Timestamp) -> Option<Changed> {
        let due = |track: &&Track| track.remind_at.is_some_and(|remind| remind <= at);
        let people: Vec<PrincipalId> =
            self.groups.tracks.all.iter().filter(due).map(|track| track.person.clone()).collect();
        let mut changed = Changed::unchanged(self);
        for person in people {
            let origin = crate::vocabulary::Origin::Live;
            changed = changed.then(by, at, origin, What::Track(Change::Reminded { person }));
        }
        (!changed.steps.is_empty()).then_some(changed)
    }

    pub(crate) fn evolve_track(&mut self, event: &Event, change: &Change) {
        let tracks = &mut self.groups.tracks.all;
        match change {
            Change::Tracked { person, remind_at, .. } => {
                tracks.retain(|track| track.person != *person);
                tracks.push(Track {
                    person: person.clone(),
                    tracked_at: event.occurred_at,
                    remind_at: *remind_at,
                });
            }
            Change::Untracked { person } => tracks.retain(|track| track.person != *person),
            Change::Reminded { person } => {
                if let Some(track) = tracks.iter_mut().find(|track| track.person == *person) {
                    track.remind_at = None;
                }
            }
        }
    }
}
