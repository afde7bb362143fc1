//! Table `deliveries`: written, claimed and settled.

use gongdan_clock::new_id;
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use tracing::Instrument as _;
use uuid::Uuid;

use super::{Attempt, Store};

/// How something is sent. Numbers as in the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// SMTP, to a principal.
    Email = 1,
    /// HTTP, to an endpoint.
    Webhook = 2,
}

impl Channel {
    /// Its name in metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Webhook => "webhook",
        }
    }

    pub(super) const fn number(self) -> i16 {
        self as i16
    }
}

/// Where a delivery is. Numbers as in the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Waits for its next attempt.
    Pending = 1,
    /// The other side took it.
    Delivered = 2,
    /// Given up.
    Dead = 3,
    /// Its recipient is no more.
    Dropped = 4,
}

impl State {
    pub(super) const fn number(self) -> i16 {
        self as i16
    }
}

/// Something to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDelivery {
    /// How.
    pub channel: Channel,
    /// The principal or the endpoint.
    pub recipient: String,
    /// Why.
    pub kind: String,
    /// The event it comes from.
    pub event_id: Uuid,
    /// The ticket.
    pub ticket_id: Uuid,
    /// Empty for webhooks.
    pub subject: String,
    /// What is sent.
    pub body: String,
}

/// A delivery this process is to send now.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Its id.
    pub id: Uuid,
    /// How.
    pub channel: Channel,
    /// The principal or the endpoint.
    pub recipient: String,
    /// Empty for webhooks.
    pub subject: String,
    /// What is sent.
    pub body: String,
    /// The number of the attempt, from 1.
    pub attempt: i32,
    /// Attempts after which it is given up.
    pub give_up_after: i32,
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The other side took it.
    Delivered,
    /// It is tried again then.
    Retry(Timestamp),
    /// It is given up.
    Dead,
    /// Its recipient is no more.
    Dropped,
}

/// Writes deliveries, due at once; each channel, recipient, event and kind once for all times.
pub async fn insert_deliveries(
    connection: &mut PgConnection,
    deliveries: &[NewDelivery],
    attempts: i32,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    if deliveries.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = deliveries.iter().map(|_| new_id(now)).collect();
    let channels: Vec<_> = deliveries.iter().map(|d| d.channel.number()).collect();
    let recipients: Vec<_> = deliveries.iter().map(|d| d.recipient.clone()).collect();
    let kinds: Vec<_> = deliveries.iter().map(|d| d.kind.clone()).collect();
    let events: Vec<_> = deliveries.iter().map(|d| d.event_id).collect();
    let tickets: Vec<_> = deliveries.iter().map(|d| d.ticket_id).collect();
    let subjects: Vec<_> = deliveries.iter().map(|d| d.subject.clone()).collect();
    let bodies: Vec<_> = deliveries.iter().map(|d| d.body.clone()).collect();
    sqlx::query!(
        "INSERT INTO deliveries (id, channel, recipient, kind, event_id, ticket_id, subject, body, give_up_after,
                                 next_attempt_at, created_at)
         SELECT u.*, $9, $10, $10 FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::text[], $5::uuid[],
                                              $6::uuid[], $7::text[], $8::text[]) AS u
         ON CONFLICT (channel, recipient, event_id, kind) DO NOTHING",
        &ids,
        &channels,
        &recipients,
        &kinds,
        &events,
        &tickets,
        &subjects,
        &bodies,
        attempts,
        now.to_sqlx() as _,
    )
    .execute(connection)
    .instrument(sql_span!("deliveries.insert", "INSERT"))
    .await?;
    Ok(())
}

/// Drops what waits to be sent to an endpoint.
pub(super) async fn drop_pending(connection: &mut PgConnection, webhook: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE deliveries SET state = $3 WHERE recipient = $1 AND channel = $2 AND state = $4",
        webhook.to_string(),
        Channel::Webhook.number(),
        State::Dropped.number(),
        State::Pending.number(),
    )
    .execute(connection)
    .instrument(sql_span!("deliveries.drop", "UPDATE"))
    .await?;
    Ok(())
}

impl Store {
    /// Takes up to `limit` deliveries that are due, so that no other process takes them before `lease_until`.
    pub async fn claim(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: i64,
    ) -> Result<Vec<Claimed>, sqlx::Error> {
        let rows = sqlx::query!(
            "UPDATE deliveries SET attempts = attempts + 1, next_attempt_at = $2
             WHERE id = ANY (ARRAY(
                 SELECT id FROM deliveries WHERE state = 1 AND next_attempt_at <= $1
                 ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED))
             RETURNING id, channel, recipient, subject, body, attempts, give_up_after",
            now.to_sqlx() as _,
            lease_until.to_sqlx() as _,
            limit,
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("deliveries.claim", "UPDATE"))
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| Claimed {
                id: row.id,
                channel: if row.channel == Channel::Email.number() {
                    Channel::Email
                } else {
                    Channel::Webhook
                },
                recipient: row.recipient,
                subject: row.subject,
                body: row.body,
                attempt: row.attempts,
                give_up_after: row.give_up_after,
            })
            .collect())
    }

    /// When the next delivery is due; `None` when nothing waits.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, sqlx::Error> {
        let next = sqlx::query_scalar!(
            r#"SELECT min(next_attempt_at) AS "next: jiff_sqlx::Timestamp" FROM deliveries WHERE state = 1"#
        )
        .fetch_one(&self.pool)
        .instrument(sql_span!("deliveries.next", "SELECT"))
        .await?;
        Ok(next.map(|at| at.to_jiff()))
    }

    /// Writes down an attempt and what becomes of the delivery. A process that was taken for dead and whose delivery
    /// another has taken over only adds to the log.
    pub async fn settle(
        &self,
        claimed: &Claimed,
        attempt: &Attempt,
        verdict: &Verdict,
    ) -> Result<(), sqlx::Error> {
        let (state, next, delivered) = match verdict {
            Verdict::Delivered => (State::Delivered, None, Some(attempt.ended())),
            Verdict::Retry(at) => (State::Pending, Some(*at), None),
            Verdict::Dead => (State::Dead, None, None),
            Verdict::Dropped => (State::Dropped, None, None),
        };
        let mut tx = self.pool.begin().await?;
        attempt.insert(&mut tx, claimed.id, claimed.attempt).await?;
        sqlx::query!(
            "UPDATE deliveries SET state = $3, next_attempt_at = coalesce($4, next_attempt_at), delivered_at = $5
             WHERE id = $1 AND attempts = $2 AND state = 1",
            claimed.id,
            claimed.attempt,
            state.number(),
            next.map(|at| at.to_sqlx()) as _,
            delivered.map(|at| at.to_sqlx()) as _,
        )
        .execute(&mut *tx)
        .instrument(sql_span!("deliveries.settle", "UPDATE"))
        .await?;
        tx.commit().await
    }

    /// The address of a member of staff, as routing last said; `None` when there is none any more.
    pub async fn email_of(&self, principal: &str) -> Result<Option<String>, sqlx::Error> {
        sqlx::query_scalar!(
            "SELECT email FROM principals WHERE id = $1 AND active AND email <> ''",
            principal
        )
        .fetch_optional(&self.pool)
        .instrument(sql_span!("principals.email", "SELECT"))
        .await
    }
}
