//! Domain and rows as messages of the API.

use crate::store::{calendars::CalendarRow, policy_sets::PolicySetRow};
use gongdan_errors::Error;
use gongdan_proto::{sla::v1 as pb, to_timestamp};
use gongdan_sla_domain::{
    calendar::{DayKind, DaySpan, Document},
    clock::{Clock, ClockState, Spent, TermsBefore, Turn},
    policy::{OnSuspension, PolicySet, Rule},
};
use jiff::{SignedDuration, Timestamp};

/// A clock.
#[must_use]
pub fn clock(clock: &Clock) -> pb::Clock {
    let warned = clock.thresholds.iter().take(clock.warned).map(|t| i32::from(t.percent)).collect();
    pb::Clock {
        id: clock.id.to_string(),
        ticket_id: clock.ticket_id.to_string(),
        ticket_number: clock.ticket_number.clone(),
        round: clock.round,
        kind: clock.kind.number(),
        state: match clock.state {
            ClockState::Running => pb::ClockState::Running,
            ClockState::Paused => pb::ClockState::Paused,
            ClockState::Stopped => pb::ClockState::Stopped,
            ClockState::Cancelled => pb::ClockState::Cancelled,
        }
        .into(),
        policy: clock.policy.clone(),
        calendar: clock.calendar.clone(),
        amount: clock.amount.to_string(),
        started_at: Some(to_timestamp(clock.started_at)),
        due_at: Some(to_timestamp(clock.due_at)),
        stopped_at: clock.stopped_at.map(to_timestamp),
        breached: clock.breached,
        warned_percent: warned,
        working_seconds: clock.working_seconds.unwrap_or(0),
        handling_working_seconds: clock.handling_working_seconds.unwrap_or(0),
        unit_id: clock.unit_id.clone(),
        handler_id: clock.handler_id.clone(),
        region: clock.region.to_string(),
        version: clock.version,
        origin: clock.origin.number(),
        record_id: clock.record_id.map(|id| id.to_string()).unwrap_or_default(),
        pauses_on_suspension: clock.pausable,
        turns: clock.turns.iter().map(turn).collect(),
        rule: rule_position(clock.rule),
    }
}

/// From 1, as people count; 0: none.
fn rule_position(rule: Option<u16>) -> i32 {
    rule.map_or(0, |rule| i32::from(rule) + 1)
}

/// The terms that counted before.
#[must_use]
pub fn terms(terms: &TermsBefore) -> pb::ClockTerms {
    pb::ClockTerms {
        policy: terms.policy.clone(),
        rule: rule_position(terms.rule),
        calendar: terms.calendar.clone(),
        amount: terms.amount.to_string(),
        region: terms.region.to_string(),
    }
}

fn spent(spent: &Spent) -> pb::ClockSpent {
    pb::ClockSpent {
        working_days: i32::try_from(spent.closes).unwrap_or(i32::MAX),
        same_time_days: i32::try_from(spent.marks).unwrap_or(i32::MAX),
        working: Some(duration(spent.working)),
        elapsed: Some(duration(spent.elapsed)),
        worked: Some(duration(spent.worked)),
        handled: Some(duration(spent.handled)),
    }
}

fn duration(time: SignedDuration) -> prost_types::Duration {
    prost_types::Duration { seconds: time.as_secs(), nanos: time.subsec_nanos() }
}

/// What interrupted or moved a clock.
#[must_use]
pub fn turn(turn: &Turn) -> pb::ClockTurn {
    use pb::ClockTurnKind as Kind;
    let at = Some(to_timestamp(turn.at()));
    let plain = |kind: Kind| pb::ClockTurn { kind: kind.into(), at, ..Default::default() };
    let moved = |kind, due_at: Timestamp| pb::ClockTurn { due_at: Some(to_timestamp(due_at)), ..plain(kind) };
    match turn {
        Turn::Paused { runs_on: false, .. } => plain(Kind::Paused),
        Turn::Paused { runs_on: true, .. } => plain(Kind::RanOn),
        Turn::Resumed { .. } => plain(Kind::Resumed),
        Turn::Moved { due_at, .. } => moved(Kind::Moved, *due_at),
        Turn::Recalculated { due_at, before, spent: used, .. } => pb::ClockTurn {
            before: Some(terms(before)),
            spent: Some(spent(used)),
            ..moved(Kind::Recalculated, *due_at)
        },
        Turn::Restarted { due_at, spent: used, .. } => {
            pb::ClockTurn { spent: Some(spent(used)), ..moved(Kind::Restarted, *due_at) }
        }
    }
}

