//! Table `rotations`: whom a rule chose last by round robin.

use gongdan_telemetry::sql_span;
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};
use tracing::Instrument as _;

/// Whom rules chose last.
pub async fn read(
    connection: &mut PgConnection,
    rules: &[String],
) -> Result<HashMap<String, String>, sqlx::Error> {
    let rows = sqlx::query!("SELECT rule_id, person_id FROM rotations WHERE rule_id = ANY ($1)", rules)
        .fetch_all(connection)
        .instrument(sql_span!("rotations.read", "SELECT"))
        .await?;
    Ok(rows.into_iter().map(|row| (row.rule_id, row.person_id)).collect())
}

/// Waits for whoever goes on with these rules at this moment.
pub async fn lock(connection: &mut PgConnection, rules: &[String]) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT rule_id FROM rotations WHERE rule_id = ANY ($1) ORDER BY rule_id FOR UPDATE", rules)
        .fetch_all(connection)
        .instrument(sql_span!("rotations.lock", "SELECT"))
        .await?;
    Ok(())
}

/// Goes on with rules, each from whom it was seen at: false when one has gone on meanwhile, and then the transaction or
/// savepoint has to be given up.
pub async fn turn(
    connection: &mut PgConnection,
    turned: &BTreeMap<String, (Option<String>, String)>,
) -> Result<bool, sqlx::Error> {
    if turned.is_empty() {
        return Ok(true);
    }
    let done = sqlx::query!(
        "WITH n AS MATERIALIZED (
             SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS n (rule_id, seen, person_id)
         )
         INSERT INTO rotations (rule_id, person_id)
         SELECT n.rule_id, n.person_id FROM n ORDER BY n.rule_id
         ON CONFLICT (rule_id) DO UPDATE SET person_id = excluded.person_id
         WHERE rotations.person_id = (SELECT n.seen FROM n WHERE n.rule_id = excluded.rule_id)",
        &turned.keys().cloned().collect::<Vec<_>>(),
        &turned.values().map(|(seen, _)| seen.clone()).collect::<Vec<_>>() as _,
        &turned.values().map(|(_, now)| now.clone()).collect::<Vec<_>>(),
    )
    .execute(connection)
    .instrument(sql_span!("rotations.turn", "INSERT"))
    .await?;
    Ok(usize::try_from(done.rows_affected()) == Ok(turned.len()))
}
