//! What one act writes, and how many acts share one statement.

use super::extras::Extras;
use crate::events::Written;
use gongdan_outbox::NewEvent;
use gongdan_pg::RequestKey;
use gongdan_telemetry::current_traceparent;
use gongdan_tickets_domain::{Changed, Deltas, Owner, Place, Ticket};
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use uuid::Uuid;

/// The columns of a ticket that lists filter by, and its state.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub id: Uuid,
    pub number: String,
    pub version: i64,
    pub phase: i16,
    pub round: i32,
    pub kind: i16,
    pub item: String,
    pub region: i64,
    pub channel: i16,
    pub priority: i16,
    pub origin: i16,
    pub customer_id: Option<Uuid>,
    pub confidential: bool,
    pub lead_unit: Option<String>,
    pub handler: Option<String>,
    pub sensitive: bool,
    pub pool_unit: Option<String>,
    pub received_at: Timestamp,
    pub resolved_at: Option<Timestamp>,
    pub created_by: Option<String>,
    /// What of column `marks` follows from the state.
    pub marks: i16,
    pub state: Vec<u8>,
}

/// Free texts of a round's resolution.
#[derive(Debug, Clone)]
pub(crate) struct ResolutionTexts {
    pub solution: Option<String>,
    pub root_cause: String,
    pub reply: String,
}

/// What an act changes about one count. Source: DESIGN rule 11.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delta {
    pub queue: i16,
    /// A unit, a person, or empty: by region.
    pub owner: String,
    pub unit: String,
    pub region: i64,
    /// Bits: 1 sensitive, 2 confidential, 4 the owner's own.
    pub class: i16,
    pub n: i32,
    /// Only if the ticket is overdue.
    pub if_overdue: bool,
}

/// An act ready to be written.
#[derive(Debug, Clone)]
pub(crate) struct Save {
    pub row: Row,
    /// The version the row must have; 0: it must not be there.
    pub expected: i64,
    pub events: Vec<NewEvent>,
    /// The call that asked for it; none for consumers, jobs and imports.
    pub request: Option<RequestKey>,
    /// The routing decisions it answers.
    pub decisions: Vec<Uuid>,
    pub resolution: Option<ResolutionTexts>,
    /// Subject and body of a draft that says something else.
    pub request_texts: Option<(String, String)>,
    /// Units that take part; those there already are left alone.
    pub participants: Vec<String>,
    /// People who did something with it for the first time, or through another unit, and did not take it down; each with
    /// the unit.
    pub doers: Vec<(String, Option<String>)>,
    /// What it changes about counts of queues.
    pub deltas: Vec<Delta>,
    /// It comes back into flight: what clocks said of it before is over.
    pub rises: bool,
    pub recorded_at: Timestamp,
    /// The trace of the act.
    pub traceparent: Option<String>,
    /// What it writes into other tables.
    pub extras: Extras,
}

impl Save {
    /// Of a changed ticket and its encoded events.
    pub(crate) fn new(
        changed: &Changed,
        written: Written,
        request: Option<RequestKey>,
        recorded_at: Timestamp,
    ) -> Self {
        let texts = changed.texts.resolution.as_ref();
        Self {
            row: Row::new(&changed.ticket, written.state),
            expected: changed.from_version,
            events: written.events,
            request,
            decisions: Vec::new(),
            resolution: texts.map(|(solution, root_cause, reply)| ResolutionTexts {
                solution: solution.as_ref().map(|text| text.as_str().to_owned()),
                root_cause: root_cause.as_str().to_owned(),
                reply: reply.as_str().to_owned(),
            }),
            request_texts: changed
                .texts
                .request
                .as_ref()
                .map(|(subject, body)| (subject.as_str().to_owned(), body.as_str().to_owned())),
            participants: changed.ticket.participants.iter().map(ToString::to_string).collect(),
            doers: new_doers(changed),
            deltas: deltas(changed),
            rises: changed.ticket.phase.is_in_flight()
                && changed.before.as_ref().is_none_or(|before| !before.phase.is_in_flight()),
            recorded_at,
            traceparent: current_traceparent(),
            extras: Extras::of(changed),
        }
    }
}

