//! Table `key_rotations`: which rotation runs and how far it is.

use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, PgPool};
use tracing::Instrument as _;
use uuid::Uuid;

pub(crate) const RUNNING: i16 = 1;
pub(crate) const SUCCEEDED: i16 = 2;
pub(crate) const FAILED: i16 = 3;

/// A rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rotation {
    pub id: Uuid,
    pub caller: String,
    pub state: i16,
    pub encryption_version: i32,
    pub index_version: i32,
    pub forget_unknown: bool,
    pub contacts_done: i64,
    pub contacts_total: i64,
    pub customers_done: i64,
    pub customers_total: i64,
    pub customers_forgotten: i64,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub error: String,
}

/// What a batch did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Done {
    pub contacts: i64,
    pub customers: i64,
    pub forgotten: i64,
}

struct Row {
    id: Uuid,
    caller: String,
    state: i16,
    encryption_version: i32,
    index_version: i32,
    forget_unknown: bool,
    contacts_done: i64,
    contacts_total: i64,
    customers_done: i64,
    customers_total: i64,
    customers_forgotten: i64,
    started_at: jiff_sqlx::Timestamp,
    ended_at: Option<jiff_sqlx::Timestamp>,
    error: String,
}

impl From<Row> for Rotation {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            caller: row.caller,
            state: row.state,
            encryption_version: row.encryption_version,
            index_version: row.index_version,
            forget_unknown: row.forget_unknown,
            contacts_done: row.contacts_done,
            contacts_total: row.contacts_total,
            customers_done: row.customers_done,
            customers_total: row.customers_total,
            customers_forgotten: row.customers_forgotten,
            started_at: row.started_at.to_jiff(),
            ended_at: row.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
            error: row.error,
        }
    }
}

/// By id; the last without one.
pub(crate) async fn find(pool: &PgPool, id: Option<Uuid>) -> Result<Option<Rotation>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, caller, state, encryption_version, index_version, forget_unknown, contacts_done, contacts_total,
                customers_done, customers_total, customers_forgotten, started_at, ended_at, error
         FROM key_rotations WHERE $1::uuid IS NULL OR id = $1 ORDER BY started_at DESC, id DESC LIMIT 1",
        id
    )
    .fetch_optional(pool)
    .instrument(sql_span!("key_rotations.find", "SELECT"))
    .await?;
    Ok(row.map(Into::into))
}

/// What an earlier use of the request id began.
pub(crate) async fn of_request(
    pool: &PgPool,
    caller: &str,
    request_id: Uuid,
) -> Result<Option<Rotation>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, caller, state, encryption_version, index_version, forget_unknown, contacts_done, contacts_total,
                customers_done, customers_total, customers_forgotten, started_at, ended_at, error
         FROM key_rotations WHERE caller = $1 AND request_id = $2",
        caller,
        request_id
    )
    .fetch_optional(pool)
    .instrument(sql_span!("key_rotations.of_request", "SELECT"))
    .await?;
    Ok(row.map(Into::into))
}

/// The oldest index that new customers get: that of the last rotation; none before the first.
pub(crate) async fn index_from(pool: &PgPool) -> Result<Option<i32>, sqlx::Error> {
    sqlx::query_scalar!("SELECT max(index_version) FROM key_rotations")
        .fetch_one(pool)
        .instrument(sql_span!("key_rotations.index_from", "SELECT"))
        .await
}

/// Begins one; counts what is to be done.
pub(crate) async fn insert(
    pool: &PgPool,
    id: Uuid,
    caller: &str,
    request_id: Uuid,
    (encryption, index): (i32, i32),
    forget_unknown: bool,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO key_rotations (id, caller, request_id, encryption_version, index_version, forget_unknown,
                                    contacts_total, customers_total, started_at)
         VALUES ($1, $2, $3, $4, $5, $6,
           (SELECT count(*) FROM contacts WHERE key_version < $4),
           (SELECT count(*) FROM customer_keys WHERE version < $5 OR key_version < $4), $7)",
        id,
        caller,
        request_id,
        encryption,
        index,
        forget_unknown,
        now.to_sqlx() as _
    )
    .execute(pool)
    .instrument(sql_span!("key_rotations.insert", "INSERT"))
    .await?;
    Ok(())
}

/// Counts a batch, in its transaction.
pub(crate) async fn count(connection: &mut PgConnection, id: Uuid, done: Done) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE key_rotations SET contacts_done = contacts_done + $2, customers_done = customers_done + $3,
                customers_forgotten = customers_forgotten + $4 WHERE id = $1",
        id,
        done.contacts,
        done.customers,
        done.forgotten
    )
    .execute(connection)
    .instrument(sql_span!("key_rotations.count", "UPDATE"))
    .await?;
    Ok(())
}

/// Ends one that runs; false when another replica was faster.
pub(crate) async fn end(
    pool: &PgPool,
    id: Uuid,
    state: i16,
    error: &str,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE key_rotations SET state = $2, error = $3, ended_at = $4 WHERE id = $1 AND state = 1",
        id,
        state,
        error,
        now.to_sqlx() as _
    )
    .execute(pool)
    .instrument(sql_span!("key_rotations.end", "UPDATE"))
    .await?;
    Ok(done.rows_affected() == 1)
}
