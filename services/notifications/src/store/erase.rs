//! What was told of tickets whose personal data was erased goes too. Source: X11.

use gongdan_telemetry::sql_span;
use sqlx::PgConnection;
use tracing::Instrument as _;
use uuid::Uuid;

/// Removes what was told of these tickets, and what was still to be sent.
pub async fn erase(connection: &mut PgConnection, tickets: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM inbox_items WHERE ticket_id = ANY ($1)", tickets)
        .execute(&mut *connection)
        .instrument(sql_span!("inbox_items.erase", "DELETE"))
        .await?;
    sqlx::query!("DELETE FROM deliveries WHERE ticket_id = ANY ($1)", tickets)
        .execute(connection)
        .instrument(sql_span!("deliveries.erase", "DELETE"))
        .await?;
    Ok(())
}
