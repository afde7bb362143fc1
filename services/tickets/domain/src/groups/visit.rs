//! 预约上门. Source: T15.
//!
//! Somebody on site may have no network: what the phone reports comes late, twice, and in any order. So a visit keeps what it
//! was booked as and the *set* of reports about it, each with an id that the phone made; everything else is read off that
//! set in the order of the device's time. Whatever order reports come in, and however often, the same set makes the same
//! visit.

use crate::{
    action::Action,
    actor::Actor,
    change::{self, Changed, Event, RecordText},
    names::{PrincipalId, UnitId},
    numbered::numbered,
    refusal::Refusal,
    text::{Note, Reason, Text},
    ticket::Ticket,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What was reported.
pub type ReportText = Text<0, 10_000>;

/// Visits that a ticket may have.
pub const MAX_VISITS: usize = 100;
/// Reports that a visit may have.
pub const MAX_REPORTS: usize = 200;
/// Photos that a report may have.
pub const MAX_PHOTOS: usize = 20;
/// The longest window.
pub const MAX_WINDOW: SignedDuration = SignedDuration::from_hours(24 * 7);

numbered! {
    /// Where a visit is.
    VisitState {
        /// A time is agreed.
        Booked = 1 "booked",
        /// Somebody is there.
        CheckedIn = 2 "checked_in",
        /// It was reported.
        Reported = 3 "reported",
        /// It will not take place.
        Cancelled = 4 "cancelled",
    }
}

numbered! {
    /// What came of a visit.
    VisitResult {
        /// What was to be done is done.
        Done = 1 "done",
        /// Not all of it: another visit is needed.
        Partly = 2 "partly",
        /// Nobody was there.
        NobodyThere = 3 "nobody_there",
        /// It could not be done.
        NotPossible = 4 "not_possible",
    }
}

/// From when until when somebody comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// From when.
    pub start: Timestamp,
    /// Until when.
    pub end: Timestamp,
}

/// What a visit was booked as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// When somebody comes.
    pub window: Window,
    /// Who goes; none: somebody of the unit.
    pub person: Option<PrincipalId>,
    /// The unit that booked it.
    pub unit: UnitId,
    /// Who booked it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// Which report: the order in which a device did what it reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// When it happened, by the device.
    pub at: Timestamp,
    /// Orders what one device did at one instant.
    pub sequence: i64,
    /// Made by whoever reports; the same report has the same id however often it is sent.
    pub report: Uuid,
}

/// What is reported, without its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Another time was agreed.
    Moved {
        /// When.
        window: Window,
        /// Who goes.
        person: Option<PrincipalId>,
    },
    /// Somebody is there.
    CheckedIn,
    /// What came of it.
    Reported {
        /// What.
        result: VisitResult,
        /// Attachments of the ticket.
        photos: Vec<Uuid>,
    },
    /// It will not take place.
    Cancelled,
}

/// A report about a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The visit.
    pub visit: Uuid,
    /// Which.
    pub stamp: Stamp,
    /// What.
    pub what: What,
    /// What was said about it: why it moved or was cancelled, or what was done.
    pub text: ReportText,
}

/// A visit: what it was booked as, and all that is known of it since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Which.
    pub id: Uuid,
    /// What it was booked as.
    pub booking: Booking,
    /// Reports in the order of the devices' time.
    pub reports: BTreeMap<Stamp, What>,
}

impl Visit {
    /// What is known wins over what was meant: who was there and reports so was there, whatever had been cancelled.
    #[must_use]
    pub fn state(&self) -> VisitState {
        let any = |what: fn(&What) -> bool| self.reports.values().any(what);
        if any(|what| matches!(what, What::Reported { .. })) {
            VisitState::Reported
        } else if any(|what| matches!(what, What::Cancelled)) {
            VisitState::Cancelled
        } else if any(|what| matches!(what, What::CheckedIn)) {
            VisitState::CheckedIn
        } else {
            VisitState::Booked
        }
    }

