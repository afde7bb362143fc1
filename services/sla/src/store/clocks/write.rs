//! Many clocks at a time: what follows from a batch of events or firings, in statements over sets.

use super::{ClockRow, LoadError, rule_number, state_number, subject_json, thresholds_json, turns_json};
use gongdan_sla_domain::clock::Clock;
use gongdan_telemetry::sql_span;
use jiff_sqlx::{Timestamp, ToSqlx as _};
use sqlx::PgConnection;
use tracing::Instrument as _;
use uuid::Uuid;

/// The clocks of these tickets that have not ended, and those that undoing a merge restores, locked in the order of their
/// ids, so that no timer fires meanwhile.
pub async fn lock_open(connection: &mut PgConnection, tickets: &[Uuid]) -> Result<Vec<Clock>, LoadError> {
    let rows = sqlx::query_as!(
        ClockRow,
        "SELECT id, ticket_id, ticket_number, round, kind, state, policy, calendar, amount, started_at, due_at,
                stopped_at, breached, thresholds, warned, working_seconds, handling_working_seconds, unit_id,
                handler_id, region, version, origin, settle_at, record_id, pausable, turns, merged, rule,
                subject
         FROM clocks WHERE ticket_id = ANY ($1) AND (state IN (1, 4) OR merged) ORDER BY id FOR UPDATE",
        tickets,
    )
    .fetch_all(connection)
    .instrument(sql_span!("clocks.lock_open", "SELECT"))
    .await?;
    rows.into_iter().map(Clock::try_from).collect()
}

/// Writes new clocks.
pub async fn insert_many(connection: &mut PgConnection, clocks: &[&Clock]) -> Result<(), sqlx::Error> {
    if clocks.is_empty() {
        return Ok(());
    }
    let column = Columns(clocks);
    sqlx::query!(
        "INSERT INTO clocks (id, ticket_id, ticket_number, round, kind, state, policy, calendar, amount, started_at,
                             due_at, stopped_at, breached, thresholds, warned, working_seconds,
                             handling_working_seconds, unit_id, handler_id, region, version, origin, settle_at,
                             next_fire_at, record_id, pausable, turns, merged, rule, subject)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int4[], $5::int2[], $6::int2[], $7::text[],
                              $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[],
                              $13::bool[], $14::jsonb[], $15::int2[], $16::int8[], $17::int8[], $18::text[],
                              $19::text[], $20::int8[], $21::int8[], $22::int2[], $23::timestamptz[],
                              $24::timestamptz[], $25::uuid[], $26::bool[], $27::jsonb[], $28::bool[], $29::int2[],
                              $30::jsonb[])",
        &column.of(|c| c.id),
        &column.of(|c| c.ticket_id),
        &column.of(|c| c.ticket_number.clone()),
        &column.of(|c| c.round),
        &column.of(|c| c.kind.number() as i16),
        &column.of(|c| state_number(c.state)),
        &column.of(|c| c.policy.clone()),
        &column.of(|c| c.calendar.clone()),
        &column.of(|c| c.amount.to_string()),
        &column.times(|c| Some(c.started_at)) as _,
        &column.times(|c| Some(c.due_at)) as _,
        &column.times(|c| c.stopped_at) as _,
        &column.of(|c| c.breached),
        &column.of(thresholds_json),
        &column.of(|c| c.warned as i16),
        &column.of(|c| c.working_seconds) as _,
        &column.of(|c| c.handling_working_seconds) as _,
        &column.of(|c| c.unit_id.clone()),
        &column.of(|c| c.handler_id.clone()),
        &column.of(|c| c.region.as_i64()),
        &column.of(|c| c.version),
        &column.of(|c| c.origin.number() as i16),
        &column.times(|c| c.settle_at) as _,
        &column.times(Clock::next_fire_at) as _,
        &column.of(|c| c.record_id) as _,
        &column.of(|c| c.pausable),
        &column.of(turns_json),
        &column.of(|c| c.merged),
        &column.of(rule_number) as _,
        &column.of(subject_json) as _,
    )
    .execute(connection)
    .instrument(sql_span!("clocks.insert_many", "INSERT"))
    .await?;
    Ok(())
}

/// Writes what can change of clocks that were locked.
pub async fn update_many(connection: &mut PgConnection, clocks: &[&Clock]) -> Result<(), sqlx::Error> {
    if clocks.is_empty() {
        return Ok(());
    }
    let column = Columns(clocks);
    sqlx::query!(
        "UPDATE clocks c SET state = n.state, stopped_at = n.stopped_at, breached = n.breached, warned = n.warned,
                working_seconds = n.working_seconds, handling_working_seconds = n.handling_working_seconds,
                unit_id = n.unit_id, handler_id = n.handler_id, version = n.version, settle_at = n.settle_at,
                next_fire_at = n.next_fire_at, due_at = n.due_at, thresholds = n.thresholds, turns = n.turns,
                merged = n.merged, policy = n.policy, calendar = n.calendar, amount = n.amount,
                pausable = n.pausable, region = n.region, rule = n.rule, subject = n.subject
         FROM unnest($1::uuid[], $2::int2[], $3::timestamptz[], $4::bool[], $5::int2[], $6::int8[], $7::int8[],
                     $8::text[], $9::text[], $10::int8[], $11::timestamptz[], $12::timestamptz[],
                     $13::timestamptz[], $14::jsonb[], $15::jsonb[], $16::bool[], $17::text[], $18::text[],
                     $19::text[], $20::bool[], $21::int8[], $22::int2[], $23::jsonb[])
              AS n (id, state, stopped_at, breached, warned, working_seconds, handling_working_seconds, unit_id,
                    handler_id, version, settle_at, next_fire_at, due_at, thresholds, turns, merged, policy, calendar,
                    amount, pausable, region, rule, subject)
         WHERE c.id = n.id",
        &column.of(|c| c.id),
        &column.of(|c| state_number(c.state)),
        &column.times(|c| c.stopped_at) as _,
        &column.of(|c| c.breached),
        &column.of(|c| c.warned as i16),
        &column.of(|c| c.working_seconds) as _,
        &column.of(|c| c.handling_working_seconds) as _,
        &column.of(|c| c.unit_id.clone()),
        &column.of(|c| c.handler_id.clone()),
        &column.of(|c| c.version),
        &column.times(|c| c.settle_at) as _,
        &column.times(Clock::next_fire_at) as _,
        &column.times(|c| Some(c.due_at)) as _,
        &column.of(thresholds_json),
        &column.of(turns_json),
        &column.of(|c| c.merged),
        &column.of(|c| c.policy.clone()),
        &column.of(|c| c.calendar.clone()),
        &column.of(|c| c.amount.to_string()),
        &column.of(|c| c.pausable),
        &column.of(|c| c.region.as_i64()),
        &column.of(rule_number) as _,
        &column.of(subject_json) as _,
    )
    .execute(connection)
    .instrument(sql_span!("clocks.update_many", "UPDATE"))
    .await?;
    Ok(())
}

/// Clocks, column by column.
struct Columns<'a>(&'a [&'a Clock]);

impl Columns<'_> {
    fn of<T>(&self, value: impl Fn(&Clock) -> T) -> Vec<T> {
        self.0.iter().map(|clock| value(clock)).collect()
    }

    fn times(&self, value: impl Fn(&Clock) -> Option<jiff::Timestamp>) -> Vec<Option<Timestamp>> {
        self.0.iter().map(|clock| value(clock).map(|at| at.to_sqlx())).collect()
    }
}
