//! Clocks for callers, within what they may see.

use super::{ClockRow, LoadError};
use gongdan_auth::{Actor, role};
use gongdan_sla_domain::clock::Clock;
use gongdan_telemetry::sql_span;
use sqlx::PgPool;
use tracing::Instrument as _;
use uuid::Uuid;

/// What a caller may see: everything, or clocks in its regions and of its units. Source: DESIGN rule 16.
#[derive(Debug)]
pub struct Scope {
    all: bool,
    from: Vec<i64>,
    to: Vec<i64>,
    units: Vec<String>,
}

impl Scope {
    /// The scope of a caller; services and administrators see everything.
    #[must_use]
    pub fn of(actor: &Actor) -> Self {
        Self {
            all: actor.is_service() || actor.has_role(role::ADMINISTRATOR),
            from: actor.regions.iter().map(|range| range.start).collect(),
            to: actor.regions.iter().map(|range| range.end).collect(),
            units: actor.unit_ids.clone(),
        }
    }
}

/// The clocks of a ticket, by its id or number, after a clock.
pub async fn list(
    pool: &PgPool,
    ticket: Result<Uuid, &str>,
    scope: &Scope,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Clock>, LoadError> {
    let (ticket_id, number) = (ticket.ok(), ticket.err());
    let rows = sqlx::query_as!(
        ClockRow,
        "SELECT id, ticket_id, ticket_number, round, kind, state, policy, calendar, amount, started_at, due_at,
                stopped_at, breached, thresholds, warned, working_seconds, handling_working_seconds, unit_id,
                handler_id, region, version, origin, settle_at
         FROM clocks c
         WHERE (ticket_id = $1 OR ticket_number = $2) AND ($3::uuid IS NULL OR id > $3)
           AND ($4 OR unit_id = ANY ($5)
                OR EXISTS (SELECT 1 FROM unnest($6::int8[], $7::int8[]) AS r (low, high)
                           WHERE c.region BETWEEN r.low AND r.high))
         ORDER BY id LIMIT $8",
        ticket_id,
        number,
        after,
        scope.all,
        &scope.units,
        &scope.from,
        &scope.to,
        limit,
    )
    .fetch_all(pool)
    .instrument(sql_span!("clocks.list", "SELECT"))
    .await?;
    rows.into_iter().map(Clock::try_from).collect()
}

/// A clock.
pub async fn find(pool: &PgPool, id: Uuid, scope: &Scope) -> Result<Option<Clock>, LoadError> {
    let row = sqlx::query_as!(
        ClockRow,
        "SELECT id, ticket_id, ticket_number, round, kind, state, policy, calendar, amount, started_at, due_at,
                stopped_at, breached, thresholds, warned, working_seconds, handling_working_seconds, unit_id,
                handler_id, region, version, origin, settle_at
         FROM clocks c
         WHERE id = $1
           AND ($2 OR unit_id = ANY ($3)
                OR EXISTS (SELECT 1 FROM unnest($4::int8[], $5::int8[]) AS r (low, high)
                           WHERE c.region BETWEEN r.low AND r.high))",
        id,
        scope.all,
        &scope.units,
        &scope.from,
        &scope.to,
    )
    .fetch_optional(pool)
    .instrument(sql_span!("clocks.find", "SELECT"))
    .await?;
    row.map(Clock::try_from).transpose()
}
