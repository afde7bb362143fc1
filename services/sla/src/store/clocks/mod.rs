//! Table `clocks`: the row and the clock it stands for.

mod beyond;
mod read;
mod timers;
mod write;

pub use beyond::{Beyond, due_beyond};
pub use read::{find, list};
pub use timers::{lock_due, next_fire_at, running};
pub use write::{insert_many, lock_open, update_many};

use gongdan_errors::Error;
use gongdan_region::RegionCode;
use gongdan_sla_domain::{
    ClockKind, Origin,
    clock::{Clock, ClockState, Threshold},
};
use jiff_sqlx::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A row of `clocks`, without `next_fire_at`, which the clock works out.
pub(super) struct ClockRow {
    id: Uuid,
    ticket_id: Uuid,
    ticket_number: String,
    round: i32,
    kind: i16,
    state: i16,
    policy: String,
    calendar: String,
    amount: String,
    started_at: Timestamp,
    due_at: Timestamp,
    stopped_at: Option<Timestamp>,
    breached: bool,
    thresholds: serde_json::Value,
    warned: i16,
    working_seconds: Option<i64>,
    handling_working_seconds: Option<i64>,
    unit_id: String,
    handler_id: String,
    region: i64,
    version: i64,
    origin: i16,
    settle_at: Option<Timestamp>,
    record_id: Option<Uuid>,
    pausable: bool,
    turns: serde_json::Value,
    merged: bool,
    rule: Option<i16>,
    subject: Option<serde_json::Value>,
}

#[derive(Serialize, Deserialize)]
struct StoredThreshold {
    percent: u8,
    at: jiff::Timestamp,
}

pub(super) const fn state_number(state: ClockState) -> i16 {
    match state {
        ClockState::Running => 1,
        ClockState::Stopped => 2,
        ClockState::Cancelled => 3,
        ClockState::Paused => 4,
    }
}

pub(super) fn thresholds_json(clock: &Clock) -> serde_json::Value {
    let stored: Vec<_> =
        clock.thresholds.iter().map(|t| StoredThreshold { percent: t.percent, at: t.at }).collect();
    serde_json::to_value(stored).unwrap_or_default()
}

pub(super) fn turns_json(clock: &Clock) -> serde_json::Value {
    serde_json::to_value(&clock.turns).unwrap_or_default()
}

pub(super) fn rule_number(clock: &Clock) -> Option<i16> {
    clock.rule.and_then(|rule| i16::try_from(rule).ok())
}

pub(super) fn subject_json(clock: &Clock) -> Option<serde_json::Value> {
    clock.subject.as_ref().and_then(|subject| serde_json::to_value(subject).ok())
}

/// The rows could not be read, or one of them is no clock.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// By the database.
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    /// By us.
    #[error("the row of clock {id}: {what}")]
    Row {
        /// Which clock.
        id: Uuid,
        /// Which column.
        what: &'static str,
    },
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Sql(error) => gongdan_pg::error(error),
            row @ LoadError::Row { .. } => Self::internal(row),
        }
    }
}

impl TryFrom<ClockRow> for Clock {
    type Error = LoadError;

    fn try_from(row: ClockRow) -> Result<Self, LoadError> {
        let bad = |what| LoadError::Row { id: row.id, what };
        let thresholds: Vec<StoredThreshold> =
            serde_json::from_value(row.thresholds).map_err(|_| bad("thresholds"))?;
        Ok(Self {
            id: row.id,
            ticket_id: row.ticket_id,
            ticket_number: row.ticket_number,
            round: row.round,
            kind: ClockKind::try_from(i32::from(row.kind)).map_err(|_| bad("kind"))?,
            state: match row.state {
                1 => ClockState::Running,
                2 => ClockState::Stopped,
                3 => ClockState::Cancelled,
                4 => ClockState::Paused,
                _ => return Err(bad("state")),
            },
            policy: row.policy,
            calendar: row.calendar,
            amount: row.amount.parse().map_err(|_| bad("amount"))?,
            started_at: row.started_at.to_jiff(),
            due_at: row.due_at.to_jiff(),
            stopped_at: row.stopped_at.map(Timestamp::to_jiff),
            breached: row.breached,
            thresholds: thresholds.into_iter().map(|t| Threshold { percent: t.percent, at: t.at }).collect(),
            warned: usize::try_from(row.warned).map_err(|_| bad("warned"))?,
            working_seconds: row.working_seconds,
            handling_working_seconds: row.handling_working_seconds,
            unit_id: row.unit_id,
            handler_id: row.handler_id,
            region: RegionCode::from_i64(row.region).map_err(|_| bad("region"))?,
            version: row.version,
            origin: Origin::try_from(i32::from(row.origin)).map_err(|_| bad("origin"))?,
            settle_at: row.settle_at.map(Timestamp::to_jiff),
            record_id: row.record_id,
            pausable: row.pausable,
            turns: serde_json::from_value(row.turns).map_err(|_| bad("turns"))?,
            merged: row.merged,
            rule: row.rule.map(u16::try_from).transpose().map_err(|_| bad("rule"))?,
            subject: row.subject.map(serde_json::from_value).transpose().map_err(|_| bad("subject"))?,
        })
    }
}
