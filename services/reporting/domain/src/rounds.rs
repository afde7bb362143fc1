//! What the events of tickets say about rounds and acts.

use crate::Areas;
use gongdan_region::RegionCode;
use jiff::Timestamp;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A ticket right after an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The ticket.
    pub ticket: Uuid,
    /// Its version.
    pub version: i64,
    /// Its round, from 1.
    pub round: i32,
    /// Whether it has been submitted, and so counts. Drafts and quarantined requests do not.
    pub submitted: bool,
    /// Whether it was cancelled.
    pub cancelled: bool,
    /// Whether it was merged into another ticket.
    pub merged: bool,
    /// Whether it was answered at intake.
    pub first_contact: bool,
    /// Whether it repeats another ticket.
    pub repeats: bool,
    /// Whether the round still waits to be resolved.
    pub open: bool,
    /// Recorded from the past.
    pub imported: bool,
    /// The ticket's type, by its number in the contract.
    pub kind: i16,
    /// The catalogue item's key.
    pub item: String,
    /// The area it was received for.
    pub region: RegionCode,
    /// The lead unit; empty when nobody has it.
    pub unit: String,
    /// When the request was received.
    pub received_at: Timestamp,
    /// First dispatch of the round.
    pub first_dispatched_at: Option<Timestamp>,
    /// When the round was resolved.
    pub resolved_at: Option<Timestamp>,
}

/// What happened, as far as reports care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// It was given to a unit: dispatch, claim, transfer.
    Dispatched {
        /// Who got it.
        unit: String,
    },
    /// Who had claimed it put it back into its pool: the claim counts no longer, and nothing was returned.
    PutBack,
    /// 退单
    Returned {
        /// Who gave it back.
        unit: String,
    },
    /// 重办
    Reopened {
        /// The round that ended.
        from_round: i32,
    },
    /// 催单
    Urged,
    /// It became, or is no longer, part or repeat of another ticket: what its rounds count for may be another.
    Joined,
    /// 差错工单
    QualityErrorMarked {
        /// The error.
        error: Uuid,
        /// The unit that made it; empty if not known.
        unit: String,
    },
    /// A mark was taken back.
    QualityErrorWithdrawn {
        /// The error.
        error: Uuid,
    },
    /// Anything else.
    Other,
}

/// A round of a ticket, as its latest event left it.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// The ticket as of then.
    pub snapshot: Snapshot,
    /// Receipt for the first round, the reopening for later ones.
    pub began_at: Timestamp,
    /// The first urge, if these events had it.
    pub urged_at: Option<Timestamp>,
    /// Where it counts.
    pub areas: Areas,
}

/// What kind of act is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActKind {
    /// It was given to a unit.
    Dispatched,
    /// 退单
    Returned,
    /// 重办
    Reopened,
    /// 催单
    Urged,
}

impl ActKind {
    /// As rows keep it.
    #[must_use]
    pub const fn as_i16(self) -> i16 {
        match self {
            Self::Dispatched => 1,
            Self::Returned => 2,
            Self::Reopened => 3,
            Self::Urged => 4,
        }
    }
}

/// An act that is counted by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// The ticket.
    pub ticket: Uuid,
    /// The version it made.
    pub version: i64,
    /// The round it counts for; of a reopening, the one that ended.
    pub round: i32,
    /// What.
    pub kind: ActKind,
    /// When.
    pub at: Timestamp,
    /// Whose; empty: the unit of the round.
    pub unit: String,
}

/// What an inspector found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QualityError {
    /// The ticket.
    pub ticket: Uuid,
    /// The error.
    pub error: Uuid,
    /// The round it was found in.
    pub round: i32,
    /// When.
    pub at: Timestamp,
    /// Whose; empty: the unit of the round.
    pub unit: String,
    /// It was taken back.
    pub withdrawn: bool,
}

/// What all rounds of a ticket count for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joined {
    /// It was merged into another.
    pub merged: bool,
    /// It repeats another.
    pub repeats: bool,
}

/// What a batch of events adds up to: one row per round, one per act. Events of one ticket come in their order.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Rounds {
    rounds: BTreeMap<(Uuid, i32), Round>,
    acts: Vec<Act>,
    put_back: Vec<(Uuid, i64)>,
    cancelled: Vec<Uuid>,
    joined: BTreeMap<Uuid, Joined>,
    errors: BTreeMap<(Uuid, Uuid), QualityError>,
}

