//! Table `deliveries` as callers see it. Each filter has an index that gives the order: see the migrations.

use gongdan_errors::Error;
use gongdan_proto::{notifications::v1 as pb, to_timestamp};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::{FromRow, Postgres, QueryBuilder};
use tracing::Instrument as _;
use uuid::Uuid;

use super::{Channel, State, Store, ticket};

const COLUMNS: &str = "SELECT id, channel, recipient, kind, event_id, ticket_id, state, attempts, next_attempt_at, \
                       created_at, delivered_at FROM deliveries WHERE true";

/// Which deliveries; all given must match.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// Where they are.
    pub state: Option<State>,
    /// How they are sent.
    pub channel: Option<Channel>,
    /// To whom; empty: to anybody.
    pub recipient: String,
}

/// A delivery, with its attempts.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its id.
    pub id: Uuid,
    /// As callers see it.
    pub message: pb::Delivery,
}

#[derive(FromRow)]
struct DeliveryRow {
    id: Uuid,
    channel: i16,
    recipient: String,
    kind: String,
    event_id: Uuid,
    ticket_id: Uuid,
    state: i16,
    attempts: i32,
    next_attempt_at: jiff_sqlx::Timestamp,
    created_at: jiff_sqlx::Timestamp,
    delivered_at: Option<jiff_sqlx::Timestamp>,
}

impl Store {
    /// At most `limit` deliveries whose id is below `after`, newest first.
    pub async fn deliveries(
        &self,
        filter: &DeliveryFilter,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Delivery>, Error> {
        let rows: Vec<DeliveryRow> = query(filter, after, limit)
            .build_query_as()
            .fetch_all(&self.pool)
            .instrument(sql_span!("deliveries.list", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        self.with_attempts(rows).await
    }

    /// One delivery.
    pub async fn delivery(&self, id: Uuid) -> Result<Option<Delivery>, Error> {
        let rows = sqlx::query_as!(
            DeliveryRow,
            "SELECT id, channel, recipient, kind, event_id, ticket_id, state, attempts, next_attempt_at, created_at,
                    delivered_at
             FROM deliveries WHERE id = $1",
            id,
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("deliveries.get", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        Ok(self.with_attempts(rows).await?.pop())
    }

    /// Makes a delivery due now with `attempts` more attempts, if it was given up or waits; says whether it did.
    pub async fn resend(&self, id: Uuid, attempts: i32, now: Timestamp) -> Result<bool, Error> {
        let done = sqlx::query!(
            "UPDATE deliveries SET state = 1, next_attempt_at = $2, give_up_after = attempts + $3
             WHERE id = $1 AND state IN (1, 3)",
            id,
            now.to_sqlx() as _,
            attempts,
        )
        .execute(&self.pool)
        .instrument(sql_span!("deliveries.resend", "UPDATE"))
        .await
        .map_err(gongdan_pg::error)?;
        Ok(done.rows_affected() > 0)
    }

    async fn with_attempts(&self, rows: Vec<DeliveryRow>) -> Result<Vec<Delivery>, Error> {
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let mut attempts = if ids.is_empty() { Default::default() } else { self.attempts(&ids).await? };
        let delivery = |row: DeliveryRow| Delivery {
            id: row.id,
            message: pb::Delivery {
                id: row.id.to_string(),
                channel: i32::from(row.channel),
                recipient: row.recipient,
                kind: row.kind,
                event_id: row.event_id.to_string(),
                ticket_id: ticket(row.ticket_id),
                state: i32::from(row.state),
                attempts: row.attempts,
                next_attempt_at: (row.state == State::Pending.number())
                    .then(|| to_timestamp(row.next_attempt_at.to_jiff())),
                created_at: Some(to_timestamp(row.created_at.to_jiff())),
                delivered_at: row.delivered_at.map(|at| to_timestamp(at.to_jiff())),
                attempt_log: attempts.remove(&row.id).unwrap_or_default(),
            },
        };
        Ok(rows.into_iter().map(delivery).collect())
    }
}

fn query(filter: &DeliveryFilter, after: Option<Uuid>, limit: i64) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(COLUMNS);
    if let Some(state) = filter.state {
        sql.push(" AND state = ").push_bind(state.number());
    }
    if let Some(channel) = filter.channel {
        sql.push(" AND channel = ").push_bind(channel.number());
    }
    if !filter.recipient.is_empty() {
        sql.push(" AND recipient = ").push_bind(filter.recipient.clone());
    }
    if let Some(after) = after {
        sql.push(" AND id < ").push_bind(after);
    }
    sql.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
    sql
}
