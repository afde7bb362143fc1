//! Table `deadlines`: what sla's clocks say of tickets. Source: T14, T17.

use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_proto::sla::v1::ClockKind;
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, PgPool};
use std::collections::HashMap;
use tracing::Instrument as _;
use uuid::Uuid;

/// A clock as its latest event left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deadline {
    pub ticket: Uuid,
    pub kind: i16,
    /// Nil for the clocks of a round.
    pub record: Uuid,
    pub clock: Uuid,
    pub version: i64,
    pub round: i32,
    pub state: i16,
    pub due_at: Timestamp,
    pub breached: bool,
}

impl Deadline {
    /// Whether it says more than `other` about the same.
    pub(crate) fn supersedes(&self, other: &Self) -> bool {
        (self.clock, self.version) > (other.clock, other.version)
    }
}

/// Writes clocks as they are now, one for each kind and record of a ticket; a row that knows more stays.
pub(crate) async fn put(connection: &mut PgConnection, deadlines: &[&Deadline]) -> Result<(), sqlx::Error> {
    if deadlines.is_empty() {
        return Ok(());
    }
    let ticket: Vec<_> = deadlines.iter().map(|d| d.ticket).collect();
    let kind: Vec<_> = deadlines.iter().map(|d| d.kind).collect();
    let record: Vec<_> = deadlines.iter().map(|d| d.record).collect();
    let clock: Vec<_> = deadlines.iter().map(|d| d.clock).collect();
    let version: Vec<_> = deadlines.iter().map(|d| d.version).collect();
    let round: Vec<_> = deadlines.iter().map(|d| d.round).collect();
    let state: Vec<_> = deadlines.iter().map(|d| d.state).collect();
    let due: Vec<_> = deadlines.iter().map(|d| d.due_at.to_sqlx()).collect();
    let breached: Vec<_> = deadlines.iter().map(|d| d.breached).collect();
    sqlx::query!(
        "INSERT INTO deadlines AS d (ticket_id, kind, record_id, clock_id, version, round, state, due_at, breached)
         SELECT * FROM UNNEST($1::uuid[], $2::smallint[], $3::uuid[], $4::uuid[], $5::bigint[], $6::int[],
                              $7::smallint[], $8::timestamptz[], $9::bool[])
         ON CONFLICT (ticket_id, kind, record_id) DO UPDATE SET
             clock_id = excluded.clock_id, version = excluded.version, round = excluded.round,
             state = excluded.state, due_at = excluded.due_at, breached = excluded.breached
         WHERE (d.clock_id, d.version) < (excluded.clock_id, excluded.version)",
        &ticket,
        &kind,
        &record,
        &clock,
        &version,
        &round,
        &state,
        &due as _,
        &breached
    )
    .execute(connection)
    .instrument(sql_span!("deadlines.put", "INSERT"))
    .await?;
    Ok(())
}

/// When the handling of a ticket's round is due; none when no clock runs, or none is known yet.
pub(crate) async fn handling_due(
    pool: &PgPool,
    ticket: Uuid,
    round: i32,
) -> Result<Option<Timestamp>, Error> {
    let due = sqlx::query_scalar!(
        r#"SELECT due_at AS "due_at!: jiff_sqlx::Timestamp" FROM deadlines
           WHERE ticket_id = $1 AND kind = $2 AND record_id = $3 AND round = $4 AND state IN (1, 4)"#,
        ticket,
        ClockKind::Handling as i16,
        Uuid::nil(),
        round
    )
    .fetch_optional(pool)
    .instrument(sql_span!("deadlines.handling_due", "SELECT"))
    .await
    .map_err(error)?;
    Ok(due.map(jiff_sqlx::Timestamp::to_jiff))
}

/// When help that was asked for is due, by assist, as far as its clocks are known.
pub(crate) async fn assists_due(pool: &PgPool, ticket: Uuid) -> Result<HashMap<Uuid, Timestamp>, Error> {
    let rows = sqlx::query!(
        r#"SELECT record_id, due_at AS "due_at!: jiff_sqlx::Timestamp" FROM deadlines
           WHERE ticket_id = $1 AND kind = $2"#,
        ticket,
        ClockKind::Assist as i16
    )
    .fetch_all(pool)
    .instrument(sql_span!("deadlines.assists_due", "SELECT"))
    .await
    .map_err(error)?;
    Ok(rows.into_iter().map(|row| (row.record_id, row.due_at.to_jiff())).collect())
}