impl Rounds {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes an event in. What is not submitted leaves no trace.
    pub fn add(&mut self, snapshot: Snapshot, happened: &Happened, at: Timestamp) {
        if !snapshot.submitted {
            return;
        }
        let (kind, round, unit) = match happened {
            Happened::Dispatched { unit } => (Some(ActKind::Dispatched), snapshot.round, unit.clone()),
            Happened::Returned { unit } => (Some(ActKind::Returned), snapshot.round, unit.clone()),
            Happened::Reopened { from_round } => (Some(ActKind::Reopened), *from_round, String::new()),
            Happened::Urged => (Some(ActKind::Urged), snapshot.round, String::new()),
            Happened::PutBack => {
                self.put_back.push((snapshot.ticket, snapshot.version));
                (None, snapshot.round, String::new())
            }
            Happened::Joined
            | Happened::QualityErrorMarked { .. }
            | Happened::QualityErrorWithdrawn { .. }
            | Happened::Other => (None, snapshot.round, String::new()),
        };
        if let Some(kind) = kind {
            self.acts.push(Act { ticket: snapshot.ticket, version: snapshot.version, round, kind, at, unit });
        }
        if snapshot.cancelled {
            self.cancelled.push(snapshot.ticket);
        }
        if *happened == Happened::Joined {
            let joined = Joined { merged: snapshot.merged, repeats: snapshot.repeats };
            self.joined.insert(snapshot.ticket, joined);
        }
        self.find(&snapshot, happened, at);
        let urged_at = (*happened == Happened::Urged).then_some(at);
        let areas = Areas::of(snapshot.region);
        let began_at = if snapshot.round == 1 { snapshot.received_at } else { at };
        self.rounds
            .entry((snapshot.ticket, snapshot.round))
            .and_modify(|round| {
                round.urged_at = round.urged_at.or(urged_at);
                if round.snapshot.version < snapshot.version {
                    round.areas = areas;
                    round.snapshot = snapshot.clone();
                }
            })
            .or_insert(Round { began_at, urged_at, areas, snapshot });
    }

    fn find(&mut self, snapshot: &Snapshot, happened: &Happened, at: Timestamp) {
        let (error, unit, withdrawn) = match happened {
            Happened::QualityErrorMarked { error, unit } => (*error, unit.clone(), false),
            Happened::QualityErrorWithdrawn { error } => (*error, String::new(), true),
            _ => return,
        };
        let (ticket, round) = (snapshot.ticket, snapshot.round);
        self.errors
            .entry((ticket, error))
            .and_modify(|error| error.withdrawn = withdrawn)
            .or_insert(QualityError { ticket, error, round, at, unit, withdrawn });
    }

    /// The rounds, by ticket and number: an order in which concurrent writers cannot lock each other out.
    pub fn rounds(&self) -> impl Iterator<Item = &Round> {
        self.rounds.values()
    }

    /// The acts.
    #[must_use]
    pub fn acts(&self) -> &[Act] {
        &self.acts
    }

    /// Tickets that went back into their claim pool, and the version that did it: the claim before it counts no longer.
    #[must_use]
    pub fn put_back(&self) -> &[(Uuid, i64)] {
        &self.put_back
    }

    /// Tickets that were cancelled: all their rounds leave the rates.
    #[must_use]
    pub fn cancelled(&self) -> &[Uuid] {
        &self.cancelled
    }

    /// Tickets that became, or are no longer, part or repeat of another: of all their rounds.
    pub fn joined(&self) -> impl Iterator<Item = (Uuid, Joined)> {
        self.joined.iter().map(|(ticket, joined)| (*ticket, *joined))
    }

    /// What inspectors found or took back, by ticket and error.
    pub fn errors(&self) -> impl Iterator<Item = &QualityError> {
        self.errors.values()
    }

