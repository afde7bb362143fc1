//! Table `leaves`.

use super::{Store, Writer, book, generation, principals};
use crate::error;
use gongdan_errors::Error;
use gongdan_pg::{
    RequestKey,
    requests::{self, Answered},
};
use gongdan_routing_domain::duty::{Leave, check_leave};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::PgConnection;
use tracing::Instrument as _;
use uuid::Uuid;

/// A leave as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaveRecord {
    /// The leave.
    pub leave: Leave,
    /// Who recorded it.
    pub recorded_by: String,
    /// When it was taken back.
    pub cancelled_at: Option<Timestamp>,
}

struct Row {
    id: Uuid,
    person_id: String,
    starts_at: SqlTimestamp,
    ends_at: SqlTimestamp,
    stand_in_id: Option<String>,
    reason: String,
    recorded_by: String,
    cancelled_at: Option<SqlTimestamp>,
}

impl From<Row> for LeaveRecord {
    fn from(row: Row) -> Self {
        let leave = Leave {
            id: row.id,
            person_id: row.person_id,
            from: row.starts_at.to_jiff(),
            until: row.ends_at.to_jiff(),
            stand_in_id: row.stand_in_id,
            reason: row.reason,
        };
        let cancelled_at = row.cancelled_at.map(SqlTimestamp::to_jiff);
        Self { leave, recorded_by: row.recorded_by, cancelled_at }
    }
}

