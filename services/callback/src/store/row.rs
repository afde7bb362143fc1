//! A row of `tasks`, and the task it is.

use crate::events;
use gongdan_callback_domain::{CallbackResult, Hold, Origin, Stamp, Tally, Task, TaskState, TicketRef};
use gongdan_errors::Error;
use gongdan_proto::callback::v1::TaskState as PbState;
use gongdan_region::RegionCode;
use jiff_sqlx::Timestamp;
use uuid::Uuid;

/// How a caller names a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskName {
    /// A task, or a ticket: its latest round.
    Id(Uuid),
    /// A ticket's number: its latest round.
    Number(String),
}

impl TaskName {
    /// The id, for SQL; nil matches nothing.
    pub fn id(&self) -> Uuid {
        match self {
            Self::Id(id) => *id,
            Self::Number(_) => Uuid::nil(),
        }
    }

    /// The number, for SQL; empty matches nothing.
    pub fn number(&self) -> &str {
        match self {
            Self::Id(_) => "",
            Self::Number(number) => number,
        }
    }
}

/// A row as it is.
#[derive(Debug, sqlx::FromRow)]
pub struct TaskRow {
    pub id: Uuid,
    pub ticket_id: Uuid,
    pub ticket_number: String,
    pub round: i32,
    pub state: i16,
    pub origin: i16,
    pub attempts: i32,
    pub refused: i32,
    pub wrong_number: i32,
    pub next_attempt_at: Option<Timestamp>,
    pub due_at: Option<Timestamp>,
    pub unit_id: String,
    pub region: i64,
    pub customer_id: Option<Uuid>,
    pub confidential: bool,
    pub contacted: Option<bool>,
    pub solved: Option<bool>,
    pub satisfied: Option<bool>,
    pub reopen: bool,
    pub reason: String,
    pub agent_id: Option<String>,
    pub held_until: Option<Timestamp>,
    pub takes: i32,
    pub version: i64,
    pub opened_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// The number a state has in the table: that of the contract.
pub fn state_number(state: TaskState) -> i16 {
    i16::try_from(i32::from(events::state(state))).unwrap_or_default()
}

/// The number an origin has in the table: that of the contract.
pub fn origin_number(origin: Origin) -> i16 {
    i16::try_from(i32::from(events::origin(origin))).unwrap_or_default()
}

impl TryFrom<TaskRow> for Task {
    type Error = Error;

    fn try_from(row: TaskRow) -> Result<Self, Error> {
        let state = PbState::try_from(i32::from(row.state)).ok().and_then(events::from_state);
        let state = state.ok_or_else(|| broken(row.id, "state"))?;
        let region = RegionCode::from_i64(row.region).map_err(|_| broken(row.id, "region"))?;
        let result = match (row.contacted, row.solved, row.satisfied) {
            (Some(contacted), Some(solved), Some(satisfied)) => {
                Some(CallbackResult { contacted, solved, satisfied })
            }
            _ => None,
        };
        let hold = row
            .agent_id
            .zip(row.held_until)
            .map(|(agent_id, until)| Hold { agent_id, until: until.to_jiff() });
        Ok(Self {
            id: row.id,
            ticket: TicketRef {
                id: row.ticket_id,
                number: row.ticket_number,
                round: row.round,
                unit_id: row.unit_id,
                region,
                customer_id: row.customer_id,
                confidential: row.confidential,
            },
            state,
            origin: if row.origin == origin_number(Origin::Import) { Origin::Import } else { Origin::Live },
            tally: Tally { attempts: row.attempts, refused: row.refused, wrong_number: row.wrong_number },
            next_attempt_at: row.next_attempt_at.map(Timestamp::to_jiff),
            due_at: row.due_at.map(Timestamp::to_jiff),
            result,
            reopen: row.reopen,
            reason: row.reason,
            hold,
            stamp: Stamp { version: row.version, takes: row.takes },
            opened_at: row.opened_at.to_jiff(),
            ended_at: row.ended_at.map(Timestamp::to_jiff),
        })
    }
}

fn broken(id: Uuid, column: &str) -> Error {
    Error::internal(format!("task {id} has an impossible {column}"))
}