    /// Whether nothing is to be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rounds.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn ticket(version: i64) -> Snapshot {
        Snapshot {
            ticket: Uuid::from_u128(7),
            version,
            round: 1,
            submitted: true,
            cancelled: false,
            merged: false,
            first_contact: false,
            repeats: false,
            open: true,
            imported: false,
            kind: 2,
            item: "unclassified".into(),
            region: RegionCode::parse("440106").unwrap(),
            unit: String::new(),
            received_at: at("2026-10-31T15:59:59Z"),
            first_dispatched_at: None,
            resolved_at: None,
        }
    }

    #[test]
    fn a_draft_leaves_no_trace_even_when_it_is_discarded() {
        let mut rounds = Rounds::new();
        let draft = Snapshot { submitted: false, ..ticket(1) };
        rounds.add(draft.clone(), &Happened::Other, at("2026-11-01T00:00:00Z"));
        rounds.add(
            Snapshot { cancelled: true, version: 2, ..draft },
            &Happened::Other,
            at("2026-11-01T00:00:01Z"),
        );
        assert!(rounds.is_empty() && rounds.cancelled().is_empty() && rounds.acts().is_empty());
    }

    #[test]
    fn the_first_round_begins_with_receipt_and_later_ones_with_the_reopening() {
        let mut rounds = Rounds::new();
        rounds.add(ticket(1), &Happened::Other, at("2026-11-01T00:00:00Z"));
        let reopened = at("2026-12-01T00:00:00Z");
        let second = Snapshot { round: 2, ..ticket(5) };
        rounds.add(second.clone(), &Happened::Reopened { from_round: 1 }, reopened);
        rounds.add(Snapshot { version: 6, ..second }, &Happened::Urged, at("2026-12-02T00:00:00Z"));
        let began: Vec<_> = rounds.rounds().map(|r| (r.snapshot.round, r.began_at)).collect();
        assert_eq!(began, [(1, at("2026-10-31T15:59:59Z")), (2, reopened)]);
        let acts: Vec<_> = rounds.acts().iter().map(|a| (a.kind, a.round)).collect();
        assert_eq!(acts, [(ActKind::Reopened, 1), (ActKind::Urged, 2)]);
    }

    #[test]
    fn a_round_is_as_its_latest_event_left_it_and_keeps_its_first_urge() {
        let mut rounds = Rounds::new();
        let dispatched = Snapshot { unit: "tianhe-env".into(), ..ticket(2) };
        rounds.add(ticket(1), &Happened::Urged, at("2026-11-01T00:00:00Z"));
        rounds.add(
            dispatched,
            &Happened::Dispatched { unit: "tianhe-env".into() },
            at("2026-11-01T01:00:00Z"),
        );
        rounds.add(ticket(3), &Happened::Urged, at("2026-11-01T02:00:00Z"));
        let round = rounds.rounds().next().unwrap();
        assert_eq!((round.snapshot.version, round.snapshot.unit.as_str()), (3, ""));
        assert_eq!(round.urged_at, Some(at("2026-11-01T00:00:00Z")));
        assert_eq!(rounds.acts().len(), 3);
    }

    #[test]
    fn a_merge_is_of_all_rounds_until_it_is_undone() {
        let when = at("2026-11-01T00:00:00Z");
        let joined = |merged, version| {
            let mut rounds = Rounds::new();
            rounds.add(Snapshot { merged, round: 2, ..ticket(version) }, &Happened::Joined, when);
            rounds.joined().collect::<Vec<_>>()
        };
        let id = Uuid::from_u128(7);
        assert_eq!(joined(true, 5), [(id, Joined { merged: true, repeats: false })]);
        assert_eq!(joined(false, 6), [(id, Joined { merged: false, repeats: false })]);
    }

    #[test]
    fn an_error_that_is_taken_back_is_the_one_that_was_found() {
        let (error, when) = (Uuid::from_u128(9), at("2026-11-01T00:00:00Z"));
        let mut rounds = Rounds::new();
        let marked = Happened::QualityErrorMarked { error, unit: "centre".into() };
        rounds.add(ticket(2), &marked, when);
        assert_eq!(rounds.errors().map(|e| (e.at, e.withdrawn)).collect::<Vec<_>>(), [(when, false)]);
        rounds.add(ticket(3), &Happened::QualityErrorWithdrawn { error }, at("2026-12-01T00:00:00Z"));
        let found: Vec<_> = rounds.errors().map(|e| (e.at, e.unit.as_str(), e.withdrawn)).collect();
        assert_eq!(found, [(when, "centre", true)], "it counts no more in the month in which it counted");
    }
}