fn new_doers(changed: &Changed) -> Vec<(String, Option<String>)> {
    let before = changed.before.as_ref();
    let known = |doer| before.is_some_and(|before| before.other_doers().any(|other| other == doer));
    let new = changed.ticket.other_doers().filter(|doer| !known(*doer));
    new.map(|doer| (doer.person.to_string(), doer.unit.as_ref().map(ToString::to_string))).collect()
}

fn deltas(changed: &Changed) -> Vec<Delta> {
    let deltas = Deltas::between(changed.before.as_deref(), &changed.ticket);
    let always = deltas.always.into_iter().map(|delta| Delta::new(delta, false));
    always.chain(deltas.if_overdue.into_iter().map(|delta| Delta::new(delta, true))).collect()
}

impl Delta {
    fn new((place, n): (Place, i32), if_overdue: bool) -> Self {
        Self {
            queue: small(place.queue.number()),
            owner: match place.owner {
                Owner::Region => String::new(),
                Owner::Unit(unit) => unit.to_string(),
                Owner::Person(person) => person.to_string(),
            },
            unit: place.unit.map(|unit| unit.to_string()).unwrap_or_default(),
            region: place.region.as_i64(),
            class: i16::from(place.sensitive)
                | i16::from(place.confidential) << 1
                | i16::from(place.own) << 2,
            n,
            if_overdue,
        }
    }
}

/// What of column `marks` follows from the state.
fn marks(ticket: &Ticket) -> i16 {
    i16::from(ticket.is_returned())
        | i16::from(ticket.groups.extensions.requested().is_some()) << 1
        | i16::from(ticket.has_quality_error()) << 2
        | i16::from(ticket.claimed_from.is_some()) << 4
}

impl Row {
    fn new(ticket: &Ticket, state: Vec<u8>) -> Self {
        Self {
            id: ticket.id,
            number: ticket.number.clone(),
            version: ticket.version,
            phase: small(ticket.phase.number()),
            round: ticket.round,
            kind: small(ticket.kind.number()),
            item: ticket.item.clone(),
            region: ticket.region.as_i64(),
            channel: small(ticket.channel.number()),
            priority: small(ticket.priority.number()),
            origin: small(ticket.origin.number()),
            customer_id: ticket.customer_id,
            confidential: ticket.confidential,
            lead_unit: ticket.lead_unit.as_ref().map(ToString::to_string),
            handler: ticket.handler.as_ref().map(ToString::to_string),
            sensitive: ticket.sensitive,
            pool_unit: ticket.pool.as_ref().and_then(|pool| pool.unit.as_ref()).map(ToString::to_string),
            received_at: ticket.received_at,
            resolved_at: ticket.resolved_at,
            created_by: ticket.taken_down_by().map(ToString::to_string),
            marks: marks(ticket),
            state,
        }
    }
}

/// Numbers of the contract's enumerations fit by far.
pub(super) fn small(number: i32) -> i16 {
    i16::try_from(number).unwrap_or(i16::MAX)
}

/// Columns of many saves, as arrays for UNNEST.
pub(super) struct Columns {
    pub ordinal: Vec<i32>,
    pub id: Vec<Uuid>,
    pub number: Vec<String>,
    pub expected: Vec<i64>,
    pub version: Vec<i64>,
    pub phase: Vec<i16>,
    pub round: Vec<i32>,
    pub kind: Vec<i16>,
    pub item: Vec<String>,
    pub region: Vec<i64>,
    pub channel: Vec<i16>,
    pub priority: Vec<i16>,
    pub origin: Vec<i16>,
    pub customer: Vec<Option<Uuid>>,
    pub confidential: Vec<bool>,
    pub lead_unit: Vec<Option<String>>,
    pub handler: Vec<Option<String>>,
    pub sensitive: Vec<bool>,
    pub pool_unit: Vec<Option<String>>,
    pub received_at: Vec<SqlTimestamp>,
    pub resolved_at: Vec<Option<SqlTimestamp>>,
    pub created_by: Vec<Option<String>>,
    pub marks: Vec<i16>,
    pub rises: Vec<bool>,
    pub state: Vec<Vec<u8>>,
    pub recorded_at: Vec<SqlTimestamp>,
    pub caller: Vec<Option<String>>,
    pub method: Vec<Option<String>>,
    pub request_id: Vec<Option<Uuid>>,
    pub hash: Vec<Option<Vec<u8>>>,
    pub solution: Vec<Option<String>>,
    pub root_cause: Vec<Option<String>>,
    pub reply: Vec<Option<String>>,
    pub subject: Vec<Option<String>>,
    pub body: Vec<Option<String>>,
}

