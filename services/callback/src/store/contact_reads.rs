//! Table `contact_reads`: who was shown a contact; tickets' audit knows only that callback asked.

use super::Store;
use gongdan_errors::Error;
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use tracing::Instrument as _;
use uuid::Uuid;

impl Store {
    /// Writes down that an agent is shown the contact of a task.
    pub async fn contact_read(&self, task_id: Uuid, agent_id: &str, at: Timestamp) -> Result<(), Error> {
        sqlx::query!(
            "INSERT INTO contact_reads (id, task_id, agent_id, read_at) VALUES ($1, $2, $3, $4)",
            gongdan_clock::new_id(at),
            task_id,
            agent_id,
            at.to_sqlx() as _,
        )
        .execute(&self.pool)
        .instrument(sql_span!("contact_reads.insert", "INSERT"))
        .await
        .map_err(gongdan_pg::error)?;
        Ok(())
    }
}