    /// When somebody comes, and who: the last that was agreed.
    #[must_use]
    pub fn agreed(&self) -> (Window, Option<&PrincipalId>) {
        let moved = self.reports.values().rev().find_map(|what| match what {
            What::Moved { window, person } => Some((*window, person.as_ref())),
            _ => None,
        });
        moved.unwrap_or((self.booking.window, self.booking.person.as_ref()))
    }

    /// How often another time was agreed.
    #[must_use]
    pub fn moved_count(&self) -> usize {
        self.reports.values().filter(|what| matches!(what, What::Moved { .. })).count()
    }

    /// When somebody was there first.
    #[must_use]
    pub fn checked_in(&self) -> Option<Stamp> {
        self.reports.iter().find(|(_, what)| matches!(what, What::CheckedIn)).map(|(stamp, _)| *stamp)
    }

    /// What came of it: the last that was reported.
    #[must_use]
    pub fn outcome(&self) -> Option<(Stamp, VisitResult, &[Uuid])> {
        self.reports.iter().rev().find_map(|(stamp, what)| match what {
            What::Reported { result, photos } => Some((*stamp, *result, photos.as_slice())),
            _ => None,
        })
    }

    /// When something live counts as said: after what it takes the place of, also where a device's clock runs ahead.
    fn after_what_it_replaces(&self, report: &Report) -> Stamp {
        let replaced = |what: &&What| std::mem::discriminant(*what) == std::mem::discriminant(&report.what);
        let last = self.reports.iter().rev().find(|(_, what)| replaced(what)).map(|(stamp, _)| *stamp);
        match (&report.what, last) {
            (What::Moved { .. } | What::Reported { .. }, Some(last)) if last >= report.stamp => {
                Stamp { at: last.at, sequence: last.sequence.saturating_add(1), ..report.stamp }
            }
            _ => report.stamp,
        }
    }

    /// The report of an id.
    #[must_use]
    pub fn report(&self, id: Uuid) -> Option<(&Stamp, &What)> {
        self.reports.iter().find(|(stamp, _)| stamp.report == id)
    }
}

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visits {
    /// In the order of booking.
    pub all: Vec<Visit>,
}

impl Visits {
    /// Whom it names as having acted.
    pub(crate) fn actors(&mut self) -> impl Iterator<Item = &mut Actor> {
        self.all.iter_mut().map(|visit| &mut visit.booking.by)
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: Uuid) -> Option<&Visit> {
        self.all.iter().find(|visit| visit.id == id)
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A time was agreed.
    Booked {
        /// Which.
        visit: Uuid,
        /// When somebody comes.
        window: Window,
        /// Who goes; none: somebody of the unit.
        person: Option<PrincipalId>,
        /// The unit that booked it.
        unit: UnitId,
        /// What to know before going.
        note: Note,
    },
    /// A report came.
    Reported(Report),
}

impl Change {
    /// The event's name on the bus, as the contract's field is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Booked { .. } => "visit_booked",
            Self::Reported(report) => match report.what {
                What::Moved { .. } => "visit_moved",
                What::CheckedIn => "visit_checked_in",
                What::Reported { .. } => "visit_reported",
                What::Cancelled => "visit_cancelled",
            },
        }
    }
}

/// Whether what is reported may be late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// By somebody who sees how the visit is now.
    Live,
    /// By a phone that had no network.
    Replayed,
}

