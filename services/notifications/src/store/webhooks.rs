//! Table `webhooks`: what is read.

use gongdan_errors::Error;
use gongdan_notifications_domain::{EventTypes, Secret};
use gongdan_proto::{notifications::v1 as pb, to_timestamp};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use sqlx::PgConnection;
use tracing::Instrument as _;
use uuid::Uuid;

use super::Store;

/// An endpoint.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Its id.
    pub id: Uuid,
    /// Where it is.
    pub url: String,
    /// What it is told.
    pub event_types: EventTypes,
    /// For people.
    pub description: String,
    /// What signs.
    pub secret: Secret,
    /// What signed before the last rotation, and until when it does.
    pub previous: Option<(Secret, Timestamp)>,
    /// False after it answered 410.
    pub enabled: bool,
    /// When it was registered.
    pub created_at: Timestamp,
    /// +1 per change.
    pub version: i64,
}

impl Webhook {
    /// The version, as callers hold it.
    #[must_use]
    pub fn etag(&self) -> String {
        self.version.to_string()
    }

    /// What signs at an instant.
    #[must_use]
    pub fn secrets(&self, at: Timestamp) -> Vec<&Secret> {
        let previous = self.previous.as_ref().filter(|(_, until)| at < *until).map(|(secret, _)| secret);
        std::iter::once(&self.secret).chain(previous).collect()
    }

    /// As callers see it; the secret only where it is meant to be seen.
    #[must_use]
    pub fn to_proto(&self, reveal: bool) -> pb::Webhook {
        pb::Webhook {
            id: self.id.to_string(),
            url: self.url.clone(),
            event_types: self.event_types.patterns().to_vec(),
            description: self.description.clone(),
            secret: if reveal { self.secret.reveal().expose_secret().to_owned() } else { String::new() },
            enabled: self.enabled,
            created_at: Some(to_timestamp(self.created_at)),
            etag: self.etag(),
        }
    }
}

/// An endpoint, as far as telling it goes.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Its id.
    pub id: Uuid,
    /// What it is told.
    pub event_types: EventTypes,
    /// Whether it is told of sensitive tickets: whoever registered it sees them.
    pub sees_sensitive: bool,
}

/// All endpoints that are told something. `sees` says by roles and rights who sees sensitive tickets; who is not active any
/// more has none.
pub async fn endpoints(
    connection: &mut PgConnection,
    sees: impl Fn(&[String], &[String]) -> bool,
) -> Result<Vec<Endpoint>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT w.id, w.event_types, p.roles AS "roles?", p.rights AS "rights?"
           FROM webhooks w LEFT JOIN principals p ON p.id = w.created_by AND p.active
           WHERE w.enabled ORDER BY w.id"#
    )
    .fetch_all(connection)
    .instrument(sql_span!("webhooks.enabled", "SELECT"))
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Endpoint {
            id: row.id,
            event_types: EventTypes::stored(row.event_types),
            sees_sensitive: sees(&row.roles.unwrap_or_default(), &row.rights.unwrap_or_default()),
        })
        .collect())
}

pub(super) struct WebhookRow {
    pub(super) id: Uuid,
    pub(super) url: String,
    pub(super) event_types: Vec<String>,
    pub(super) description: String,
    pub(super) secret: Vec<u8>,
    pub(super) previous_secret: Option<Vec<u8>>,
    pub(super) previous_until: Option<jiff_sqlx::Timestamp>,
    pub(super) enabled: bool,
    pub(super) created_at: jiff_sqlx::Timestamp,
    pub(super) version: i64,
}

impl From<WebhookRow> for Webhook {
    fn from(row: WebhookRow) -> Self {
        let previous = row.previous_secret.zip(row.previous_until);
        Self {
            id: row.id,
            url: row.url,
            event_types: EventTypes::stored(row.event_types),
            description: row.description,
            secret: Secret::from_bytes(row.secret),
            previous: previous.map(|(secret, until)| (Secret::from_bytes(secret), until.to_jiff())),
            enabled: row.enabled,
            created_at: row.created_at.to_jiff(),
            version: row.version,
        }
    }
}

impl Store {
    /// One endpoint.
    pub async fn webhook(&self, id: Uuid) -> Result<Option<Webhook>, Error> {
        let row = sqlx::query_as!(
            WebhookRow,
            "SELECT id, url, event_types, description, secret, previous_secret, previous_until, enabled, created_at,
                    version
             FROM webhooks WHERE id = $1",
            id,
        )
        .fetch_optional(&self.pool)
        .instrument(sql_span!("webhooks.get", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        Ok(row.map(Webhook::from))
    }

    /// At most `limit` endpoints whose id is above `after`, in the order of ids.
    pub async fn webhooks(&self, after: Option<Uuid>, limit: i64) -> Result<Vec<Webhook>, Error> {
        let rows = sqlx::query_as!(
            WebhookRow,
            "SELECT id, url, event_types, description, secret, previous_secret, previous_until, enabled, created_at,
                    version
             FROM webhooks WHERE id > $1 ORDER BY id LIMIT $2",
            after.unwrap_or(Uuid::nil()),
            limit,
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("webhooks.list", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        Ok(rows.into_iter().map(Webhook::from).collect())
    }
}
