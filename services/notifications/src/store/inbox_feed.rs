//! Table `inbox_items` as a log: what arrived after a cursor, in an order that late commits cannot fool.

use gongdan_errors::Error;
use gongdan_notifications_domain::Cursor;
use gongdan_proto::notifications::v1::InboxItem;
use gongdan_telemetry::sql_span;
use tracing::Instrument as _;

use super::{Store, inbox_items::ItemRow};

/// An item that arrived in somebody's inbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrived {
    /// Whose.
    pub recipient: String,
    /// Its place.
    pub cursor: Cursor,
    /// The item.
    pub item: InboxItem,
}

impl Store {
    /// The first transaction that may still be running: everything before it has committed or never will.
    pub async fn horizon(&self) -> Result<i64, Error> {
        sqlx::query_scalar!(r#"SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS "horizon!""#)
            .fetch_one(&self.pool)
            .instrument(sql_span!("inbox_items.horizon", "SELECT"))
            .await
            .map_err(gongdan_pg::error)
    }

    /// At most `limit` items after a cursor, of transactions before `horizon`; of one inbox, or of all.
    pub async fn arrived(
        &self,
        recipient: Option<&str>,
        after: Cursor,
        horizon: i64,
        limit: i64,
    ) -> Result<Vec<Arrived>, Error> {
        let (txid, before) = (after.txid.to_string(), horizon.to_string());
        let rows = match recipient {
            Some(recipient) => {
                sqlx::query_as!(
                    Row,
                    r#"SELECT recipient, txid::text::bigint AS "txid!", position, id, kind, title, body, ticket_id,
                              ticket_number, occurred_at, created_at, read_at, event_id
                       FROM inbox_items
                       WHERE recipient = $1 AND (txid, position) > ($2::text::xid8, $3) AND txid < $4::text::xid8
                       ORDER BY inbox_items.txid, position LIMIT $5"#,
                    recipient,
                    txid,
                    after.position,
                    before,
                    limit,
                )
                .fetch_all(&self.pool)
                .instrument(sql_span!("inbox_items.after", "SELECT"))
                .await
            }
            None => {
                sqlx::query_as!(
                    Row,
                    r#"SELECT recipient, txid::text::bigint AS "txid!", position, id, kind, title, body, ticket_id,
                              ticket_number, occurred_at, created_at, read_at, event_id
                       FROM inbox_items
                       WHERE (txid, position) > ($1::text::xid8, $2) AND txid < $3::text::xid8
                       ORDER BY inbox_items.txid, position LIMIT $4"#,
                    txid,
                    after.position,
                    before,
                    limit,
                )
                .fetch_all(&self.pool)
                .instrument(sql_span!("inbox_items.all_after", "SELECT"))
                .await
            }
        };
        Ok(rows.map_err(gongdan_pg::error)?.into_iter().map(Arrived::from).collect())
    }
}

struct Row {
    recipient: String,
    txid: i64,
    position: i64,
    id: uuid::Uuid,
    kind: String,
    title: String,
    body: String,
    ticket_id: uuid::Uuid,
    ticket_number: String,
    occurred_at: jiff_sqlx::Timestamp,
    created_at: jiff_sqlx::Timestamp,
    read_at: Option<jiff_sqlx::Timestamp>,
    event_id: uuid::Uuid,
}

impl From<Row> for Arrived {
    fn from(row: Row) -> Self {
        let item = ItemRow {
            id: row.id,
            kind: row.kind,
            title: row.title,
            body: row.body,
            ticket_id: row.ticket_id,
            ticket_number: row.ticket_number,
            occurred_at: row.occurred_at,
            created_at: row.created_at,
            read_at: row.read_at,
            event_id: row.event_id,
        };
        Self {
            recipient: row.recipient,
            cursor: Cursor { txid: row.txid, position: row.position },
            item: item.into(),
        }
    }
}