/// A version of a calendar, without its document.
///
/// # Errors
/// INTERNAL when the stored document is none.
pub fn calendar(row: &CalendarRow, created: bool, now: Timestamp) -> Result<pb::Calendar, Error> {
    let document = Document::kept(&row.document.to_string()).map_err(|faults| {
        Error::internal(format!("stored calendar {}@{}: {faults:?}", row.key, row.version))
    })?;
    Ok(pb::Calendar {
        key: row.key.clone(),
        version: row.version,
        days_known: document.days_known(now).map(|days| i32::try_from(days).unwrap_or(i32::MAX)),
        name: document.name,
        time_zone: document.time_zone,
        years: document.years.into_iter().flatten().map(i32::from).collect(),
        regions: document.regions.iter().map(|region| region.region.to_string()).collect(),
        imported_at: Some(to_timestamp(row.imported_at.to_jiff())),
        imported_by: row.imported_by.clone(),
        document: String::new(),
        created,
    })
}

/// A version of a policy set.
///
/// # Errors
/// INTERNAL when the stored document is none.
pub fn policy_set(row: &PolicySetRow, created: bool) -> Result<pb::PolicySet, Error> {
    let set = PolicySet::read(&row.document.to_string(), row.version).map_err(|faults| {
        Error::internal(format!("stored policy set {}@{}: {faults:?}", row.key, row.version))
    })?;
    Ok(pb::PolicySet {
        key: set.key,
        version: set.version,
        name: set.name,
        calendar: set.calendar,
        rules: set.rules.into_iter().map(rule).collect(),
        imported_at: Some(to_timestamp(row.imported_at.to_jiff())),
        imported_by: row.imported_by.clone(),
        created,
    })
}

fn rule(rule: Rule) -> pb::PolicyRule {
    let when = rule.when;
    pb::PolicyRule {
        kind: rule.clock.number(),
        types: when.types.into_iter().map(|word| word.number()).collect(),
        items: when.items,
        priorities: when.priorities.into_iter().map(|word| word.number()).collect(),
        urgencies: when.urgencies.into_iter().map(|word| word.number()).collect(),
        channels: when.channels.into_iter().map(|word| word.number()).collect(),
        regions: when.regions.into_iter().map(|region| region.to_string()).collect(),
        customer_tiers: when.customer_tiers,
        amount: rule.amount.to_string(),
        warn_percent: rule.warn_percent.into_iter().map(i32::from).collect(),
        on_suspension: match rule.on_suspension {
            None => pb::SuspensionEffect::Unspecified,
            Some(OnSuspension::Pause) => pb::SuspensionEffect::Pause,
            Some(OnSuspension::Run) => pb::SuspensionEffect::Run,
        }
        .into(),
    }
}

/// Neighbouring days that are alike.
#[must_use]
pub fn day_span(span: DaySpan) -> pb::DaySpan {
    pb::DaySpan {
        from: span.from.to_string(),
        to: span.to.to_string(),
        kind: match span.kind {
            DayKind::Working => pb::DayKind::Working,
            DayKind::Rest => pb::DayKind::Rest,
            DayKind::Holiday => pb::DayKind::Holiday,
            DayKind::MakeUp => pb::DayKind::MakeUp,
            DayKind::HalfDay => pb::DayKind::HalfDay,
        }
        .into(),
        name: span.name,
        days: i32::try_from(span.days).unwrap_or(i32::MAX),
        counted: span.counted,
        working_seconds: span.working.as_secs(),
    }
}
