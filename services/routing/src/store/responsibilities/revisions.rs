//! Table `responsibility_revisions`: what requests were answered with, for a retry.

use super::{KeptResponsibility, rows::Row};
use crate::error;
use gongdan_errors::Error;
use gongdan_pg::{
    RequestKey,
    requests::{self, Answered, RETENTION},
};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::PgConnection;
use tracing::Instrument as _;

/// Revisions that go with each answer, at most: more than come.
const AT_ONCE: i64 = 10;

/// What this request was answered with, if it was.
///
/// # Errors
/// NOT_FOUND when the customer was forgotten since.
pub(super) async fn answered(
    connection: &mut PgConnection,
    key: &RequestKey,
) -> Result<Option<KeptResponsibility>, Error> {
    let Some(answered) = requests::lookup(connection, key).await? else { return Ok(None) };
    let row = sqlx::query_as!(
        Row,
        "SELECT id, version, customer_id, asset, item, person_id, unit_id, valid_from, valid_to, everywhere, updated_at,
                updated_by
         FROM responsibility_revisions WHERE version = $1",
        answered.version,
    )
    .fetch_optional(connection)
    .instrument(sql_span!("responsibility_revisions.get", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(Some(row.ok_or_else(error::responsibility_not_found)?.try_into()?))
}

/// Answers a request with a responsibility as it is now; what no retry can ask for any more goes.
pub(super) async fn answer(
    connection: &mut PgConnection,
    key: &RequestKey,
    kept: &KeptResponsibility,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO responsibility_revisions (version, id, customer_id, asset, item, person_id, unit_id, valid_from,
                                               valid_to, everywhere, updated_at, updated_by, answered_at)
         SELECT version, id, customer_id, asset, item, person_id, unit_id, valid_from, valid_to, everywhere, updated_at,
                updated_by, $2
         FROM responsibilities WHERE id = $1
         ON CONFLICT (version) DO UPDATE SET answered_at = excluded.answered_at",
        kept.one.id,
        now.to_sqlx() as _,
    )
    .execute(&mut *connection)
    .instrument(sql_span!("responsibility_revisions.insert", "INSERT"))
    .await
    .map_err(gongdan_pg::error)?;
    let before: SqlTimestamp = now.saturating_sub(RETENTION).unwrap_or(now).to_sqlx();
    sqlx::query!(
        "DELETE FROM responsibility_revisions WHERE version = ANY (ARRAY(
             SELECT version FROM responsibility_revisions WHERE answered_at < $1 ORDER BY answered_at LIMIT $2))",
        before as _,
        AT_ONCE,
    )
    .execute(&mut *connection)
    .instrument(sql_span!("responsibility_revisions.purge", "DELETE"))
    .await
    .map_err(gongdan_pg::error)?;
    requests::insert(connection, key, Answered { resource_id: kept.one.id, version: kept.version }, now).await
}
