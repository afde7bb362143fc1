//! Other tickets it belongs with. Source: T10, T11.
//!
//! Each link has its counterpart at the other ticket, and both are made and taken away in one act. Two tickets have at most
//! one link beside that of a merge. What is part of what has two levels: a part has no parts. A ticket says again what one
//! other said. Of its repeats a ticket knows the newest and how many there are.

mod acts;

use crate::{
    change::Event,
    numbered::numbered,
    text::{Note, Reason},
    ticket::{Pool, Ticket},
    vocabulary::{CloseReason, Phase},
    workflow::Place,
};
pub use acts::{link, merge, part_of, undo_merge, unlink};
use jiff::Timestamp;
use uuid::Uuid;

/// Repeats that a ticket names; all are counted.
pub const MOST_REPEATS: usize = 100;
/// Other links that a ticket has.
pub const MOST_LINKS: usize = 100;

numbered! {
    /// How two tickets belong together. Source: T10, T11.
    LinkKind {
        /// They have to do with each other.
        Related = 1 "related",
        /// This ticket is part of the other.
        ChildOf = 2 "child_of",
        /// The other is part of this ticket.
        ParentOf = 3 "parent_of",
        /// This ticket says again what the other said.
        RepeatOf = 4 "repeat_of",
        /// The other says again what this ticket said.
        RepeatedBy = 5 "repeated_by",
        /// This ticket was merged into the other.
        MergedInto = 6 "merged_into",
        /// The other was merged into this ticket.
        MergedFrom = 7 "merged_from",
    }
}

impl LinkKind {
    /// What it is at the other ticket.
    #[must_use]
    pub const fn counterpart(self) -> Self {
        match self {
            Self::Related => Self::Related,
            Self::ChildOf => Self::ParentOf,
            Self::ParentOf => Self::ChildOf,
            Self::RepeatOf => Self::RepeatedBy,
            Self::RepeatedBy => Self::RepeatOf,
            Self::MergedInto => Self::MergedFrom,
            Self::MergedFrom => Self::MergedInto,
        }
    }

    /// Whether it comes with a merge and goes with its undoing.
    #[must_use]
    pub const fn is_merge(self) -> bool {
        matches!(self, Self::MergedInto | Self::MergedFrom)
    }
}

/// Another ticket, and how they belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// How.
    pub kind: LinkKind,
    /// The other.
    pub ticket: Uuid,
    /// Its number.
    pub number: String,
    /// Since when.
    pub at: Timestamp,
}

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// In the order they were made.
    pub links: Vec<Link>,
    /// How many others are repeats of it.
    pub repeat_count: i32,
}

impl Links {
    /// The ticket it was merged into.
    #[must_use]
    pub fn merged_into(&self) -> Option<&Link> {
        self.of(LinkKind::MergedInto).next()
    }

    /// Those of a kind.
    pub fn of(&self, kind: LinkKind) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(move |link| link.kind == kind)
    }

    /// The link to a ticket, beside that of a merge.
    #[must_use]
    pub fn with(&self, ticket: Uuid) -> Option<&Link> {
        self.links.iter().find(|link| link.ticket == ticket && !link.kind.is_merge())
    }

    fn has(&self, kind: LinkKind) -> bool {
        self.of(kind).next().is_some()
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the acts, documented there and in the contract")]
pub enum Change {
    /// It belongs with another.
    Linked { link: Link, reason: Note },
    /// It no longer does.
    Unlinked { link: Link, reason: Note },
    /// Parts of it are tickets of their own.
    Split { children: Vec<Uuid>, reason: Note },
    /// It is part of another now.
    Merged { into: Link, reason: Reason },
    /// It is on its own again, as it was.
    MergeUndone { into: Uuid, reason: Reason, before: Before },
}

/// What a merge changes of the ticket that goes, as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// Where it was.
    pub phase: Phase,
    /// Where it waited.
    pub pool: Option<Pool>,
    /// A person had to decide.
    pub arbitration: bool,
    /// Where it stood in its workflow.
    pub place: Option<Place>,
}

impl Before {
    /// Of the ticket as it was right before the merge.
    #[must_use]
    pub fn of(ticket: &Ticket) -> Self {
        Self {
            phase: ticket.phase,
            pool: ticket.pool.clone(),
            arbitration: ticket.arbitration,
            place: ticket.groups.workflow.place.clone(),
        }
    }
}

impl Change {
    /// The event's name on the bus, as the contract's field is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Linked { .. } => "linked",
            Self::Unlinked { .. } => "unlinked",
            Self::Split { .. } => "split",
            Self::Merged { .. } => "merged",
            Self::MergeUndone { .. } => "merge_undone",
        }
    }
}

impl Change {
    /// Whether it is a side of a merge or of its undoing.
    pub(crate) const fn is_of_merge(&self) -> bool {
        match self {
            Self::Merged { .. } | Self::MergeUndone { .. } => true,
            Self::Linked { link, .. } | Self::Unlinked { link, .. } => link.kind.is_merge(),
            Self::Split { .. } => false,
        }
    }
}

impl Ticket {
    pub(crate) fn evolve_links(&mut self, event: &Event, change: &Change) {
        match change {
            Change::Linked { link, .. } => self.groups.links.add(link),
            Change::Unlinked { link, .. } => self.groups.links.remove(link),
            Change::Split { .. } => {}
            Change::Merged { into, .. } => {
                self.phase = Phase::Closed;
                self.closed_at = Some(event.occurred_at);
                self.close_reason = Some(CloseReason::Merged);
                self.pool = None;
                self.arbitration = false;
                self.groups.links.add(into);
            }
            Change::MergeUndone { into, before, .. } => {
                self.phase = before.phase;
                self.closed_at = None;
                self.close_reason = None;
                self.pool.clone_from(&before.pool);
                self.arbitration = before.arbitration;
                self.groups
                    .links
                    .links
                    .retain(|link| link.kind != LinkKind::MergedInto || link.ticket != *into);
            }
        }
    }
}

impl Links {
    /// All but repeats.
    fn named(&self) -> usize {
        self.links.iter().filter(|link| link.kind != LinkKind::RepeatedBy).count()
    }

    fn add(&mut self, link: &Link) {
        if link.kind == LinkKind::RepeatedBy {
            self.repeat_count += 1;
            if self.of(LinkKind::RepeatedBy).count() >= MOST_REPEATS
                && let Some(oldest) = self.links.iter().position(|link| link.kind == LinkKind::RepeatedBy)
            {
                self.links.remove(oldest);
            }
        }
        self.links.push(link.clone());
    }

    fn remove(&mut self, link: &Link) {
        if link.kind == LinkKind::RepeatedBy {
            self.repeat_count = (self.repeat_count - 1).max(0);
        }
        self.links.retain(|other| other.kind != link.kind || other.ticket != link.ticket);
    }
}
