//! Many rows at once: an index is made from all of them in a fraction of the time that they take one by one.

use sqlx::{AssertSqlSafe, PgPool};

/// The indexes of a table that are not its keys; they are away until [`Indexes::make`].
pub(crate) struct Indexes(Vec<String>);

impl Indexes {
    /// Takes them away.
    pub async fn drop(pool: &PgPool, table: &str) -> anyhow::Result<Self> {
        let known: Vec<(String, String)> = sqlx::query_as(
            "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
             WHERE i.indrelid = $1::text::regclass AND NOT i.indisunique ORDER BY 1",
        )
        .bind(table)
        .fetch_all(pool)
        .await?;
        for (name, _) in &known {
            execute(pool, format!("DROP INDEX {name}")).await?;
        }
        Ok(Self(known.into_iter().map(|(_, definition)| definition).collect()))
    }

    /// Makes them anew.
    pub async fn make(self, pool: &PgPool) -> anyhow::Result<()> {
        for definition in self.0 {
            execute(pool, format!("SET maintenance_work_mem = '512MB'; {definition}")).await?;
        }
        Ok(())
    }
}

/// A statement of ours, without values.
pub(crate) async fn execute(pool: &PgPool, sql: String) -> anyhow::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await?;
    Ok(())
}