impl Store {
    /// A leave.
    pub async fn leave(&self, id: Uuid) -> Result<Option<LeaveRecord>, Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        get(&mut connection, id).await
    }

    /// At most `limit` leaves whose id is below `after`, newest first; without `all` those that are not over.
    pub async fn list_leaves(
        &self,
        person_id: Option<&str>,
        all: bool,
        now: Timestamp,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<LeaveRecord>, Error> {
        let rows = sqlx::query_as!(
            Row,
            "SELECT id, person_id, starts_at, ends_at, stand_in_id, reason, recorded_by, cancelled_at
             FROM leaves
             WHERE ($1::text IS NULL OR person_id = $1) AND ($2 OR (cancelled_at IS NULL AND ends_at > $3))
               AND ($4::uuid IS NULL OR id < $4)
             ORDER BY id DESC LIMIT $5",
            person_id,
            all,
            now.to_sqlx() as _,
            after,
            limit,
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("leaves.list", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Checks a leave and writes it.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with every violation; PERMISSION_DENIED.
    pub async fn record_leave(
        &self,
        leave: Leave,
        by: Writer<'_>,
        key: &RequestKey,
        now: Timestamp,
    ) -> Result<LeaveRecord, Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let connection = &mut *transaction;
        generation::lock_writers(connection).await.map_err(gongdan_pg::error)?;
        if let Some(answered) = requests::lookup(connection, key).await? {
            return get(connection, answered.resource_id).await?.ok_or_else(error::leave_not_found);
        }
        let named: Vec<String> = leave.stand_in_id.iter().chain([&leave.person_id]).cloned().collect();
        let people = principals::persons(connection, &named).await?;
        for person in &named {
            by.check_person(people.get(person))?;
        }
        let others = of_people(connection, &named).await?;
        let units = people.get(&leave.person_id).map(|person| person.unit_ids.clone()).unwrap_or_default();
        let book = book::since(connection, &units, leave.from).await?;
        let found = check_leave(&leave, &others, &book, &people);
        if !found.is_empty() {
            return Err(error::invalid(found));
        }
        sqlx::query!(
            "INSERT INTO leaves (id, person_id, starts_at, ends_at, stand_in_id, reason, recorded_at, recorded_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            leave.id,
            leave.person_id,
            leave.from.to_sqlx() as _,
            leave.until.to_sqlx() as _,
            leave.stand_in_id,
            leave.reason,
            now.to_sqlx() as _,
            by.id(),
        )
        .execute(&mut *connection)
        .instrument(sql_span!("leaves.insert", "INSERT"))
        .await
        .map_err(gongdan_pg::error)?;
        generation::advance_duty(connection).await.map_err(gongdan_pg::error)?;
        requests::insert(connection, key, Answered { resource_id: leave.id, version: 1 }, now).await?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(LeaveRecord { leave, recorded_by: by.id().to_owned(), cancelled_at: None })
    }

    /// Takes a leave back; one that was taken back stays as it is.
    ///
    /// # Errors
    /// NOT_FOUND; PERMISSION_DENIED.
    pub async fn cancel_leave(
        &self,
        id: Uuid,
        by: Writer<'_>,
        key: &RequestKey,
        now: Timestamp,
    ) -> Result<LeaveRecord, Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let connection = &mut *transaction;
        generation::lock_writers(connection).await.map_err(gongdan_pg::error)?;
        if requests::lookup(connection, key).await?.is_none() {
            let leave = get(connection, id).await?.ok_or_else(error::leave_not_found)?.leave;
            let people = principals::persons(connection, std::slice::from_ref(&leave.person_id)).await?;
            by.check_person(people.get(&leave.person_id))?;
            sqlx::query!(
                "UPDATE leaves SET cancelled_at = $2 WHERE id = $1 AND cancelled_at IS NULL",
                id,
                now.to_sqlx() as _,
            )
            .execute(&mut *connection)
            .instrument(sql_span!("leaves.cancel", "UPDATE"))
            .await
            .map_err(gongdan_pg::error)?;
            generation::advance_duty(connection).await.map_err(gongdan_pg::error)?;
            requests::insert(connection, key, Answered { resource_id: id, version: 2 }, now).await?;
        }
        let record = get(connection, id).await?.ok_or_else(error::leave_not_found)?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(record)
    }
}

/// What was not taken back and is not over at an instant.
pub(super) async fn current(connection: &mut PgConnection, since: Timestamp) -> Result<Vec<Leave>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, person_id, starts_at, ends_at, stand_in_id, reason, recorded_by, cancelled_at
         FROM leaves WHERE cancelled_at IS NULL AND ends_at > $1",
        since.to_sqlx() as _,
    )
    .fetch_all(connection)
    .instrument(sql_span!("leaves.current", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(rows.into_iter().map(|row| LeaveRecord::from(row).leave).collect())
}

/// The same, of these people.
pub(super) async fn since_of(
    connection: &mut PgConnection,
    people: &[String],
    since: Timestamp,
) -> Result<Vec<Leave>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, person_id, starts_at, ends_at, stand_in_id, reason, recorded_by, cancelled_at
         FROM leaves WHERE cancelled_at IS NULL AND person_id = ANY ($1) AND ends_at > $2",
        people,
        since.to_sqlx() as _,
    )
    .fetch_all(connection)
    .instrument(sql_span!("leaves.since_of", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(rows.into_iter().map(|row| LeaveRecord::from(row).leave).collect())
}

/// Leaves of these people within which an instant is.
pub(super) async fn at(
    connection: &mut PgConnection,
    people: &[String],
    at: Timestamp,
) -> Result<Vec<Leave>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, person_id, starts_at, ends_at, stand_in_id, reason, recorded_by, cancelled_at
         FROM leaves WHERE cancelled_at IS NULL AND person_id = ANY ($1) AND starts_at <= $2 AND ends_at > $2",
        people,
        at.to_sqlx() as _,
    )
    .fetch_all(connection)
    .instrument(sql_span!("leaves.at", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(rows.into_iter().map(|row| LeaveRecord::from(row).leave).collect())
}

async fn of_people(connection: &mut PgConnection, people: &[String]) -> Result<Vec<Leave>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, person_id, starts_at, ends_at, stand_in_id, reason, recorded_by, cancelled_at
         FROM leaves WHERE cancelled_at IS NULL AND person_id = ANY ($1)",
        people,
    )
    .fetch_all(connection)
    .instrument(sql_span!("leaves.of_people", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(rows.into_iter().map(|row| LeaveRecord::from(row).leave).collect())
}

async fn get(connection: &mut PgConnection, id: Uuid) -> Result<Option<LeaveRecord>, Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, person_id, starts_at, ends_at, stand_in_id, reason, recorded_by, cancelled_at
         FROM leaves WHERE id = $1",
        id,
    )
    .fetch_optional(connection)
    .instrument(sql_span!("leaves.get", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(row.map(Into::into))
}
