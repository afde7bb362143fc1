//! What fired of a clock, as the event log has it.

use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_proto::sla::v1::{ClockEvent, clock_event::Change};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use prost::Message as _;
use sqlx::PgPool;
use tracing::Instrument as _;
use uuid::Uuid;

/// Percent of a breach.
const BREACH: i32 = 100;

/// A warning or breach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firing {
    /// Percent of the amount; 100 is the breach.
    pub percent: i32,
    /// When its time came.
    pub planned_at: Timestamp,
    /// When it fired.
    pub fired_at: Timestamp,
    /// Whether that was late.
    pub late: bool,
}

/// All of a clock, in order.
///
/// # Errors
/// When the database fails, or an event of ours cannot be read.
pub async fn of_clock(pool: &PgPool, clock: Uuid) -> Result<Vec<Firing>, Error> {
    let rows = sqlx::query!(
        r#"SELECT occurred_at AS "occurred_at!: jiff_sqlx::Timestamp",
                  recorded_at AS "recorded_at!: jiff_sqlx::Timestamp", payload
           FROM events WHERE aggregate_id = $1 AND type IN ('warned', 'breached') ORDER BY version"#,
        clock
    )
    .fetch_all(pool)
    .instrument(sql_span!("firings.of_clock", "SELECT"))
    .await
    .map_err(error)?;
    rows.into_iter()
        .map(|row| {
            let event = ClockEvent::decode(row.payload.as_slice()).map_err(Error::internal)?;
            let (percent, late) = match event.change {
                Some(Change::Warned(warned)) => (warned.percent, warned.late),
                Some(Change::Breached(breached)) => (BREACH, breached.late),
                _ => return Ok(None),
            };
            let (planned_at, fired_at) = (row.occurred_at.to_jiff(), row.recorded_at.to_jiff());
            Ok(Some(Firing { percent, planned_at, fired_at, late }))
        })
        .filter_map(Result::transpose)
        .collect()
}
