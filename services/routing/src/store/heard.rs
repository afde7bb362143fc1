//! What the consumer of tickets' events has heard of tickets: table `inbox_versions` of the library.

use super::Store;
use crate::consumers::NAME;
use gongdan_errors::Error;
use gongdan_telemetry::sql_span;
use std::collections::HashMap;
use tracing::Instrument as _;
use uuid::Uuid;

impl Store {
    /// Up to which version these tickets have been heard of.
    pub async fn heard(&self, tickets: &[Uuid]) -> Result<HashMap<Uuid, i64>, Error> {
        let rows = sqlx::query!(
            "SELECT aggregate_id, version FROM inbox_versions WHERE consumer = $1 AND aggregate_id = ANY ($2)",
            NAME,
            tickets,
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("inbox_versions.heard", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        Ok(rows.into_iter().map(|row| (row.aggregate_id, row.version)).collect())
    }
}
