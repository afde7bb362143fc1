//! Table `webhooks`: what is written, each once per request.

use gongdan_errors::Error;
use gongdan_notifications_domain::{EventTypes, Secret};
use gongdan_pg::requests::{self, Answered, RequestKey};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use reqwest::Url;
use sqlx::{PgConnection, PgTransaction};
use tracing::Instrument as _;
use uuid::Uuid;

use super::{
    Store,
    webhooks::{Webhook, WebhookRow},
};
use crate::error::{etag_mismatch, webhook_not_found};

/// An endpoint to be registered.
#[derive(Debug)]
pub struct NewWebhook {
    /// Its id.
    pub id: Uuid,
    /// Where it is.
    pub url: Url,
    /// What it is told.
    pub event_types: EventTypes,
    /// For people.
    pub description: String,
    /// What signs.
    pub secret: Secret,
}

impl Store {
    /// The endpoint that this request registered before.
    pub async fn registered_webhook(&self, key: &RequestKey) -> Result<Option<Webhook>, Error> {
        let (mut tx, answered) = self.open(key).await?;
        match answered {
            Some(answered) => found(&mut tx, answered.resource_id).await.map(Some),
            None => Ok(None),
        }
    }

    /// Registers an endpoint, or answers with the one this request registered before.
    pub async fn create_webhook(
        &self,
        new: &NewWebhook,
        key: &RequestKey,
        now: Timestamp,
    ) -> Result<Webhook, Error> {
        let (mut tx, answered) = self.open(key).await?;
        if let Some(answered) = answered {
            return found(&mut tx, answered.resource_id).await;
        }
        let row = sqlx::query_as!(
            WebhookRow,
            "INSERT INTO webhooks (id, url, event_types, description, secret, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             RETURNING id, url, event_types, description, secret, previous_secret, previous_until, enabled,
                       created_at, version",
            new.id,
            new.url.as_str(),
            new.event_types.patterns(),
            new.description,
            new.secret.bytes(),
            key.caller,
            now.to_sqlx() as _,
        )
        .fetch_one(&mut *tx)
        .instrument(sql_span!("webhooks.insert", "INSERT"))
        .await
        .map_err(gongdan_pg::error)?;
        close(tx, key, &row, now).await?;
        Ok(row.into())
    }

    /// Gives an endpoint another secret; the present one signs beside it until `old_until`. A request that did so
    /// before is answered with the endpoint as it is.
    pub async fn rotate_webhook_secret(
        &self,
        id: Uuid,
        etag: &str,
        secret: &Secret,
        old_until: Timestamp,
        key: &RequestKey,
        now: Timestamp,
    ) -> Result<Webhook, Error> {
        let (mut tx, answered) = self.open(key).await?;
        if let Some(answered) = answered {
            return found(&mut tx, answered.resource_id).await;
        }
        guard(&mut tx, id, etag).await?;
        let row = sqlx::query_as!(
            WebhookRow,
            "UPDATE webhooks SET previous_secret = secret, previous_until = $3, secret = $2, version = version + 1
             WHERE id = $1
             RETURNING id, url, event_types, description, secret, previous_secret, previous_until, enabled,
                       created_at, version",
            id,
            secret.bytes(),
            old_until.to_sqlx() as _,
        )
        .fetch_one(&mut *tx)
        .instrument(sql_span!("webhooks.rotate", "UPDATE"))
        .await
        .map_err(gongdan_pg::error)?;
        close(tx, key, &row, now).await?;
        Ok(row.into())
    }

    /// Removes an endpoint and drops what waits to be sent to it.
    pub async fn delete_webhook(
        &self,
        id: Uuid,
        etag: &str,
        key: &RequestKey,
        now: Timestamp,
    ) -> Result<(), Error> {
        let (mut tx, answered) = self.open(key).await?;
        if answered.is_some() {
            return Ok(());
        }
        let version = guard(&mut tx, id, etag).await?;
        sqlx::query!("DELETE FROM webhooks WHERE id = $1", id)
            .execute(&mut *tx)
            .instrument(sql_span!("webhooks.delete", "DELETE"))
            .await
            .map_err(gongdan_pg::error)?;
        super::deliveries::drop_pending(&mut tx, id).await.map_err(gongdan_pg::error)?;
        requests::insert(&mut tx, key, Answered { resource_id: id, version }, now).await?;
        tx.commit().await.map_err(gongdan_pg::error)
    }

    /// Tells an endpoint that is gone for good nothing more, and drops what waits to be sent to it.
    pub async fn disable_webhook(&self, id: Uuid) -> Result<(), sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        sqlx::query!(
            "UPDATE webhooks SET enabled = false, version = version + 1 WHERE id = $1 AND enabled",
            id
        )
        .execute(&mut *tx)
        .instrument(sql_span!("webhooks.disable", "UPDATE"))
        .await?;
        super::deliveries::drop_pending(&mut tx, id).await?;
        tx.commit().await
    }

    async fn open(&self, key: &RequestKey) -> Result<(PgTransaction<'_>, Option<Answered>), Error> {
        let mut tx = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let answered = requests::lookup(&mut tx, key).await?;
        Ok((tx, answered))
    }
}

async fn close(
    mut tx: PgTransaction<'_>,
    key: &RequestKey,
    row: &WebhookRow,
    now: Timestamp,
) -> Result<(), Error> {
    requests::insert(&mut tx, key, Answered { resource_id: row.id, version: row.version }, now).await?;
    tx.commit().await.map_err(gongdan_pg::error)
}

async fn found(connection: &mut PgConnection, id: Uuid) -> Result<Webhook, Error> {
    let row = sqlx::query_as!(
        WebhookRow,
        "SELECT id, url, event_types, description, secret, previous_secret, previous_until, enabled, created_at, version
         FROM webhooks WHERE id = $1",
        id,
    )
    .fetch_optional(connection)
    .instrument(sql_span!("webhooks.answered", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    row.map(Webhook::from).ok_or_else(webhook_not_found)
}

/// Locks an endpoint and compares its etag; answers its version.
async fn guard(connection: &mut PgConnection, id: Uuid, etag: &str) -> Result<i64, Error> {
    let version = sqlx::query_scalar!("SELECT version FROM webhooks WHERE id = $1 FOR UPDATE", id)
        .fetch_optional(connection)
        .instrument(sql_span!("webhooks.lock", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?
        .ok_or_else(webhook_not_found)?;
    if etag.is_empty() || etag == version.to_string() { Ok(version) } else { Err(etag_mismatch()) }
}
