//! Tables partitioned by month, made ahead of time; what falls outside goes to the default partition and is moved from
//! there when its month is made.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool, Row as _};

/// Makes the partitions of last month, this month and the two to come. The table has a default partition named
/// `<table>_default` and is partitioned by range of one column of instants; months are those of UTC.
///
/// # Errors
/// When the table is not partitioned so, or the database is away.
pub async fn ensure_partitions(pool: &PgPool, table: &str, now: Timestamp) -> Result<(), sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let this = now.to_zoned(TimeZone::UTC).date().first_of_month();
    for ahead in -1..=2_i32 {
        let Ok(from) = this.checked_add(jiff::Span::new().months(ahead)) else { continue };
        let Ok(until) = from.checked_add(jiff::Span::new().months(1)) else { continue };
        let name = format!("{table}_{:04}_{:02}", from.year(), from.month());
        if !exists(&mut connection, &name).await? {
            create(&mut connection, table, &name, from, until).await?;
            tracing::info!(partition = name, "partition made");
        }
    }
    Ok(())
}

async fn exists(connection: &mut PgConnection, name: &str) -> Result<bool, sqlx::Error> {
    // The catalogue itself: `to_regclass` may remember from before the wait for the lock that it was not there.
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_class WHERE relname = $1 AND pg_table_is_visible(oid))")
        .bind(name)
        .fetch_one(connection)
        .await
}

async fn create(
    connection: &mut PgConnection,
    table: &str,
    name: &str,
    from: Date,
    until: Date,
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    // Replicas that start at once make it one after the other.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('gongdan.partitions.' || $1, 0))")
        .bind(table)
        .execute(&mut *transaction)
        .await?;
    if exists(&mut transaction, name).await? {
        return transaction.commit().await;
    }
    let row = sqlx::query(
        "SELECT quote_ident(c.relname) AS tab, quote_ident(c.relname || '_default') AS rest,
                quote_ident(a.attname) AS col, quote_ident($2) AS part
         FROM pg_partitioned_table p
         JOIN pg_class c ON c.oid = p.partrelid
         JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
         WHERE p.partrelid = to_regclass(quote_ident($1))",
    )
    .bind(table)
    .bind(name)
    .fetch_one(&mut *transaction)
    .await?;
    let [tab, rest, col, part]: [String; 4] =
        [row.try_get("tab")?, row.try_get("rest")?, row.try_get("col")?, row.try_get("part")?];
    // Rows of this month that came before its partition wait in the default one; no writer may add one meanwhile.
    let sql = format!(
        "LOCK TABLE {tab} IN SHARE ROW EXCLUSIVE MODE;
         CREATE TABLE {part} (LIKE {tab} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE);
         WITH moved AS (DELETE FROM {rest} WHERE {col} >= '{from} 00:00+00' AND {col} < '{until} 00:00+00' RETURNING *)
         INSERT INTO {part} SELECT * FROM moved;
         ALTER TABLE {tab} ATTACH PARTITION {part} FOR VALUES FROM ('{from} 00:00+00') TO ('{until} 00:00+00');"
    );
    // Every name in it was quoted by the server; the rest are dates.
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
    transaction.commit().await
}
