//! Table `units`.

use gongdan_telemetry::sql_span;
use sqlx::{PgConnection, PgPool};
use std::collections::HashMap;
use tracing::Instrument;

/// Writes names of units, at most one per unit; a row of a later version stays. One statement for all.
pub(crate) async fn put(
    connection: &mut PgConnection,
    ids: &[String],
    versions: &[i64],
    names: &[String],
) -> Result<(), sqlx::Error> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO units AS u (id, version, name)
         SELECT * FROM UNNEST($1::text[], $2::bigint[], $3::text[])
         ON CONFLICT (id) DO UPDATE SET version = excluded.version, name = excluded.name
         WHERE u.version < excluded.version",
        ids,
        versions,
        names
    )
    .execute(connection)
    .instrument(sql_span!("units.upsert", "INSERT"))
    .await?;
    Ok(())
}

/// The names of these units, as far as they are known.
pub(crate) async fn names(pool: &PgPool, ids: &[String]) -> Result<HashMap<String, String>, sqlx::Error> {
    let rows = sqlx::query!("SELECT id, name FROM units WHERE id = ANY($1)", ids).fetch_all(pool).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}
