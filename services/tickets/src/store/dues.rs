//! Columns `due_at` and the overdue bit of `marks` in table `tickets`: what the clock of a ticket's handling says, beside
//! its state.

use gongdan_telemetry::sql_span;
use sqlx::PgConnection;
use tracing::Instrument as _;
use uuid::Uuid;

/// Brings tickets to what table `deadlines` says of their handling in their round, and counts of queue `overdue` with
/// them. Waits for acts that are being written, and they for this.
pub(crate) async fn follow(connection: &mut PgConnection, tickets: &[Uuid]) -> Result<(), sqlx::Error> {
    if tickets.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "WITH before AS MATERIALIZED (
           SELECT t.id, t.marks & 8 <> 0 AS overdue FROM tickets t WHERE t.id = ANY ($1) ORDER BY t.id FOR UPDATE),
         clock AS (
           SELECT d.ticket_id, d.round, d.due_at, d.breached AND d.state IN (1, 4) AS overdue FROM deadlines d
           WHERE d.ticket_id = ANY ($1) AND d.kind = 2 AND d.record_id = $2),
         written AS (
           UPDATE tickets t
           SET due_at = c.due_at, marks = t.marks & ~8 | CASE WHEN c.overdue THEN 8 ELSE 0 END
           FROM clock c JOIN before b ON b.id = c.ticket_id
           WHERE t.id = c.ticket_id AND t.round = c.round
             AND (t.due_at IS DISTINCT FROM c.due_at OR b.overdue <> c.overdue)
           RETURNING b.overdue AS was, c.overdue AS now, t.phase, t.region,
             COALESCE(t.lead_unit, t.pool_unit) AS desk, t.sensitive::int + 2 * t.confidential::int AS class)
         INSERT INTO queue_deltas (queue, owner, unit, region, class, n)
         SELECT 10, place.owner, place.owner, w.region, w.class, sum(CASE WHEN w.now THEN 1 ELSE -1 END)
         FROM written w CROSS JOIN LATERAL (VALUES (''), (w.desk)) AS place (owner)
         WHERE w.was <> w.now AND w.phase BETWEEN 3 AND 7 AND place.owner IS NOT NULL
         GROUP BY 1, 2, 3, 4, 5",
        tickets,
        Uuid::nil()
    )
    .execute(connection)
    .instrument(sql_span!("tickets.due", "UPDATE"))
    .await?;
    Ok(())
}
