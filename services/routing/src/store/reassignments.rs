//! Table `reassignments`.

use super::{
    Reach, Store, in_hand,
    reassignment_rows::{COLUMNS, Due, Reassignment, ReassignmentState, Row},
    reassignment_tickets as tickets,
};
use crate::error;
use gongdan_access::Scope;
use gongdan_errors::Error;
use gongdan_pg::{
    RequestKey,
    requests::{self, Answered},
};
use gongdan_routing_domain::reassign::{Plan, Wish};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::{PgConnection, Postgres, QueryBuilder};
use tracing::Instrument as _;
use uuid::Uuid;

/// A reassignment that is to begin.
#[derive(Debug, Clone)]
pub struct NewReassignment {
    /// Its id.
    pub id: Uuid,
    /// Whose tickets.
    pub person_id: String,
    /// Only those with these units.
    pub unit_ids: Vec<String>,
    /// Only those within this.
    pub scope: Scope,
    /// How many others the person has in hand.
    pub left_out: i64,
    /// What was asked for.
    pub wish: Wish,
    /// What it comes to.
    pub plan: Plan,
    /// By which leave.
    pub leave_id: Option<Uuid>,
    /// Why.
    pub reason: String,
    /// Why, where nobody wrote a reason; a number of the contract.
    pub cause: i16,
    /// How many tickets the caller expects; none: any number.
    pub expected: Option<i64>,
    /// Who begins it.
    pub by: String,
}

/// Which reassignments; all given must match.
#[derive(Debug, Clone, Default)]
pub struct ReassignmentFilter {
    /// Of one person.
    pub person_id: Option<String>,
    /// Only those that are not over.
    pub running: bool,
    /// Only those of which something lies within.
    pub reach: Reach,
}