/// Events of many saves, each with the ordinal of its save.
pub(super) struct EventColumns {
    pub ordinal: Vec<i32>,
    pub event_id: Vec<Uuid>,
    pub aggregate_id: Vec<Uuid>,
    pub version: Vec<i64>,
    pub kind: Vec<String>,
    pub subject: Vec<String>,
    pub occurred_at: Vec<SqlTimestamp>,
    pub recorded_at: Vec<SqlTimestamp>,
    pub origin: Vec<i16>,
    pub traceparent: Vec<Option<String>>,
    pub payload: Vec<Vec<u8>>,
}

/// Answered decisions of many saves, each with the ordinal of its save.
pub(super) struct DecisionColumns {
    pub ordinal: Vec<i32>,
    pub decision: Vec<Uuid>,
}

/// Participants of many saves, each with the ordinal of its save.
pub(super) struct ParticipantColumns {
    pub ordinal: Vec<i32>,
    pub unit: Vec<String>,
}

/// New doers of many saves, each with the ordinal of its save.
pub(super) struct DoerColumns {
    pub ordinal: Vec<i32>,
    pub person: Vec<String>,
    pub unit: Vec<Option<String>>,
}

/// Deltas of many saves, each with the ordinal of its save.
#[derive(Default)]
pub(super) struct DeltaColumns {
    pub ordinal: Vec<i32>,
    pub queue: Vec<i16>,
    pub owner: Vec<String>,
    pub unit: Vec<String>,
    pub region: Vec<i64>,
    pub class: Vec<i16>,
    pub n: Vec<i32>,
    pub if_overdue: Vec<bool>,
}

macro_rules! column {
    ($saves:ident, |$save:ident| $value:expr) => {
        $saves.iter().map(|$save| $value).collect()
    };
}

impl Columns {
    pub(super) fn of(saves: &[&Save]) -> Self {
        let request = |save: &Save| save.request.clone();
        Self {
            ordinal: (0..).take(saves.len()).collect(),
            id: column!(saves, |s| s.row.id),
            number: column!(saves, |s| s.row.number.clone()),
            expected: column!(saves, |s| s.expected),
            version: column!(saves, |s| s.row.version),
            phase: column!(saves, |s| s.row.phase),
            round: column!(saves, |s| s.row.round),
            kind: column!(saves, |s| s.row.kind),
            item: column!(saves, |s| s.row.item.clone()),
            region: column!(saves, |s| s.row.region),
            channel: column!(saves, |s| s.row.channel),
            priority: column!(saves, |s| s.row.priority),
            origin: column!(saves, |s| s.row.origin),
            customer: column!(saves, |s| s.row.customer_id),
            confidential: column!(saves, |s| s.row.confidential),
            lead_unit: column!(saves, |s| s.row.lead_unit.clone()),
            handler: column!(saves, |s| s.row.handler.clone()),
            sensitive: column!(saves, |s| s.row.sensitive),
            pool_unit: column!(saves, |s| s.row.pool_unit.clone()),
            received_at: column!(saves, |s| s.row.received_at.to_sqlx()),
            resolved_at: column!(saves, |s| s.row.resolved_at.map(|at| at.to_sqlx())),
            created_by: column!(saves, |s| s.row.created_by.clone()),
            marks: column!(saves, |s| s.row.marks),
            rises: column!(saves, |s| s.rises),
            state: column!(saves, |s| s.row.state.clone()),
            recorded_at: column!(saves, |s| s.recorded_at.to_sqlx()),
            caller: column!(saves, |s| request(s).map(|r| r.caller)),
            method: column!(saves, |s| request(s).map(|r| r.method.to_owned())),
            request_id: column!(saves, |s| request(s).map(|r| r.request_id)),
            hash: column!(saves, |s| request(s).map(|r| r.hash.to_vec())),
            solution: column!(saves, |s| s.resolution.as_ref().and_then(|r| r.solution.clone())),
            root_cause: column!(saves, |s| s.resolution.as_ref().map(|r| r.root_cause.clone())),
            reply: column!(saves, |s| s.resolution.as_ref().map(|r| r.reply.clone())),
            subject: column!(saves, |s| s.request_texts.as_ref().map(|texts| texts.0.clone())),
            body: column!(saves, |s| s.request_texts.as_ref().map(|texts| texts.1.clone())),
        }
    }
}

