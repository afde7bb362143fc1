//! Tables `queue_counts` and `queue_deltas`: how many tickets stand in each queue. Source: T27, DESIGN rule 11.

use super::save::small;
use gongdan_access::{Columns, Scope};
use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{Queue, QueueKind};
use sqlx::{Executor as _, PgConnection, PgPool, Postgres, QueryBuilder};
use tracing::Instrument as _;

/// What a scope asks of a place.
const SEEN: Columns = Columns {
    region: "region",
    takes_part: "unit = ANY (?)",
    holds: "unit = ANY (?)",
    own: "(class & 4 <> 0 AND ? IS NOT NULL)",
    sensitive: "class & 1 <> 0",
    confidential: "class & 2 <> 0",
};

/// The same, of who is known by nothing but their areas.
pub(super) const PLACES_BY_REGION: Columns =
    Columns { takes_part: "false", holds: "false", own: "false", ..SEEN };

/// Folders that may run at once, by all replicas: one.
const FOLDING: i64 = 0x6775_6564;

/// Whose counts are asked for.
pub(crate) struct Whose<'a> {
    pub person: &'a str,
    pub units: &'a [String],
    /// What the caller may see.
    pub scope: &'a Scope,
}

/// How many tickets stand in each queue of the caller, of those it may see; queues with none are left out. Rows are read
/// by their keys, and the deltas that are not folded yet: however many tickets there are.
pub(crate) async fn counts(pool: &PgPool, whose: &Whose<'_>) -> Result<Vec<(Queue, i64)>, Error> {
    let rows: Vec<(i16, i64)> = statement(whose)
        .build_query_as()
        .fetch_all(pool)
        .instrument(sql_span!("queue_counts.sum", "SELECT"))
        .await
        .map_err(error)?;
    Ok(rows.into_iter().filter_map(|(queue, n)| Some((Queue::from_number(queue.into())?, n))).collect())
}

fn of(kinds: &[QueueKind]) -> Vec<i16> {
    Queue::ALL.iter().filter(|queue| kinds.contains(&queue.kind())).map(|q| small(q.number())).collect()
}

/// A part for each kind of owner, so that each is a range of the key; folded and unfolded in one snapshot.
fn statement(whose: &Whose<'_>) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new("SELECT queue, sum(n)::bigint FROM (");
    for (at, table) in ["queue_counts", "queue_deltas"].into_iter().enumerate() {
        let select = |sql: &mut QueryBuilder<Postgres>, first: bool| {
            sql.push(if first { "" } else { " UNION ALL " });
            sql.push("SELECT queue, n FROM ").push(table).push(" WHERE queue = ANY (");
        };
        select(&mut sql, at == 0);
        sql.push_bind(of(&[QueueKind::Person])).push(") AND owner = ").push_bind(whose.person.to_owned());
        sql.push(" AND ");
        whose.scope.push(&mut sql, &SEEN);

        select(&mut sql, false);
        sql.push_bind(of(&[QueueKind::Unit])).push(") AND owner = ANY (").push_bind(whose.units.to_vec());
        sql.push(") AND ");
        whose.scope.push(&mut sql, &SEEN);

        select(&mut sql, false);
        sql.push_bind(of(&[QueueKind::Region, QueueKind::RegionOrUnit])).push(") AND owner = '' AND ");
        whose.scope.push(&mut sql, &PLACES_BY_REGION);

        // What is seen by its region is counted there already.
        select(&mut sql, false);
        sql.push_bind(of(&[QueueKind::RegionOrUnit])).push(") AND owner = ANY (");
        sql.push_bind(whose.units.to_vec()).push(") AND ");
        whose.scope.push(&mut sql, &SEEN);
        sql.push(" AND NOT ");
        whose.scope.push(&mut sql, &PLACES_BY_REGION);
    }
    sql.push(") AS places GROUP BY queue");
    sql
}

/// Folds what was appended; says how many rows. None when another process is at it.
pub(crate) async fn fold(pool: &PgPool) -> Result<Option<u64>, Error> {
    let mut transaction = pool.begin().await.map_err(error)?;
    let free: bool = sqlx::query_scalar!(r#"SELECT pg_try_advisory_xact_lock($1) AS "free!""#, FOLDING)
        .fetch_one(&mut *transaction)
        .await
        .map_err(error)?;
    if !free {
        return Ok(None);
    }
    let folded = fold_here(&mut transaction).await.map_err(error)?;
    transaction.commit().await.map_err(error)?;
    Ok(Some(folded))
}

async fn fold_here(connection: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let folded = sqlx::query_scalar!(
        r#"WITH gone AS (DELETE FROM queue_deltas RETURNING queue, owner, unit, region, class, n),
           summed AS (
             SELECT queue, owner, unit, region, class, sum(n) AS n, count(*) AS rows FROM gone GROUP BY 1, 2, 3, 4, 5),
           folded AS (
             INSERT INTO queue_counts (queue, owner, unit, region, class, n)
             SELECT queue, owner, unit, region, class, n FROM summed WHERE n <> 0
             ORDER BY queue, owner, region, unit, class
             ON CONFLICT (queue, owner, region, unit, class) DO UPDATE SET n = queue_counts.n + excluded.n)
           SELECT COALESCE(sum(rows), 0)::bigint AS "rows!" FROM summed"#
    )
    .fetch_one(&mut *connection)
    .instrument(sql_span!("queue_deltas.fold", "DELETE"))
    .await?;
    Ok(u64::try_from(folded).unwrap_or_default())
}

/// Frees what folding left behind, so that the deltas stay as small as what is in them.
pub(crate) async fn tidy(pool: &PgPool) -> Result<(), Error> {
    pool.execute("VACUUM queue_deltas")
        .instrument(sql_span!("queue_deltas.tidy", "VACUUM"))
        .await
        .map_err(error)?;
    sqlx::query!("DELETE FROM queue_counts WHERE n = 0").execute(pool).await.map_err(error)?;
    Ok(())
}
