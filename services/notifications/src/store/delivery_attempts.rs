//! Table `delivery_attempts`.

use std::collections::HashMap;

use gongdan_errors::Error;
use gongdan_proto::{notifications::v1::DeliveryAttempt, to_timestamp};
use gongdan_telemetry::sql_span;
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use tracing::Instrument as _;
use uuid::Uuid;

use super::Store;

/// How many of a delivery's attempts are shown.
const SHOWN: i32 = 20;

/// How a try went.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub took: SignedDuration,
    /// Whether the other side took it.
    pub succeeded: bool,
    /// HTTP status or SMTP code; 0 without an answer.
    pub code: i32,
    /// What went wrong, without the other side's words.
    pub error: String,
}

impl Attempt {
    /// When it ended.
    #[must_use]
    pub fn ended(&self) -> Timestamp {
        self.at.saturating_add(self.took).unwrap_or(self.at)
    }

    pub(super) async fn insert(
        &self,
        connection: &mut PgConnection,
        delivery: Uuid,
        number: i32,
    ) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "INSERT INTO delivery_attempts (delivery_id, number, at, duration_ms, succeeded, code, error)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (delivery_id, number) DO NOTHING",
            delivery,
            number,
            self.at.to_sqlx() as _,
            i32::try_from(self.took.as_millis()).unwrap_or(i32::MAX),
            self.succeeded,
            self.code,
            self.error,
        )
        .execute(connection)
        .instrument(sql_span!("delivery_attempts.insert", "INSERT"))
        .await?;
        Ok(())
    }
}

impl Store {
    /// The latest attempts of these deliveries, oldest first.
    pub(super) async fn attempts(
        &self,
        deliveries: &[Uuid],
    ) -> Result<HashMap<Uuid, Vec<DeliveryAttempt>>, Error> {
        let rows = sqlx::query!(
            "SELECT a.delivery_id, a.number, a.at, a.duration_ms, a.succeeded, a.code, a.error
             FROM delivery_attempts AS a JOIN deliveries AS d ON d.id = a.delivery_id
             WHERE a.delivery_id = ANY($1) AND a.number > d.attempts - $2
             ORDER BY a.delivery_id, a.number",
            deliveries,
            SHOWN,
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("delivery_attempts.list", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        let mut of: HashMap<Uuid, Vec<DeliveryAttempt>> = HashMap::new();
        for row in rows {
            of.entry(row.delivery_id).or_default().push(DeliveryAttempt {
                number: row.number,
                at: Some(to_timestamp(row.at.to_jiff())),
                duration_ms: row.duration_ms,
                succeeded: row.succeeded,
                code: row.code,
                error: row.error,
            });
        }
        Ok(of)
    }
}
