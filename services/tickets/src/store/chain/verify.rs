//! Judging a timeline: event after event against the chain, and the row at the end.

use super::{CLASSES, class_of, digest, link_of, unlinked, without};
use crate::store::state::classes;
use gongdan_proto::{from_timestamp, tickets::v1 as pb};
use gongdan_tickets_domain::Personal;
use jiff::Timestamp;
use prost::Message as _;
use uuid::Uuid;

/// An event as its table has it.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub aggregate_id: Uuid,
    pub version: i64,
    pub kind: String,
    pub occurred_at: Timestamp,
    pub recorded_at: Timestamp,
    pub origin: i32,
    pub payload: Vec<u8>,
}

/// What is wrong with a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Why {
    /// The event before it, or after it, is not there, or is there twice.
    #[error("an event of the ticket is missing or there twice")]
    Gap,
    /// The payload does not decode, or holds what this release does not know.
    #[error("the event holds what is no event of this release")]
    Unreadable,
    /// The columns of its row say something else than the event.
    #[error("the columns of the row differ from the event")]
    Columns,
    /// There is a chain before it, and it has no link.
    #[error("the event has no link, and the ones before have")]
    Unlinked,
    /// Who, when, what, or the state is another, or the event before is.
    #[error("the link is not that of the event and the one before")]
    Link,
    /// What is personal is not what it was.
    #[error("what is personal of the event is not what its digest says")]
    Digest,
    /// What is personal is gone, and no erasure says so.
    #[error("what is personal of the event is gone without an erasure")]
    NotErased,
    /// The chain was written anew: the link that somebody kept is not in it.
    #[error("the link that is known is not that of the event")]
    Known,
    /// The ticket is not what the last event says.
    #[error("the ticket differs from what the last event left")]
    Ticket,
}

/// A link that somebody kept from an earlier day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    /// Of this event.
    pub version: i64,
    /// The link.
    pub link: Vec<u8>,
}

/// The first broken link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken {
    /// The event's version; for the ticket's row, its last event's.
    pub version: i64,
    /// What is wrong.
    pub why: Why,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Verified {
    /// Events looked at.
    pub events: i64,
    /// The version at which the chain begins; 0: no event has a link.
    pub since: i64,
    /// The version of the last link that holds; 0: none.
    pub linked: i64,
    /// That link.
    pub head: Vec<u8>,
    /// The first broken one.
    pub broken: Option<Broken>,
}

/// Takes a ticket's events in the order of their versions.
#[derive(Debug)]
pub(crate) struct Verifier {
    ticket: Uuid,
    known: Option<Known>,
    verified: Verified,
    /// The state after the last event.
    state: Option<pb::Ticket>,
    /// Versions of the first event without values of a class that no erasure has accounted for yet.
    blank: [Option<i64>; CLASSES.len()],
}

impl Verifier {
    pub(crate) fn new(ticket: Uuid, known: Option<Known>) -> Self {
        Self { ticket, known, verified: Verified::default(), state: None, blank: [None; CLASSES.len()] }
    }

    /// The next event.
    pub(crate) fn take(&mut self, row: &Row) {
        // After a broken link only erasures are of interest: they may account for what is missing before it.
        if let Err(why) = self.judge(row)
            && self.verified.broken.is_none()
        {
            let missing = self.verified.events + 1;
            let version = if why == Why::Gap { row.version.min(missing) } else { row.version };
            self.verified.broken = Some(Broken { version, why });
        }
        self.verified.events += 1;
    }

    fn judge(&mut self, row: &Row) -> Result<(), Why> {
        let event = pb::TicketEvent::decode(row.payload.as_slice()).map_err(|_| Why::Unreadable)?;
        let judged = if self.verified.broken.is_none() { self.judge_event(row, &event) } else { Ok(()) };
        // It accounts for what is missing of itself as well: a citizen may have asked for it.
        if let Some(pb::ticket_event::Change::Erased(erased)) = &event.change {
            for (class, blank) in CLASSES.into_iter().zip(&mut self.blank) {
                if classes(class).all(|class| erased.classes.contains(&class)) {
                    *blank = None;
                }
            }
        }
        self.state = event.state;
        judged
    }

