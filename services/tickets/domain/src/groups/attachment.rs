//! Notes and attachments. Source: T25.

use crate::{
    action::Action,
    actor::Actor,
    change::{self, Changed, Event},
    names::PrincipalId,
    refusal::Refusal,
    text::{InvalidText, Line, Note, Text},
    ticket::Ticket,
};
use jiff::Timestamp;
use uuid::Uuid;

/// What a note says.
pub type NoteText = Text<1, 2_000>;

/// Persons that a note may mention.
pub const MAX_MENTIONS: usize = 20;

/// What a file is called: one line of 1 to 255 characters, and no path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(Line<1, 255>);

/// The text is no file name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFileName {
    /// As a text.
    #[error(transparent)]
    Text(InvalidText),
    /// It names a place, not a file.
    #[error("a name without '/' and '\\', other than '.' and '..'")]
    Path,
}

impl FileName {
    /// Trims and checks.
    ///
    /// # Errors
    /// When it is too short or long, has control characters, or is a path.
    pub fn parse(text: &str) -> Result<Self, InvalidFileName> {
        let line = Line::parse(text).map_err(InvalidFileName::Text)?;
        let name = line.as_str();
        if name.contains(['/', '\\']) || name == "." || name == ".." {
            return Err(InvalidFileName::Path);
        }
        Ok(Self(line))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// A file that is in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Which.
    pub id: Uuid,
    /// The citizen may read it.
    pub public: bool,
    /// It came from the citizen.
    pub from_reporter: bool,
    /// What it is, as its content says.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// SHA-256 of the content.
    pub sha256: [u8; 32],
    /// What it is called.
    pub name: FileName,
}

/// What a ticket knows of it: how many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attachments {
    /// Notes.
    pub notes: i32,
    /// Notes that the citizen may read.
    pub public_notes: i32,
    /// Attachments.
    pub attachments: i32,
    /// Attachments that the citizen may read.
    pub public_attachments: i32,
}

impl Attachments {
    /// What people wrote and attached is gone.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A note was added.
    Noted {
        /// Which.
        note: Uuid,
        /// The citizen may read it.
        public: bool,
        /// Who is told of it.
        mentions: Vec<PrincipalId>,
        /// What it says.
        text: NoteText,
    },
    /// A file was attached.
    Attached(File),
    /// An attachment was removed.
    Detached {
        /// Which.
        attachment: Uuid,
        /// The citizen could read it.
        public: bool,
        /// Why.
        reason: Note,
    },
}

impl Change {
    /// The event's name on the bus, as the contract's field is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Noted { .. } => "noted",
            Self::Attached(_) => "attached",
            Self::Detached { .. } => "detached",
        }
    }
}

impl Ticket {
    /// Adds a note.
    ///
    /// # Errors
    /// When the texts of the ticket are erased.
    pub fn note(
        self,
        note: Uuid,
        public: bool,
        mentions: Vec<PrincipalId>,
        text: NoteText,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::Note)?;
        self.require_texts_kept()?;
        let change = Change::Noted { note, public, mentions, text };
        Ok(self.after(by, at, change::Change::Attachment(change)))
    }

    /// Attaches a file; a ticket has at most `max`.
    ///
    /// # Errors
    /// When it has as many, and when the texts of the ticket are erased.
    pub fn attach(self, file: File, max: usize, by: &Actor, at: Timestamp) -> Result<Changed, Refusal> {
        self.may_attach(max)?;
        Ok(self.after(by, at, change::Change::Attachment(Change::Attached(file))))
    }

    /// Whether one more file may be attached: to be known before it is sent.
    ///
    /// # Errors
    /// As [`Self::attach`].
    pub fn may_attach(&self, max: usize) -> Result<(), Refusal> {
        self.require(Action::Attach)?;
        self.require_texts_kept()?;
        if usize::try_from(self.groups.attachments.attachments).is_ok_and(|has| has >= max) {
            return Err(Refusal::TooMany { what: "attachments", max });
        }
        Ok(())
    }

    /// Takes an attachment away.
    ///
    /// # Errors
    /// When the phase does not allow it.
    pub fn detach(
        self,
        attachment: Uuid,
        public: bool,
        reason: Note,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::Attach)?;
        let change = Change::Detached { attachment, public, reason };
        Ok(self.after(by, at, change::Change::Attachment(change)))
    }

    pub(crate) fn evolve_attachment(&mut self, _event: &Event, change: &Change) {
        let has = &mut self.groups.attachments;
        match change {
            Change::Noted { public, .. } => {
                has.notes += 1;
                has.public_notes += i32::from(*public);
            }
            Change::Attached(file) => {
                has.attachments += 1;
                has.public_attachments += i32::from(file.public);
            }
            Change::Detached { public, .. } => {
                has.attachments -= 1;
                has.public_attachments -= i32::from(*public);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_no_path() {
        assert_eq!(FileName::parse(" 现场照片.jpg ").unwrap().as_str(), "现场照片.jpg");
        for bad in ["", "../etc/passwd", "a\\b", "..", ".", "a\nb", "a\u{0}", &"长".repeat(256)] {
            assert!(FileName::parse(bad).is_err(), "{bad:?}");
        }
    }
}
