//! What is old goes, in small statements.

use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use tracing::Instrument as _;

use super::Store;

const CHUNK: i64 = 5_000;

impl Store {
    /// Removes items told before an instant; says how many.
    pub async fn forget_items(&self, before: Timestamp) -> Result<u64, sqlx::Error> {
        let mut forgotten = 0;
        loop {
            let done = sqlx::query!(
                "DELETE FROM inbox_items WHERE id = ANY (ARRAY(
                     SELECT id FROM inbox_items WHERE created_at < $1 LIMIT $2))",
                before.to_sqlx() as _,
                CHUNK,
            )
            .execute(&self.pool)
            .instrument(sql_span!("inbox_items.forget", "DELETE"))
            .await?
            .rows_affected();
            forgotten += done;
            if done < CHUNK.unsigned_abs() {
                return Ok(forgotten);
            }
        }
    }

    /// Removes deliveries made before an instant that are not pending, with their attempts; says how many.
    pub async fn forget_deliveries(&self, before: Timestamp) -> Result<u64, sqlx::Error> {
        let mut forgotten = 0;
        loop {
            let done = sqlx::query!(
                "DELETE FROM deliveries WHERE id = ANY (ARRAY(
                     SELECT id FROM deliveries WHERE created_at < $1 AND state <> 1 LIMIT $2))",
                before.to_sqlx() as _,
                CHUNK,
            )
            .execute(&self.pool)
            .instrument(sql_span!("deliveries.forget", "DELETE"))
            .await?
            .rows_affected();
            forgotten += done;
            if done < CHUNK.unsigned_abs() {
                return Ok(forgotten);
            }
        }
    }
}
