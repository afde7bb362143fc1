//! Table `last_handlers`: who had a customer's last ticket about an item. Ids only.

use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};
use tracing::Instrument as _;
use uuid::Uuid;

/// A customer's tickets about an item.
pub type Matter = (Uuid, String);

/// Who had a ticket about it last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastHandler {
    /// Who.
    pub person_id: String,
    /// The ticket.
    pub ticket_id: Uuid,
    /// From when on.
    pub since: Timestamp,
}

/// Who had the last ticket about each.
pub async fn read(
    connection: &mut PgConnection,
    matters: &[Matter],
) -> Result<HashMap<Matter, String>, sqlx::Error> {
    if matters.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        "SELECT l.customer_id, l.item, l.person_id
         FROM unnest($1::uuid[], $2::text[]) AS n (customer_id, item)
         JOIN last_handlers l ON l.customer_id = n.customer_id AND l.item = n.item",
        &matters.iter().map(|(customer, _)| *customer).collect::<Vec<_>>(),
        &matters.iter().map(|(_, item)| item.clone()).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .instrument(sql_span!("last_handlers.read", "SELECT"))
    .await?;
    Ok(rows.into_iter().map(|row| ((row.customer_id, row.item), row.person_id)).collect())
}

/// Notes who has a ticket now; what is older than what is known is passed over.
pub async fn write(
    connection: &mut PgConnection,
    handlers: &BTreeMap<Matter, LastHandler>,
) -> Result<(), sqlx::Error> {
    if handlers.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO last_handlers (customer_id, item, person_id, ticket_id, since)
         SELECT n.customer_id, n.item, n.person_id, n.ticket_id, n.since
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::timestamptz[])
              AS n (customer_id, item, person_id, ticket_id, since)
         ORDER BY n.customer_id, n.item
         ON CONFLICT ON CONSTRAINT last_handlers_pkey DO UPDATE SET person_id = excluded.person_id,
             ticket_id = excluded.ticket_id, since = excluded.since
         WHERE last_handlers.since <= excluded.since",
        &handlers.keys().map(|(customer, _)| *customer).collect::<Vec<_>>(),
        &handlers.keys().map(|(_, item)| item.clone()).collect::<Vec<_>>(),
        &handlers.values().map(|handler| handler.person_id.clone()).collect::<Vec<_>>(),
        &handlers.values().map(|handler| handler.ticket_id).collect::<Vec<_>>(),
        &handlers.values().map(|handler| handler.since.to_sqlx()).collect::<Vec<SqlTimestamp>>() as _,
    )
    .execute(connection)
    .instrument(sql_span!("last_handlers.write", "INSERT"))
    .await?;
    Ok(())
}

/// Nobody is to know any more whose these tickets were. Source: X11.
pub async fn forget(connection: &mut PgConnection, tickets: &[Uuid]) -> Result<(), sqlx::Error> {
    if tickets.is_empty() {
        return Ok(());
    }
    sqlx::query!("DELETE FROM last_handlers WHERE ticket_id = ANY ($1)", tickets)
        .execute(connection)
        .instrument(sql_span!("last_handlers.forget", "DELETE"))
        .await?;
    Ok(())
}
