//! Clocks for callers, within what they may see.

use super::{ClockRow, LoadError};
use gongdan_access::Scope;
use gongdan_sla_domain::clock::Clock;
use gongdan_telemetry::sql_span;
use sqlx::PgPool;
use tracing::Instrument as _;
use uuid::Uuid;

/// The clocks of a ticket, by its id or number, after a clock.
pub async fn list(
    pool: &PgPool,
    ticket: Result<Uuid, &str>,
    scope: &Scope,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Clock>, LoadError> {
    let (ticket_id, number, within) = (ticket.ok(), ticket.err(), scope.parameters());
    let rows = sqlx::query_as!(
        ClockRow,
        "SELECT id, ticket_id, ticket_number, round, kind, state, policy, calendar, amount, started_at, due_at,
                stopped_at, breached, thresholds, warned, working_seconds, handling_working_seconds, unit_id,
                handler_id, region, version, origin, settle_at, record_id, pausable, turns, merged, rule,
                subject
         FROM clocks c
         WHERE (ticket_id = $1 OR ticket_number = $2) AND ($3::uuid IS NULL OR id > $3)
           AND ticket_in_scope(ticket_id, $4, $5, $6, $7, $8)
         ORDER BY id LIMIT $9",
        ticket_id,
        number,
        after,
        within.answers,
        &within.low,
        &within.high,
        &within.units,
        within.customer,
        limit,
    )
    .fetch_all(pool)
    .instrument(sql_span!("clocks.list", "SELECT"))
    .await?;
    rows.into_iter().map(Clock::try_from).collect()
}

/// A clock.
pub async fn find(pool: &PgPool, id: Uuid, scope: &Scope) -> Result<Option<Clock>, LoadError> {
    let within = scope.parameters();
    let row = sqlx::query_as!(
        ClockRow,
        "SELECT id, ticket_id, ticket_number, round, kind, state, policy, calendar, amount, started_at, due_at,
                stopped_at, breached, thresholds, warned, working_seconds, handling_working_seconds, unit_id,
                handler_id, region, version, origin, settle_at, record_id, pausable, turns, merged, rule,
                subject
         FROM clocks c
         WHERE id = $1 AND ticket_in_scope(ticket_id, $2, $3, $4, $5, $6)",
        id,
        within.answers,
        &within.low,
        &within.high,
        &within.units,
        within.customer,
    )
    .fetch_optional(pool)
    .instrument(sql_span!("clocks.find", "SELECT"))
    .await?;
    row.map(Clock::try_from).transpose()
}
