//! Table `ticket_marks`: which tickets are sensitive, and whom that keeps things from.

use std::collections::{BTreeMap, HashSet};

use gongdan_notifications_domain::TicketFacts;
use gongdan_telemetry::sql_span;
use sqlx::PgConnection;
use tracing::Instrument as _;
use uuid::Uuid;

use super::{Claimed, Store};

/// What the policies judge somebody by.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Judged {
    /// Roles.
    pub roles: Vec<String>,
    /// Rights.
    pub rights: Vec<String>,
}

/// Writes down what events say of these tickets; nil is none. Tickets are marked for good: `sensitive` stays.
pub async fn mark<'a>(
    connection: &mut PgConnection,
    tickets: impl Iterator<Item = &'a TicketFacts>,
) -> Result<(), sqlx::Error> {
    // In the order of ids, so that two writers cannot wait for each other.
    let mut marks = BTreeMap::new();
    for ticket in tickets.filter(|ticket| !ticket.id.is_nil()) {
        *marks.entry(ticket.id).or_insert(false) |= ticket.sensitive;
    }
    if marks.is_empty() {
        return Ok(());
    }
    let (ids, sensitive): (Vec<_>, Vec<_>) = marks.into_iter().unzip();
    sqlx::query!(
        "INSERT INTO ticket_marks (ticket_id, sensitive)
         SELECT * FROM unnest($1::uuid[], $2::boolean[])
         ON CONFLICT (ticket_id) DO UPDATE SET sensitive = true
         WHERE excluded.sensitive AND NOT ticket_marks.sensitive",
        &ids,
        &sensitive,
    )
    .execute(connection)
    .instrument(sql_span!("ticket_marks.upsert", "INSERT"))
    .await?;
    Ok(())
}

/// Those of these tickets that are known and not sensitive.
pub async fn open_ones(
    connection: &mut PgConnection,
    tickets: &[Uuid],
) -> Result<HashSet<Uuid>, sqlx::Error> {
    let open = sqlx::query_scalar!(
        "SELECT ticket_id FROM ticket_marks WHERE ticket_id = ANY ($1) AND NOT sensitive",
        tickets,
    )
    .fetch_all(connection)
    .instrument(sql_span!("ticket_marks.open", "SELECT"))
    .await?;
    Ok(open.into_iter().collect())
}

/// Takes what was told of these sensitive tickets out of the inboxes of people who do not see them, as far as it was not
/// read.
pub async fn withdraw(
    connection: &mut PgConnection,
    tickets: &[Uuid],
    sees: impl Fn(&[String], &[String]) -> bool,
) -> Result<(), sqlx::Error> {
    let told = sqlx::query!(
        "SELECT id, roles, rights FROM principals
         WHERE id IN (SELECT recipient FROM inbox_items WHERE ticket_id = ANY ($1) AND read_at IS NULL)",
        tickets,
    )
    .fetch_all(&mut *connection)
    .instrument(sql_span!("inbox_items.told", "SELECT"))
    .await?;
    let blind: Vec<_> =
        told.into_iter().filter(|one| !sees(&one.roles, &one.rights)).map(|one| one.id).collect();
    if blind.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "DELETE FROM inbox_items WHERE ticket_id = ANY ($1) AND recipient = ANY ($2) AND read_at IS NULL",
        tickets,
        &blind,
    )
    .execute(connection)
    .instrument(sql_span!("inbox_items.withdraw", "DELETE"))
    .await?;
    Ok(())
}

impl Store {
    /// By whom a delivery is judged when its ticket is sensitive: who is written to, or who registered the endpoint; nobody,
    /// so without any right, when that is no active principal. `None` when the ticket is not sensitive.
    pub async fn judged(&self, claimed: &Claimed) -> Result<Option<Judged>, sqlx::Error> {
        let row = sqlx::query!(
            r#"SELECT p.roles AS "roles?", p.rights AS "rights?"
               FROM deliveries d
               JOIN ticket_marks m ON m.ticket_id = d.ticket_id AND m.sensitive
               LEFT JOIN webhooks w ON w.id::text = d.recipient
               LEFT JOIN principals p ON p.active AND p.id = coalesce(w.created_by, d.recipient)
               WHERE d.id = $1"#,
            claimed.id,
        )
        .fetch_optional(&self.pool)
        .instrument(sql_span!("deliveries.judged", "SELECT"))
        .await?;
        Ok(row.map(|row| Judged {
            roles: row.roles.unwrap_or_default(),
            rights: row.rights.unwrap_or_default(),
        }))
    }
}
