//! Table `inbox_items`: what is written and what its owner reads.

use gongdan_clock::new_id;
use gongdan_errors::Error;
use gongdan_notifications_domain::Kind;
use gongdan_proto::{notifications::v1::InboxItem, to_timestamp};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use tracing::Instrument as _;
use uuid::Uuid;

use super::{Store, ticket};

/// Beyond this many unread items nobody wants to know how many exactly.
const UNREAD_COUNTED: i64 = 1_000;

/// Somebody is told something.
#[derive(Debug, Clone, PartialEq)]
pub struct NewItem {
    /// The principal.
    pub recipient: String,
    /// The event it comes from.
    pub event_id: Uuid,
    /// Why.
    pub kind: Kind,
    /// One line.
    pub title: String,
    /// The rest.
    pub body: String,
    /// The ticket; nil: it is about none.
    pub ticket_id: Uuid,
    /// Its number.
    pub ticket_number: String,
    /// When it happened.
    pub occurred_at: Timestamp,
}

/// Writes items, each recipient, event and kind once for all times.
pub async fn insert_items(
    connection: &mut PgConnection,
    items: &[NewItem],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    if items.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = items.iter().map(|_| new_id(now)).collect();
    let recipients: Vec<_> = items.iter().map(|item| item.recipient.clone()).collect();
    let events: Vec<_> = items.iter().map(|item| item.event_id).collect();
    let kinds: Vec<_> = items.iter().map(|item| item.kind.as_str().to_owned()).collect();
    let titles: Vec<_> = items.iter().map(|item| item.title.clone()).collect();
    let bodies: Vec<_> = items.iter().map(|item| item.body.clone()).collect();
    let tickets: Vec<_> = items.iter().map(|item| item.ticket_id).collect();
    let numbers: Vec<_> = items.iter().map(|item| item.ticket_number.clone()).collect();
    let occurred: Vec<_> = items.iter().map(|item| item.occurred_at.to_sqlx()).collect();
    sqlx::query!(
        "INSERT INTO inbox_items (id, recipient, event_id, kind, title, body, ticket_id, ticket_number, occurred_at,
                                  created_at)
         SELECT u.*, $10 FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[],
                                     $7::uuid[], $8::text[], $9::timestamptz[]) AS u
         ON CONFLICT (recipient, event_id, kind) DO NOTHING",
        &ids,
        &recipients,
        &events,
        &kinds,
        &titles,
        &bodies,
        &tickets,
        &numbers,
        &occurred as _,
        now.to_sqlx() as _,
    )
    .execute(connection)
    .instrument(sql_span!("inbox_items.insert", "INSERT"))
    .await?;
    Ok(())
}

impl Store {
    /// At most `limit` items of an inbox whose id is below `after`, newest first.
    pub async fn inbox(
        &self,
        recipient: &str,
        unread_only: bool,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<InboxItem>, Error> {
        let after = after.unwrap_or(Uuid::max());
        let items = if unread_only {
            sqlx::query_as!(
                ItemRow,
                "SELECT id, kind, title, body, ticket_id, ticket_number, occurred_at, created_at, read_at, event_id
                 FROM inbox_items WHERE recipient = $1 AND id < $2 AND read_at IS NULL ORDER BY id DESC LIMIT $3",
                recipient,
                after,
                limit,
            )
            .fetch_all(&self.pool)
            .instrument(sql_span!("inbox_items.unread", "SELECT"))
            .await
        } else {
            sqlx::query_as!(
                ItemRow,
                "SELECT id, kind, title, body, ticket_id, ticket_number, occurred_at, created_at, read_at, event_id
                 FROM inbox_items WHERE recipient = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
                recipient,
                after,
                limit,
            )
            .fetch_all(&self.pool)
            .instrument(sql_span!("inbox_items.list", "SELECT"))
            .await
        };
        Ok(items.map_err(gongdan_pg::error)?.into_iter().map(InboxItem::from).collect())
    }

    /// How many items are unread; counted up to a thousand.
    pub async fn unread(&self, recipient: &str) -> Result<i32, Error> {
        let count = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM
                 (SELECT 1 AS one FROM inbox_items WHERE recipient = $1 AND read_at IS NULL LIMIT $2) AS counted"#,
            recipient,
            UNREAD_COUNTED,
        )
        .fetch_one(&self.pool)
        .instrument(sql_span!("inbox_items.count", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }

    /// Marks items of an inbox as read, all when `ids` is `None`; says how many were unread.
    pub async fn mark_read(
        &self,
        recipient: &str,
        ids: Option<&[Uuid]>,
        at: Timestamp,
    ) -> Result<i32, Error> {
        let done = sqlx::query!(
            "UPDATE inbox_items SET read_at = $3
             WHERE recipient = $1 AND read_at IS NULL AND ($2::uuid[] IS NULL OR id = ANY($2))",
            recipient,
            ids,
            at.to_sqlx() as _,
        )
        .execute(&self.pool)
        .instrument(sql_span!("inbox_items.read", "UPDATE"))
        .await
        .map_err(gongdan_pg::error)?;
        Ok(i32::try_from(done.rows_affected()).unwrap_or(i32::MAX))
    }
}

pub(super) struct ItemRow {
    pub(super) id: Uuid,
    pub(super) kind: String,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) ticket_id: Uuid,
    pub(super) ticket_number: String,
    pub(super) occurred_at: jiff_sqlx::Timestamp,
    pub(super) created_at: jiff_sqlx::Timestamp,
    pub(super) read_at: Option<jiff_sqlx::Timestamp>,
    pub(super) event_id: Uuid,
}

impl From<ItemRow> for InboxItem {
    fn from(row: ItemRow) -> Self {
        Self {
            id: row.id.to_string(),
            kind: row.kind,
            title: row.title,
            body: row.body,
            ticket_id: ticket(row.ticket_id),
            ticket_number: row.ticket_number,
            occurred_at: Some(to_timestamp(row.occurred_at.to_jiff())),
            created_at: Some(to_timestamp(row.created_at.to_jiff())),
            read_at: row.read_at.map(|at| to_timestamp(at.to_jiff())),
            event_id: row.event_id.to_string(),
        }
    }
}