impl Ticket {
    /// Agrees on a time on site.
    ///
    /// # Errors
    /// Unless somebody works on it and `by` is of the unit that holds it; when the window is over, and when there are too
    /// many visits.
    pub fn book_visit(
        self,
        id: Uuid,
        window: Window,
        person: Option<PrincipalId>,
        note: Note,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::BookVisit)?;
        let unit = self.require_holder(by)?;
        if window.end <= at {
            return Err(Refusal::WindowOver);
        }
        if self.groups.visits.all.len() >= MAX_VISITS {
            return Err(Refusal::TooMany { what: "visits", max: MAX_VISITS });
        }
        let text = (!note.is_empty()).then(|| record(id, "note", note.as_str()));
        let change = Change::Booked { visit: id, window, person, unit, note };
        let mut changed = self.after(by, at, change::Change::Visit(change));
        changed.texts.records.extend(text);
        Ok(changed)
    }

    /// What somebody says of a visit; none when it was said before.
    ///
    /// # Errors
    /// When there is no such visit, `by` does not go there, the report is another one under the same id, or there are too
    /// many; live, also when the visit is over, and a move when somebody is there already.
    pub fn report_visit(
        self,
        mut report: Report,
        manner: Manner,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Option<Changed>, Refusal> {
        let visit = self.groups.visits.get(report.visit).ok_or(Refusal::NoVisit)?;
        // A phone that got no answer says it again with a time of its own.
        if let Some((_, what)) = visit.report(report.stamp.report) {
            return if *what == report.what { Ok(None) } else { Err(Refusal::ReportReused) };
        }
        let action = match (manner, &report.what) {
            (Manner::Live, What::Moved { .. } | What::Cancelled) => Action::MoveVisit,
            _ => Action::ReportVisit,
        };
        self.require(action)?;
        self.require_visitor(visit, by)?;
        self.require_texts_kept()?;
        if visit.reports.len() >= MAX_REPORTS {
            return Err(Refusal::TooMany { what: "reports", max: MAX_REPORTS });
        }
        if manner == Manner::Live {
            judge_live(visit, &report.what, at)?;
            report.stamp = visit.after_what_it_replaces(&report);
        }
        let latest = visit.outcome().is_none_or(|(stamp, _, _)| stamp < report.stamp);
        let text = match report.what {
            // Also an empty one: it takes the place of an earlier one.
            What::Reported { .. } if latest => Some(record(report.visit, "report", report.text.as_str())),
            _ => None,
        };
        let mut changed = self.after(by, at, change::Change::Visit(Change::Reported(report)));
        changed.texts.records.extend(text);
        Ok(Some(changed))
    }

    /// Who goes there, or is of the unit that booked it or of the one that holds the ticket.
    fn require_visitor(&self, visit: &Visit, by: &Actor) -> Result<(), Refusal> {
        let goes = |person: Option<&PrincipalId>| person == Some(&by.id);
        let mut moved = visit.reports.values().filter_map(|what| match what {
            What::Moved { person, .. } => Some(person.as_ref()),
            _ => None,
        });
        let may = goes(visit.booking.person.as_ref())
            || moved.any(goes)
            || by.may_act_for(&visit.booking.unit)
            || self.require_holder(by).is_ok();
        if may { Ok(()) } else { Err(Refusal::NotRecipient) }
    }

    pub(crate) fn evolve_visit(&mut self, event: &Event, change: &Change) {
        match change {
            Change::Booked { visit, window, person, unit, .. } => self.groups.visits.all.push(Visit {
                id: *visit,
                booking: Booking {
                    window: *window,
                    person: person.clone(),
                    unit: unit.clone(),
                    by: event.actor.clone(),
                    at: event.occurred_at,
                },
                reports: BTreeMap::new(),
            }),
            Change::Reported(report) => {
                let visits = &mut self.groups.visits.all;
                if let Some(visit) = visits.iter_mut().find(|visit| visit.id == report.visit) {
                    visit.reports.insert(report.stamp, report.what.clone());
                }
            }
        }
    }
}

fn judge_live(visit: &Visit, what: &What, at: Timestamp) -> Result<(), Refusal> {
    let state = visit.state();
    let allowed = match what {
        What::Moved { .. } => state == VisitState::Booked,
        What::CheckedIn | What::Cancelled => matches!(state, VisitState::Booked | VisitState::CheckedIn),
        // A report may be corrected.
        What::Reported { .. } => state != VisitState::Cancelled,
    };
    if !allowed {
        return Err(Refusal::Visit { state });
    }
    match what {
        What::Moved { window, .. } if window.end <= at => Err(Refusal::WindowOver),
        _ => Ok(()),
    }
}

fn record(record: Uuid, part: &'static str, text: &str) -> RecordText {
    RecordText { record, part, text: text.to_owned() }
}

/// Why, in the words of a reason.
impl From<Reason> for ReportText {
    fn from(reason: Reason) -> Self {
        Self::parse(reason.as_str()).unwrap_or_default()
    }
}
