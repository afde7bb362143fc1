//! Table `tickets`, all that are not over, for what is done to each of them.

use super::{save::small, state};
use crate::error::{damaged, ticket_not_found};
use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{Phase, Ticket};
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::PgPool;
use tracing::Instrument as _;
use uuid::Uuid;

/// A ticket that is not over.
#[derive(Debug)]
pub(crate) struct InFlight {
    pub id: Uuid,
    pub received_at: Timestamp,
    state: Vec<u8>,
}

impl InFlight {
    pub(crate) fn ticket(&self) -> Result<Ticket, Error> {
        state::decode(&self.state).map_err(damaged)
    }
}

/// The phases of tickets that are not over; each is looked through by an index.
pub(crate) fn phases() -> impl Iterator<Item = Phase> {
    Phase::ALL.iter().copied().filter(|phase| !phase.is_over())
}

/// Those of one phase after a place in the order of receipt, the newest first.
pub(crate) async fn page(
    pool: &PgPool,
    phase: Phase,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<InFlight>, sqlx::Error> {
    let (at, id) = after.unzip();
    let rows = sqlx::query!(
        r#"SELECT id, received_at AS "received_at: SqlTimestamp", state FROM tickets
           WHERE phase = $1 AND phase < 10
             AND ($2::timestamptz IS NULL OR (received_at, id) < ($2, $3))
           ORDER BY received_at DESC, id DESC LIMIT $4"#,
        small(phase.number()),
        at.map(|at| at.to_sqlx()) as Option<SqlTimestamp>,
        id,
        limit
    )
    .fetch_all(pool)
    .instrument(sql_span!("tickets.in_flight", "SELECT"))
    .await?;
    let found =
        |id, received_at: SqlTimestamp, state| InFlight { id, received_at: received_at.to_jiff(), state };
    Ok(rows.into_iter().map(|row| found(row.id, row.received_at, row.state)).collect())
}

/// One of them as it is now.
pub(crate) async fn again(pool: &PgPool, id: Uuid) -> Result<Ticket, Error> {
    let state = sqlx::query_scalar!("SELECT state FROM tickets WHERE id = $1", id)
        .fetch_optional(pool)
        .instrument(sql_span!("tickets.state", "SELECT"))
        .await
        .map_err(error)?
        .ok_or_else(ticket_not_found)?;
    state::decode(&state).map_err(damaged)
}
