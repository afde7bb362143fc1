//! Events that could not be applied: tried again with growing pauses, then dead letters, until somebody replays or
//! discards them. Source: DESIGN rule 4.

use super::{Inbox, isolate::Failure, plan::Plan, store};
use crate::{ApplyError, Event};
use gongdan_bus::{DeadReport, to_headers};
use gongdan_errors::{Error, Reason};
use sqlx::{PgConnection, Row as _};
use std::time::Duration;
use tracing::Instrument as _;
use uuid::Uuid;

const BACKOFF_MOST: Duration = Duration::from_secs(300);
const AT_ONCE: i64 = 100;

/// What a further try came to.
enum Retried {
    Applied(Event),
    Failed(String),
    /// Another process was there first.
    Gone,
}

impl Inbox {
    /// Notes a first failure.
    pub(super) async fn hold(
        &self,
        connection: &mut PgConnection,
        failure: &Failure,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO inbox_dead (consumer, event_id, aggregate_id, version, type, event, error, attempts, retry_at,
                                     dead_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 1,
                     CASE WHEN $8 THEN clock_timestamp() + $9::float8 * interval '1 second' END,
                     CASE WHEN NOT $8 THEN clock_timestamp() END)
             ON CONFLICT (consumer, event_id) DO UPDATE
             SET error = excluded.error, attempts = 1, retry_at = excluded.retry_at, dead_at = excluded.dead_at,
                 announced_at = NULL, discarded_at = NULL",
        )
        .bind(&self.name)
        .bind(failure.event.id)
        .bind(failure.aggregate_id)
        .bind(failure.version)
        .bind(failure.event.full_type())
        .bind(store::encode(&failure.event))
        .bind(&failure.reason)
        .bind(self.max_attempts > 1)
        .bind(self.backoff.as_secs_f64())
        .execute(connection)
        .await?;
        Ok(())
    }

    /// A newer state took the place of held ones.
    pub(super) async fn overtaken(
        &self,
        connection: &mut PgConnection,
        plan: &Plan,
    ) -> Result<(), sqlx::Error> {
        let ids: Vec<Uuid> = plan.after.keys().copied().collect();
        if ids.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "DELETE FROM inbox_dead WHERE consumer = $1 AND aggregate_id = ANY ($2) AND discarded_at IS NULL",
        )
        .bind(&self.name)
        .bind(ids)
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Tries again what is due, and tells the dead stream of new dead letters. Gives when the next try is due.
    pub(crate) async fn retry_due(&self) -> Result<Option<Duration>, anyhow::Error> {
        let due: Vec<Uuid> = sqlx::query_scalar(
            "SELECT event_id FROM inbox_dead WHERE consumer = $1 AND retry_at <= clock_timestamp()
             ORDER BY retry_at LIMIT $2",
        )
        .bind(&self.name)
        .bind(AT_ONCE)
        .fetch_all(&self.pool)
        .await?;
        for event_id in due {
            self.retry(event_id, false).await?;
        }
        self.announce().await?;
        let next: Option<f64> = sqlx::query_scalar(
            "SELECT EXTRACT(EPOCH FROM min(retry_at) - clock_timestamp())::float8 FROM inbox_dead
             WHERE consumer = $1 AND discarded_at IS NULL",
        )
        .bind(&self.name)
        .fetch_one(&self.pool)
        .await?;
        Ok(next.map(|seconds| Duration::from_secs_f64(seconds.clamp(0.0, 3_600.0))))
    }

    /// Applies a dead letter again, then what is parked behind it.
    ///
    /// # Errors
    /// NOT_FOUND; FAILED_PRECONDITION (EVENT_STILL_POISONED) when it fails again; UNAVAILABLE.
    pub async fn replay_dead(&self, event_id: Uuid) -> Result<(), Error> {
        match self.retry(event_id, true).await.map_err(unavailable)? {
            Retried::Applied(_) => Ok(()),
            Retried::Gone => Err(not_found(event_id)),
            Retried::Failed(error) => {
                Err(Error::precondition(Reason::EventStillPoisoned, "the event still cannot be applied")
                    .with("event_id", event_id)
                    .with("error", error))
            }
        }
    }

    /// Gives a dead letter up, for a reason that is kept, with its numbers masked, and applies what is parked behind it.
    ///
    /// # Errors
    /// NOT_FOUND; UNAVAILABLE.
    pub async fn discard_dead(&self, event_id: Uuid, by: &str, reason: &str) -> Result<(), Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let aggregate: Option<Uuid> =
            self.lock_held(&mut transaction, event_id).await.map_err(gongdan_pg::error)?;
        let aggregate = aggregate.ok_or_else(|| not_found(event_id))?;
        sqlx::query(
            "UPDATE inbox_dead SET retry_at = NULL, discarded_at = clock_timestamp(), discarded_by = $3,
                                   discard_reason = $4
             WHERE consumer = $1 AND event_id = $2",
        )
        .bind(&self.name)
        .bind(event_id)
        .bind(by)
        .bind(gongdan_mask::mask_numbers(reason))
        .execute(&mut *transaction)
        .await
        .map_err(gongdan_pg::error)?;
        self.let_go(&mut transaction, aggregate).await.map_err(gongdan_pg::error)?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        // The reason is somebody's text: it is in the row, not in the log.
        tracing::info!(consumer = self.name, %event_id, by, "a dead letter was discarded");
        self.take(Vec::new(), &[aggregate]).await.map_err(unavailable)?;
        Ok(())
    }

    async fn retry(&self, event_id: Uuid, forced: bool) -> Result<Retried, anyhow::Error> {
        let mut transaction = self.pool.begin().await?;
        let Some(aggregate) = self.lock_held(&mut transaction, event_id).await? else {
            return Ok(Retried::Gone);
        };
        let row = sqlx::query(
            "SELECT event FROM inbox_dead WHERE consumer = $1 AND event_id = $2
               AND ($3 AND dead_at IS NOT NULL OR retry_at <= clock_timestamp())",
        )
        .bind(&self.name)
        .bind(event_id)
        .bind(forced)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else { return Ok(Retried::Gone) };
        let event = store::decode(row.try_get("event")?)?;
        let (span, _each) = super::spans::process(&self.name, std::slice::from_ref(&event));
        let tried = self.tried(&mut transaction, std::slice::from_ref(&event)).instrument(span).await;
        let outcome = match tried {
            Ok(Ok(())) => {
                sqlx::query("DELETE FROM inbox_dead WHERE consumer = $1 AND event_id = $2")
                    .bind(&self.name)
                    .bind(event_id)
                    .execute(&mut *transaction)
                    .await?;
                self.let_go(&mut transaction, aggregate).await?;
                Retried::Applied(event)
            }
            Ok(Err(reason)) => {
                self.failed_again(&mut transaction, event_id, &reason).await?;
                Retried::Failed(reason)
            }
            Err(ApplyError::Transient(error)) => return Err(error),
            Err(other) => return Err(anyhow::anyhow!("{other}")),
        };
        transaction.commit().await?;
        match &outcome {
            Retried::Applied(event) => {
                self.relay.wake();
                self.handler.committed(std::slice::from_ref(event)).await;
                tracing::info!(consumer = self.name, %event_id, "an event that was held back is applied");
                self.take(Vec::new(), &[aggregate]).await?;
            }
            Retried::Failed(_) => self.upkeep.notify_one(),
            Retried::Gone => {}
        }
        Ok(outcome)
    }

    /// Locks the aggregate that an event holds back; none when it does not any more.
    async fn lock_held(
        &self,
        connection: &mut PgConnection,
        event_id: Uuid,
    ) -> Result<Option<Uuid>, sqlx::Error> {
        sqlx::query_scalar(
            "SELECT known.aggregate_id FROM inbox_versions AS known
             JOIN inbox_dead AS dead USING (consumer, aggregate_id)
             WHERE dead.consumer = $1 AND dead.event_id = $2 AND dead.discarded_at IS NULL
               AND known.held = dead.version
             FOR UPDATE",
        )
        .bind(&self.name)
        .bind(event_id)
        .fetch_optional(connection)
        .await
    }

    async fn let_go(&self, connection: &mut PgConnection, aggregate_id: Uuid) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE inbox_versions SET version = held, held = NULL
             WHERE consumer = $1 AND aggregate_id = $2 AND held IS NOT NULL",
        )
        .bind(&self.name)
        .bind(aggregate_id)
        .execute(connection)
        .await?;
        Ok(())
    }

    async fn failed_again(
        &self,
        connection: &mut PgConnection,
        event_id: Uuid,
        reason: &str,
    ) -> Result<(), sqlx::Error> {
        let dead: bool = sqlx::query_scalar(
            "UPDATE inbox_dead
             SET attempts = attempts + 1, error = $3,
                 dead_at = COALESCE(dead_at, CASE WHEN attempts + 1 >= $4 THEN clock_timestamp() END),
                 retry_at = CASE WHEN dead_at IS NULL AND attempts + 1 < $4 THEN
                     clock_timestamp() + LEAST($5::float8 * 2 ^ attempts, $6::float8) * interval '1 second' END
             WHERE consumer = $1 AND event_id = $2
             RETURNING announced_at IS NULL AND dead_at IS NOT NULL",
        )
        .bind(&self.name)
        .bind(event_id)
        .bind(reason)
        .bind(self.max_attempts)
        .bind(self.backoff.as_secs_f64())
        .bind(BACKOFF_MOST.as_secs_f64())
        .fetch_one(connection)
        .await?;
        if dead {
            tracing::error!(consumer = self.name, %event_id, error = reason, "an event is a dead letter now");
        }
        Ok(())
    }

    /// Tells the dead stream of dead letters it has not had.
    async fn announce(&self) -> Result<(), anyhow::Error> {
        let rows = sqlx::query(
            "SELECT event_id, event, error FROM inbox_dead
             WHERE consumer = $1 AND dead_at IS NOT NULL AND announced_at IS NULL AND discarded_at IS NULL LIMIT $2",
        )
        .bind(&self.name)
        .bind(AT_ONCE)
        .fetch_all(&self.pool)
        .await?;
        for row in rows {
            let event = store::decode(row.try_get("event")?)?;
            let subject = format!("{}.{}", self.bus.root(), event.subject);
            let report = DeadReport {
                service: &self.service,
                consumer: &self.name,
                error: row.try_get("error")?,
                subject: &subject,
            };
            let headers = to_headers(&event, None);
            self.bus.publish_dead(&report, Some(&headers), event.payload.clone()).await?;
            self.metrics.dead();
            sqlx::query("UPDATE inbox_dead SET announced_at = clock_timestamp() WHERE consumer = $1 AND event_id = $2")
                .bind(&self.name)
                .bind(row.try_get::<Uuid, _>("event_id")?)
                .execute(&self.pool)
                .await?;
        }
        Ok(())
    }
}

fn not_found(event_id: Uuid) -> Error {
    Error::not_found(Reason::DeadLetterNotFound, "no such dead letter").with("event_id", event_id)
}

fn unavailable(error: anyhow::Error) -> Error {
    Error::unavailable("the event could not be applied now", Duration::from_secs(1)).because(error)
}