    fn judge_event(&mut self, row: &Row, event: &pb::TicketEvent) -> Result<(), Why> {
        if row.version != self.verified.events + 1 {
            return Err(Why::Gap);
        }
        // What it does not know is lost in decoding, and nothing is said more than once.
        if event.encoded_len() != row.payload.len() {
            return Err(Why::Unreadable);
        }
        self.judge_columns(row, event)?;
        if event.chain.is_empty() {
            let known = self.known.as_ref().is_some_and(|known| known.version <= event.version);
            if self.verified.since != 0 || known || !event.sealed.is_empty() {
                return Err(Why::Unlinked);
            }
        } else {
            self.judge_link(event)?;
        }
        Ok(())
    }

    fn judge_columns(&self, row: &Row, event: &pb::TicketEvent) -> Result<(), Why> {
        let at = |at: Option<prost_types::Timestamp>| at.and_then(|at| from_timestamp(&at).ok());
        let state = event.state.as_ref().ok_or(Why::Unreadable)?;
        let same = row.aggregate_id == self.ticket
            && event.ticket_id == self.ticket.to_string()
            && state.id == event.ticket_id
            && event.version == row.version
            && state.version == row.version
            && event.change.as_ref().is_some_and(|change| change.name() == row.kind)
            && micros(at(event.occurred_at)) == micros(Some(row.occurred_at))
            && micros(at(event.recorded_at)) == micros(Some(row.recorded_at))
            && event.origin == row.origin;
        if same { Ok(()) } else { Err(Why::Columns) }
    }

    fn judge_link(&mut self, event: &pb::TicketEvent) -> Result<(), Why> {
        let open = unlinked(event.clone());
        let (bare, _) = without(&open, Personal::ALL);
        let state_chain = event.state.as_ref().map(|state| &state.chain);
        if link_of(&bare, &event.sealed, &self.verified.head) != event.chain
            || state_chain != Some(&event.chain)
        {
            return Err(Why::Link);
        }
        if self
            .known
            .as_ref()
            .is_some_and(|known| known.version == event.version && known.link != event.chain)
        {
            return Err(Why::Known);
        }
        if !event.sealed.is_sorted_by(|a, b| a.data_class < b.data_class)
            || event.sealed.iter().any(|sealed| class_of(sealed).is_none())
        {
            return Err(Why::Link);
        }
        for (class, blank) in CLASSES.into_iter().zip(&mut self.blank) {
            let has_values = without(&open, class).1;
            let sealed = event.sealed.iter().find(|sealed| class_of(sealed) == Some(class));
            match sealed {
                None if has_values => return Err(Why::Digest),
                None => {}
                Some(sealed) if sealed.salt.is_empty() => {
                    if has_values {
                        return Err(Why::Digest);
                    }
                    blank.get_or_insert(event.version);
                }
                Some(sealed) if digest(&open, class, &sealed.salt) == sealed.digest => {}
                Some(_) if has_values => return Err(Why::Digest),
                // The values went, the salt did not: whoever erases takes both.
                Some(_) => return Err(Why::NotErased),
            }
        }
        if self.verified.since == 0 {
            self.verified.since = event.version;
        }
        self.verified.linked = event.version;
        self.verified.head.clone_from(&event.chain);
        Ok(())
    }

    /// All events were taken; `version` and `state` are what the ticket's row says.
    pub(crate) fn end(mut self, version: i64, state: &pb::Ticket) -> Verified {
        // What no erasure accounts for comes before a link that is broken later.
        let blank = self.blank.into_iter().flatten().min();
        let blank = blank.map(|version| Broken { version, why: Why::NotErased });
        let broken = [blank, self.verified.broken].into_iter().flatten().min_by_key(|broken| broken.version);
        self.verified.broken = broken.or_else(|| {
            let known = self.known.as_ref().map_or(0, |known| known.version);
            if version.max(known) > self.verified.events {
                Some(Broken { version: self.verified.events + 1, why: Why::Gap })
            } else if version < self.verified.events || self.state.as_ref() != Some(state) {
                Some(Broken { version: self.verified.events, why: Why::Ticket })
            } else {
                None
            }
        });
        self.verified
    }
}

/// What a column of the database keeps of an instant.
fn micros(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::as_microsecond)
}
