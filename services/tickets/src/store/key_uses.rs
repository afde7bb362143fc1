//! What the versions of the keys protect: counts over the tables that have what is sealed or indexed with them.

use gongdan_telemetry::sql_span;
use sqlx::PgPool;
use std::collections::BTreeMap;
use tracing::Instrument as _;

/// Rows by version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    /// Contacts and handles by the key they are sealed with.
    pub encryption: BTreeMap<i32, i64>,
    /// Customers and calls by the index they are found by.
    pub index: BTreeMap<i32, i64>,
    /// Customers whose handle was not kept and is in no contact.
    pub unknown: i64,
}

/// Counts all of them.
pub(crate) async fn count(pool: &PgPool) -> Result<Uses, sqlx::Error> {
    let encryption = sqlx::query!(
        r#"SELECT version AS "version!", sum(rows)::bigint AS "rows!" FROM (
             SELECT key_version AS version, count(*) AS rows FROM contacts GROUP BY key_version
             UNION ALL
             SELECT key_version, count(*) FROM customer_keys WHERE key_version IS NOT NULL GROUP BY key_version
             UNION ALL
             SELECT key_version, count(*) FROM places GROUP BY key_version
             UNION ALL
             SELECT key_version, count(*) FROM calls WHERE key_version IS NOT NULL GROUP BY key_version) u
           GROUP BY version"#
    )
    .fetch_all(pool)
    .instrument(sql_span!("contacts.count_keys", "SELECT"))
    .await?;
    let index = sqlx::query!(
        r#"SELECT version AS "version!", sum(rows)::bigint AS "rows!" FROM (
             SELECT version, count(*) AS rows FROM customer_keys GROUP BY version
             UNION ALL
             SELECT version, count(*) FROM call_keys GROUP BY version) u
           GROUP BY version"#
    )
    .fetch_all(pool)
    .instrument(sql_span!("customer_keys.count", "SELECT"))
    .await?;
    let unknown = sqlx::query_scalar!(
        r#"SELECT count(*) AS "rows!" FROM customer_keys k
           WHERE sealed IS NULL AND (last_four_index IS NULL
              OR NOT EXISTS (SELECT FROM contacts c WHERE c.customer_id = k.customer_id))"#
    )
    .fetch_one(pool)
    .instrument(sql_span!("customer_keys.count_unknown", "SELECT"))
    .await?;
    Ok(Uses {
        encryption: encryption.into_iter().map(|row| (row.version, row.rows)).collect(),
        index: index.into_iter().map(|row| (row.version, row.rows)).collect(),
        unknown,
    })
}

/// Which of these versions still protect something.
pub(crate) async fn needed(
    pool: &PgPool,
    encryption: &[i32],
    index: &[i32],
) -> Result<(Vec<i32>, Vec<i32>), sqlx::Error> {
    let sealed = sqlx::query_scalar!(
        r#"SELECT v AS "version!" FROM UNNEST($1::int[]) v
           WHERE EXISTS (SELECT FROM contacts WHERE key_version = v)
              OR EXISTS (SELECT FROM customer_keys WHERE key_version = v)
              OR EXISTS (SELECT FROM places WHERE key_version = v)
              OR EXISTS (SELECT FROM calls WHERE key_version = v)"#,
        encryption
    )
    .fetch_all(pool)
    .instrument(sql_span!("contacts.needed_keys", "SELECT"))
    .await?;
    let indexed = sqlx::query_scalar!(
        r#"SELECT v AS "version!" FROM UNNEST($1::int[]) v
           WHERE EXISTS (SELECT FROM customer_keys WHERE version = v)
              OR EXISTS (SELECT FROM call_keys WHERE version = v)"#,
        index
    )
    .fetch_all(pool)
    .instrument(sql_span!("customer_keys.needed_keys", "SELECT"))
    .await?;
    Ok((sealed, indexed))
}
