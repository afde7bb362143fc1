//! Rows of table `reassignments`.

use super::unreadable;
use gongdan_errors::Error;
use gongdan_routing_domain::reassign::{Plan, Wish};
use jiff::Timestamp;
use jiff_sqlx::Timestamp as SqlTimestamp;
use serde::de::DeserializeOwned;
use uuid::Uuid;

pub(super) const COLUMNS: &str =
    "SELECT r.id, r.person_id, r.unit_ids, r.wish, r.plan, r.leave_id, r.reason, r.cause, r.total, r.left_out,
     r.state, r.started_at, r.started_by, r.stopped_by, r.finished_at FROM reassignments r";

/// Where a reassignment is. The numbers are those of the table, and of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i16)]
pub enum ReassignmentState {
    /// It goes on.
    Running = 1,
    /// Decisions wait for their answers.
    Stopping = 2,
    /// All tickets are through.
    Finished = 3,
    /// It was stopped.
    Stopped = 4,
}

/// A reassignment as it is kept.
#[derive(Debug, Clone)]
pub struct Reassignment {
    pub id: Uuid,
    pub person_id: String,
    pub unit_ids: Vec<String>,
    /// What was asked for; none: another release wrote what this one cannot read, or the row is damaged.
    pub wish: Option<Wish>,
    /// What it comes to; none: as `wish`.
    pub plan: Option<Plan>,
    pub leave_id: Option<Uuid>,
    pub reason: String,
    pub cause: i16,
    pub total: i32,
    pub left_out: i32,
    pub state: ReassignmentState,
    pub started_at: Timestamp,
    pub started_by: String,
    pub stopped_by: String,
    pub finished_at: Option<Timestamp>,
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct Row {
    id: Uuid,
    person_id: String,
    unit_ids: Vec<String>,
    wish: String,
    plan: String,
    leave_id: Option<Uuid>,
    reason: String,
    cause: i16,
    total: i32,
    left_out: i32,
    state: i16,
    started_at: SqlTimestamp,
    started_by: String,
    stopped_by: String,
    finished_at: Option<SqlTimestamp>,
}

impl TryFrom<i16> for ReassignmentState {
    type Error = Error;

    fn try_from(number: i16) -> Result<Self, Error> {
        [Self::Running, Self::Stopping, Self::Finished, Self::Stopped]
            .into_iter()
            .find(|state| *state as i16 == number)
            .ok_or_else(|| unreadable(format!("no state {number} of a reassignment")))
    }
}

impl TryFrom<Row> for Reassignment {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            wish: read(row.id, "wish", &row.wish),
            plan: read(row.id, "plan", &row.plan),
            id: row.id,
            person_id: row.person_id,
            unit_ids: row.unit_ids,
            leave_id: row.leave_id,
            reason: row.reason,
            cause: row.cause,
            total: row.total,
            left_out: row.left_out,
            state: row.state.try_into()?,
            started_at: row.started_at.to_jiff(),
            started_by: row.started_by,
            stopped_by: row.stopped_by,
            finished_at: row.finished_at.map(SqlTimestamp::to_jiff),
        })
    }
}

/// What cannot be read keeps nothing else of it from being seen, or from being stopped.
fn read<T: DeserializeOwned>(id: Uuid, what: &str, kept: &str) -> Option<T> {
    serde_json::from_str(kept)
        .inspect_err(
            |error| tracing::warn!(reassignment = %id, what, %error, "a reassignment cannot be read"),
        )
        .ok()
}

/// One whose turn it is, as it is kept.
#[derive(Debug)]
pub struct Due(pub(super) Row);

impl Due {
    /// Its id.
    pub const fn id(&self) -> Uuid {
        self.0.id
    }

    /// What it says.
    pub fn read(self) -> Result<Reassignment, Error> {
        self.0.try_into()
    }
}