impl Store {
    /// A reassignment of which something lies within.
    pub async fn reassignment(&self, id: Uuid, reach: &Reach) -> Result<Option<Reassignment>, Error> {
        let mut sql = QueryBuilder::new(COLUMNS);
        sql.push(" WHERE r.id = ").push_bind(id).push(" AND ");
        reach.push(&mut sql);
        let row: Option<Row> = sql
            .build_query_as()
            .fetch_optional(&self.pool)
            .instrument(sql_span!("reassignments.within", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        row.map(TryInto::try_into).transpose()
    }

    /// The reassignment that an earlier request with this key began or stopped.
    pub async fn reassignment_of(&self, key: &RequestKey) -> Result<Option<Reassignment>, Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        begun_by(&mut connection, key).await
    }

    /// At most `limit` reassignments whose id is below `after`, newest first.
    pub async fn list_reassignments(
        &self,
        filter: &ReassignmentFilter,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Reassignment>, Error> {
        let rows: Vec<Row> = list(filter, after, limit)
            .build_query_as()
            .fetch_all(&self.pool)
            .instrument(sql_span!("reassignments.list", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Begins a reassignment of what the person has in hand at this moment.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when there is nothing, another number than expected, or another one goes on.
    pub async fn start_reassignment(
        &self,
        new: &NewReassignment,
        key: &RequestKey,
        now: Timestamp,
    ) -> Result<Reassignment, Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let connection = &mut *transaction;
        if let Some(begun) = begun_by(connection, key).await? {
            return Ok(begun);
        }
        let in_hand = in_hand::all(connection, &new.person_id, &new.unit_ids, &new.scope).await?;
        let found = i64::try_from(in_hand.len()).unwrap_or(i64::MAX);
        let refusal = match new.expected {
            Some(expected) if expected != found => Some(error::reassignment_changed(expected, found)),
            _ => in_hand.is_empty().then(error::no_tickets_in_hand),
        };
        if let Some(refusal) = refusal {
            return begun_by(connection, key).await?.ok_or(refusal);
        }
        let written = sqlx::query!(
            "INSERT INTO reassignments (id, person_id, unit_ids, wish, plan, leave_id, reason, total, due_at, started_at,
                                        started_by, left_out, cause)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11, $12)
             ON CONFLICT (person_id) WHERE state IN (1, 2) DO NOTHING",
            new.id,
            new.person_id,
            &new.unit_ids,
            serde_json::to_string(&new.wish).map_err(Error::internal)?,
            serde_json::to_string(&new.plan).map_err(Error::internal)?,
            new.leave_id,
            new.reason,
            i32::try_from(found).unwrap_or(i32::MAX),
            now.to_sqlx() as _,
            new.by,
            i32::try_from(new.left_out).unwrap_or(i32::MAX),
            new.cause,
        )
        .execute(&mut *connection)
        .instrument(sql_span!("reassignments.insert", "INSERT"))
        .await
        .map_err(gongdan_pg::error)?;
        if written.rows_affected() == 0 {
            let refusal = running(connection, &new.person_id).await?;
            return begun_by(connection, key).await?.ok_or(refusal);
        }
        tickets::insert(connection, new.id, &in_hand).await?;
        requests::insert(connection, key, Answered { resource_id: new.id, version: 1 }, now).await?;
        let begun = get(connection, new.id).await?.ok_or_else(error::reassignment_not_found)?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(begun)
    }

    /// Ends a reassignment early; one that is over, or is ending, stays as it is.
    ///
    /// # Errors
    /// NOT_FOUND.
    pub async fn stop_reassignment(
        &self,
        id: Uuid,
        by: &str,
        key: &RequestKey,
        now: Timestamp,
    ) -> Result<Reassignment, Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let connection = &mut *transaction;
        // Waits for a batch that is being decided, and for the same call under way twice: its twin has the answer then.
        lock(connection, id).await?;
        if requests::lookup(connection, key).await?.is_none() {
            let stopped = sqlx::query!(
                "UPDATE reassignments SET state = 2, stopped_by = $2, due_at = $3 WHERE id = $1 AND state = 1",
                id,
                by,
                now.to_sqlx() as _,
            )
            .execute(&mut *connection)
            .instrument(sql_span!("reassignments.stop", "UPDATE"))
            .await
            .map_err(gongdan_pg::error)?;
            if stopped.rows_affected() > 0 {
                tickets::stop(connection, id).await?;
            }
            requests::insert(connection, key, Answered { resource_id: id, version: 1 }, now).await?;
        }
        let stopped = get(connection, id).await?.ok_or_else(error::reassignment_not_found)?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(stopped)
    }

    /// It did not get on: it is looked after again later, the more often that happened the later, so that others get on.
    /// Answers how often it was.
    pub async fn reassignment_failed(&self, id: Uuid, now: Timestamp) -> Result<i32, Error> {
        let failures = sqlx::query_scalar!(
            "UPDATE reassignments
             SET failures = failures + 1,
                 due_at = $2::timestamptz + least(interval '5 s' * 2 ^ least(failures, 10), interval '10 min')
             WHERE id = $1 RETURNING failures",
            id,
            now.to_sqlx() as _,
        )
        .fetch_optional(&self.pool)
        .instrument(sql_span!("reassignments.failed", "UPDATE"))
        .await
        .map_err(gongdan_pg::error)?;
        Ok(failures.unwrap_or_default())
    }

    /// When the next reassignment is to be looked after.
    pub async fn next_reassignment(&self) -> Result<Option<Timestamp>, Error> {
        let next = sqlx::query_scalar!(
            "SELECT due_at FROM reassignments WHERE state IN (1, 2) ORDER BY due_at LIMIT 1"
        )
        .fetch_optional(&self.pool)
        .instrument(sql_span!("reassignments.next", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        Ok(next.map(SqlTimestamp::to_jiff))
    }
}

/// One that is due and that no other replica looks after at this moment, locked.
pub async fn claim(connection: &mut PgConnection, now: Timestamp) -> Result<Option<Due>, Error> {
    let mut sql = QueryBuilder::new(COLUMNS);
    sql.push(" WHERE r.state IN (1, 2) AND r.due_at <= ").push_bind(now.to_sqlx());
    sql.push(" ORDER BY r.due_at LIMIT 1 FOR UPDATE SKIP LOCKED");
    let row: Option<Row> = sql
        .build_query_as()
        .fetch_optional(connection)
        .instrument(sql_span!("reassignments.claim", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
    Ok(row.map(Due))
}

/// It got on, and is looked after again at an instant.
pub async fn put_off(connection: &mut PgConnection, id: Uuid, until: Timestamp) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE reassignments SET due_at = $2, failures = 0 WHERE id = $1",
        id,
        until.to_sqlx() as _
    )
    .execute(connection)
    .instrument(sql_span!("reassignments.put_off", "UPDATE"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(())
}

/// It is over.
pub async fn finish(
    connection: &mut PgConnection,
    id: Uuid,
    state: ReassignmentState,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE reassignments SET state = $2, finished_at = $3 WHERE id = $1",
        id,
        state as i16,
        now.to_sqlx() as _,
    )
    .execute(connection)
    .instrument(sql_span!("reassignments.finish", "UPDATE"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(())
}

/// What the same request began, perhaps a moment ago: two of one key may overlap.
async fn begun_by(connection: &mut PgConnection, key: &RequestKey) -> Result<Option<Reassignment>, Error> {
    match requests::lookup(connection, key).await? {
        Some(answered) => get(connection, answered.resource_id).await,
        None => Ok(None),
    }
}

/// That another one of the person goes on, and which.
async fn running(connection: &mut PgConnection, person: &str) -> Result<Error, Error> {
    let other = sqlx::query!(
        "SELECT id, unit_ids FROM reassignments WHERE person_id = $1 AND state IN (1, 2)",
        person
    )
    .fetch_optional(connection)
    .instrument(sql_span!("reassignments.running", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    let refusal = error::reassignment_running();
    Ok(match other {
        Some(other) => refusal.with("id", other.id).with("unit_ids", other.unit_ids.join(",")),
        // It is over by now.
        None => refusal,
    })
}

/// Keeps others from it until the end of the transaction.
async fn lock(connection: &mut PgConnection, id: Uuid) -> Result<(), Error> {
    sqlx::query!("SELECT id FROM reassignments WHERE id = $1 FOR UPDATE", id)
        .fetch_optional(connection)
        .instrument(sql_span!("reassignments.lock", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
    Ok(())
}

async fn get(connection: &mut PgConnection, id: Uuid) -> Result<Option<Reassignment>, Error> {
    let mut sql = QueryBuilder::new(COLUMNS);
    sql.push(" WHERE r.id = ").push_bind(id);
    let row: Option<Row> = sql
        .build_query_as()
        .fetch_optional(connection)
        .instrument(sql_span!("reassignments.get", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
    row.map(TryInto::try_into).transpose()
}

pub(super) fn list(filter: &ReassignmentFilter, after: Option<Uuid>, limit: i64) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(COLUMNS);
    sql.push(" WHERE r.id < ").push_bind(after.unwrap_or(Uuid::max()));
    if let Some(person) = &filter.person_id {
        sql.push(" AND r.person_id = ").push_bind(person.clone());
    }
    if filter.running {
        sql.push(" AND r.state IN (1, 2)");
    }
    sql.push(" AND ");
    filter.reach.push(&mut sql);
    sql.push(" ORDER BY r.id DESC LIMIT ").push_bind(limit);
    sql
}
