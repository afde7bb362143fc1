//! Table `channel_standards`: how soon a request is answered first, by how it came in. Source: T1.

use super::{cached::Cached, save::small};
use gongdan_clock::SharedClock;
use gongdan_errors::Error;
use gongdan_pg::{RequestKey, error, requests};
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{Channel, channel_standard::Standards};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgPool;
use std::{collections::BTreeMap, sync::Arc};
use tracing::Instrument as _;
use uuid::Uuid;

/// The standards now, and which version each channel's is.
#[derive(Debug)]
pub(crate) struct Current {
    pub standards: Standards,
    pub versions: BTreeMap<Channel, i32>,
}

/// Where standards are kept.
pub(crate) struct ChannelStandards {
    pool: PgPool,
    clock: SharedClock,
    current: Cached<Current>,
}

impl ChannelStandards {
    pub(crate) fn new(pool: PgPool, clock: SharedClock) -> Self {
        Self { pool, clock, current: Cached::default() }
    }

    /// The standards now.
    pub(crate) async fn current(&self) -> Result<Arc<Current>, Error> {
        self.current.get(|| self.read()).await
    }

    async fn read(&self) -> Result<Current, Error> {
        let rows = sqlx::query!(
            "SELECT DISTINCT ON (channel) channel, version, seconds FROM channel_standards
             ORDER BY channel, version DESC"
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("channel_standards.newest", "SELECT"))
        .await
        .map_err(error)?;
        let mut current = Current { standards: Standards::default(), versions: BTreeMap::new() };
        for row in rows {
            // A channel of a newer release has no standard here.
            let Some(channel) = Channel::from_number(row.channel.into()) else { continue };
            current.standards.set(channel, row.seconds).map_err(Error::internal)?;
            current.versions.insert(channel, row.version);
        }
        Ok(current)
    }

    /// Sets a new version of a channel's standard; a repeated request gets the version it made.
    pub(crate) async fn set(
        &self,
        channel: Channel,
        seconds: i32,
        request: &RequestKey,
    ) -> Result<i32, Error> {
        let number = small(channel.number());
        let mut transaction = self.pool.begin().await.map_err(error)?;
        // Two changes of one standard make two versions, one after the other.
        sqlx::query!(
            "SELECT pg_advisory_xact_lock(hashtextextended('gongdan.channel_standards', $1))",
            i64::from(number)
        )
        .execute(&mut *transaction)
        .await
        .map_err(error)?;
        if let Some(answered) = requests::lookup(&mut transaction, request).await? {
            return i32::try_from(answered.version).map_err(Error::internal);
        }
        let now = self.clock.now();
        let version = sqlx::query_scalar!(
            "INSERT INTO channel_standards (channel, version, seconds, set_at)
             SELECT $1, COALESCE(max(version), 0) + 1, $2, $3 FROM channel_standards WHERE channel = $1
             RETURNING version",
            number,
            seconds,
            now.to_sqlx() as _
        )
        .fetch_one(&mut *transaction)
        .instrument(sql_span!("channel_standards.insert", "INSERT"))
        .await
        .map_err(error)?;
        let answered = requests::Answered { resource_id: Uuid::nil(), version: version.into() };
        requests::insert(&mut transaction, request, answered, now).await?;
        transaction.commit().await.map_err(error)?;
        self.current.forget();
        Ok(version)
    }
}
