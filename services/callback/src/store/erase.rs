//! What tickets erased goes here too: agents' words, and whom a task asks, in rows and events. Source: X11.

use crate::events::redacted;
use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_telemetry::sql_span;
use sqlx::PgConnection;
use tracing::Instrument as _;
use uuid::Uuid;

/// What stands in the place of words that were erased.
pub const ERASED: &str = "[已删除 erased]";

/// Erases of these tickets' tasks who is asked (`contacts`) and what agents wrote (`texts`).
pub async fn erase(connection: &mut PgConnection, contacts: &[Uuid], texts: &[Uuid]) -> Result<(), Error> {
    let both: Vec<Uuid> = contacts.iter().chain(texts).copied().collect();
    if both.is_empty() {
        return Ok(());
    }
    let tasks = sqlx::query!(
        "UPDATE tasks SET customer_id = CASE WHEN ticket_id = ANY ($2) THEN NULL ELSE customer_id END,
                reason = CASE WHEN ticket_id = ANY ($3) AND reason <> '' THEN $4 ELSE reason END
         WHERE ticket_id = ANY ($1) RETURNING id, ticket_id",
        &both,
        contacts,
        texts,
        ERASED
    )
    .fetch_all(&mut *connection)
    .instrument(sql_span!("tasks.erase", "UPDATE"))
    .await
    .map_err(error)?;
    let spoken: Vec<Uuid> =
        tasks.iter().filter(|task| texts.contains(&task.ticket_id)).map(|task| task.id).collect();
    sqlx::query!("UPDATE attempts SET note = '' WHERE task_id = ANY ($1)", &spoken)
        .execute(&mut *connection)
        .instrument(sql_span!("attempts.erase", "UPDATE"))
        .await
        .map_err(error)?;
    for task in tasks {
        let (contact, text) = (contacts.contains(&task.ticket_id), texts.contains(&task.ticket_id));
        gongdan_outbox::redact(connection, &[task.id], |_, payload| redacted(payload, contact, text)).await?;
    }
    Ok(())
}
