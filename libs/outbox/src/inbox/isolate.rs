//! Finding the event that cannot be applied among many, within one transaction, so that the others go on.

use super::Inbox;
use crate::{ApplyError, Event, Handler};
use futures::FutureExt as _;
use sqlx::PgConnection;
use std::{collections::HashMap, panic::AssertUnwindSafe};
use uuid::Uuid;

/// An event that could not be applied.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub aggregate_id: Uuid,
    pub version: i64,
    pub event: Event,
    pub reason: String,
    /// How many of the plan come after it and wait now.
    pub behind: usize,
}

/// Calls the handler; a panic in it is a failure like others.
pub(super) async fn guarded(
    handler: &dyn Handler,
    connection: &mut PgConnection,
    events: &[Event],
) -> Result<(), ApplyError> {
    match AssertUnwindSafe(handler.apply(connection, events)).catch_unwind().await {
        Ok(result) => result,
        Err(panic) => {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("of unknown kind");
            Err(ApplyError::Failed(anyhow::anyhow!("the handler panicked: {text}")))
        }
    }
}

impl Inbox {
    /// Applies what can be applied and gives what cannot, at most one event of an aggregate.
    pub(super) async fn isolate(
        &self,
        connection: &mut PgConnection,
        apply: &[(Event, bool)],
    ) -> Result<Vec<Failure>, ApplyError> {
        let mut order: Vec<Uuid> = Vec::new();
        let mut groups: HashMap<Uuid, Vec<&Event>> = HashMap::new();
        for (event, _) in apply {
            groups
                .entry(event.aggregate_id)
                .or_insert_with(|| {
                    order.push(event.aggregate_id);
                    Vec::new()
                })
                .push(event);
        }
        let groups: Vec<&[&Event]> =
            order.iter().filter_map(|id| groups.get(id).map(Vec::as_slice)).collect();
        let mut failures = Vec::new();
        // Halves that failed, still to be looked at; the first one is everything.
        let mut open: Vec<&[&[&Event]]> = vec![&groups];
        while let Some(part) = open.pop() {
            if let [one] = part {
                failures.extend(self.one_by_one(connection, one).await?);
                continue;
            }
            let events = self.wanted(part.iter().flat_map(|group| group.iter().copied()));
            if self.tried(connection, &events).await?.is_err() {
                let (first, second) = part.split_at(part.len() / 2);
                open.extend([second, first]);
            }
        }
        Ok(failures)
    }

    async fn one_by_one(
        &self,
        connection: &mut PgConnection,
        events: &[&Event],
    ) -> Result<Option<Failure>, ApplyError> {
        if self.tried(connection, &self.wanted(events.iter().copied())).await?.is_ok() {
            return Ok(None);
        }
        for (done, event) in events.iter().enumerate() {
            if !self.wants(event) {
                continue;
            }
            if let Err(reason) = self.tried(connection, std::slice::from_ref(*event)).await? {
                tracing::warn!(
                    consumer = self.name,
                    event_id = %event.id,
                    aggregate_id = %event.aggregate_id,
                    version = event.version,
                    kind = event.kind,
                    error = reason,
                    "an event could not be applied"
                );
                return Ok(Some(Failure {
                    aggregate_id: event.aggregate_id,
                    version: event.version,
                    event: (*event).clone(),
                    reason,
                    behind: events.len() - done - 1,
                }));
            }
        }
        Ok(None)
    }

    /// Applies these or nothing of them; the inner error is why not.
    pub(super) async fn tried(
        &self,
        connection: &mut PgConnection,
        events: &[Event],
    ) -> Result<Result<(), String>, ApplyError> {
        if events.is_empty() {
            return Ok(Ok(()));
        }
        sqlx::raw_sql("SAVEPOINT inbox").execute(&mut *connection).await?;
        let tried = match guarded(self.handler.as_ref(), connection, events).await {
            // What a constraint would refuse only at the commit is to be known now, and the constraint left as it was.
            Ok(()) => sqlx::raw_sql(
                "SAVEPOINT checked; SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK TO SAVEPOINT checked;
                 RELEASE SAVEPOINT inbox",
            )
            .execute(&mut *connection)
            .await
            .map(drop)
            .map_err(ApplyError::from),
            failed => failed,
        };
        match tried {
            Ok(()) => Ok(Ok(())),
            Err(error @ ApplyError::Transient(_)) => Err(error),
            Err(error) => {
                sqlx::raw_sql("ROLLBACK TO SAVEPOINT inbox; RELEASE SAVEPOINT inbox")
                    .execute(connection)
                    .await?;
                Ok(Err(error.to_string().chars().take(1_000).collect()))
            }
        }
    }
}
