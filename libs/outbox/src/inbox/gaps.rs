//! Gaps that do not close by themselves are filled from the owner's log. Source: DESIGN rule 3.

use super::Inbox;
use crate::OwnerLog;
use sqlx::Row as _;
use std::time::Duration;
use uuid::Uuid;

const AT_ONCE: i64 = 100;

/// When a gap is looked into.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GapRepair {
    /// Age of what is parked behind it.
    pub after: Duration,
    /// Pause before the owner is asked again.
    pub again: Duration,
}

impl Inbox {
    /// Fetches what is missing before events that are parked for too long. One that the owner does not have either is
    /// asked for again later.
    pub(crate) async fn repair_gaps(
        &self,
        owner: &dyn OwnerLog,
        when: GapRepair,
    ) -> Result<(), anyhow::Error> {
        // Claiming them keeps replicas from asking for the same.
        let gaps = sqlx::query(
            "WITH old AS (
                 SELECT parked.aggregate_id FROM inbox_parked AS parked JOIN inbox_versions USING (consumer, aggregate_id)
                 WHERE consumer = $1 AND parked_at <= clock_timestamp() - $2::float8 * interval '1 second'
                   AND held IS NULL
                   AND (asked_at IS NULL OR asked_at <= clock_timestamp() - $3::float8 * interval '1 second')
                 GROUP BY parked.aggregate_id ORDER BY min(parked_at) LIMIT $4)
             UPDATE inbox_versions AS known SET asked_at = clock_timestamp()
             FROM old WHERE known.consumer = $1 AND known.aggregate_id = old.aggregate_id AND known.held IS NULL
               AND (known.asked_at IS NULL OR known.asked_at <= clock_timestamp() - $3::float8 * interval '1 second')
             RETURNING known.aggregate_id, known.version",
        )
        .bind(&self.name)
        .bind(when.after.as_secs_f64())
        .bind(when.again.as_secs_f64())
        .bind(AT_ONCE)
        .fetch_all(&self.pool)
        .await?;
        for gap in gaps {
            let aggregate_id: Uuid = gap.try_get("aggregate_id")?;
            let version: i64 = gap.try_get("version")?;
            match owner.fetch(aggregate_id, version + 1).await {
                Ok(events) => {
                    let found = events.len();
                    let applied = self.take(events, &[aggregate_id]).await?;
                    tracing::info!(consumer = self.name, %aggregate_id, version, found, applied, "a gap was looked into");
                    self.metrics.repaired(applied);
                }
                Err(error) => {
                    tracing::warn!(consumer = self.name, %aggregate_id, version, error = %error, "a gap stays open");
                }
            }
        }
        Ok(())
    }
}