impl EventColumns {
    pub(super) fn of(saves: &[&Save]) -> Self {
        let events: Vec<(i32, &NewEvent, &Save)> =
            (0..).zip(saves).flat_map(|(at, save)| save.events.iter().map(move |e| (at, e, *save))).collect();
        Self {
            ordinal: column!(events, |e| e.0),
            event_id: column!(events, |e| e.1.id),
            aggregate_id: column!(events, |e| e.1.aggregate_id),
            version: column!(events, |e| e.1.version),
            kind: column!(events, |e| e.1.kind.to_string()),
            subject: column!(events, |e| e.1.subject.clone()),
            occurred_at: column!(events, |e| e.1.occurred_at.to_sqlx()),
            recorded_at: column!(events, |e| e.1.recorded_at.to_sqlx()),
            origin: column!(events, |e| e.1.origin.as_i16()),
            traceparent: column!(events, |e| e.2.traceparent.clone()),
            payload: column!(events, |e| e.1.payload.clone()),
        }
    }
}

impl ParticipantColumns {
    pub(super) fn of(saves: &[&Save]) -> Self {
        let units: Vec<(i32, &String)> = (0..)
            .zip(saves)
            .flat_map(|(ordinal, save)| save.participants.iter().map(move |u| (ordinal, u)))
            .collect();
        Self { ordinal: column!(units, |u| u.0), unit: column!(units, |u| u.1.clone()) }
    }
}

impl DecisionColumns {
    pub(super) fn of(saves: &[&Save]) -> Self {
        let decisions: Vec<(i32, Uuid)> = (0..)
            .zip(saves)
            .flat_map(|(ordinal, save)| save.decisions.iter().map(move |d| (ordinal, *d)))
            .collect();
        Self { ordinal: column!(decisions, |d| d.0), decision: column!(decisions, |d| d.1) }
    }
}

impl DoerColumns {
    pub(super) fn of(saves: &[&Save]) -> Self {
        let doers: Vec<(i32, &(String, Option<String>))> = (0..)
            .zip(saves)
            .flat_map(|(ordinal, save)| save.doers.iter().map(move |doer| (ordinal, doer)))
            .collect();
        Self {
            ordinal: column!(doers, |d| d.0),
            person: column!(doers, |d| d.1.0.clone()),
            unit: column!(doers, |d| d.1.1.clone()),
        }
    }
}

impl DeltaColumns {
    pub(super) fn of(saves: &[&Save]) -> Self {
        let mut columns = Self::default();
        for (ordinal, save) in (0..).zip(saves) {
            for delta in &save.deltas {
                columns.ordinal.push(ordinal);
                columns.queue.push(delta.queue);
                columns.owner.push(delta.owner.clone());
                columns.unit.push(delta.unit.clone());
                columns.region.push(delta.region);
                columns.class.push(delta.class);
                columns.n.push(delta.n);
                columns.if_overdue.push(delta.if_overdue);
            }
        }
        columns
    }
}
