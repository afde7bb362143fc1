//! Table `key_holders`: which keys each running process holds and writes with.

use super::seal::{Held, InUse};
use gongdan_telemetry::sql_span;
use sqlx::PgPool;
use std::time::Duration;
use tracing::Instrument as _;
use uuid::Uuid;

/// A running process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    pub process: Uuid,
    pub held: Held,
    /// What it seals with.
    pub sealing: i32,
    /// The oldest index that it gives to new customers.
    pub indexing: i32,
}

/// Says what this process holds and uses, and forgets those that have not been seen for `gone_after`; the clock is the
/// database's.
pub(crate) async fn announce(
    pool: &PgPool,
    process: Uuid,
    held: &Held,
    used: InUse,
    gone_after: Duration,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH gone AS (DELETE FROM key_holders
                       WHERE seen_at < clock_timestamp() - $6::float8 * interval '1 second' AND process <> $1)
         INSERT INTO key_holders (process, encryption, indexes, sealing, indexing, seen_at)
         VALUES ($1, $2, $3, $4, $5, clock_timestamp())
         ON CONFLICT (process) DO UPDATE SET encryption = $2, indexes = $3, sealing = $4, indexing = $5,
                                             seen_at = clock_timestamp()",
        process,
        &held.encryption,
        &held.index,
        used.encryption,
        used.index_from,
        gone_after.as_secs_f64()
    )
    .execute(pool)
    .instrument(sql_span!("key_holders.announce", "INSERT"))
    .await?;
    Ok(())
}

/// This process ends.
pub(crate) async fn leave(pool: &PgPool, process: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM key_holders WHERE process = $1", process)
        .execute(pool)
        .instrument(sql_span!("key_holders.leave", "DELETE"))
        .await?;
    Ok(())
}

/// Those that run.
pub(crate) async fn all(pool: &PgPool) -> Result<Vec<Holder>, sqlx::Error> {
    let rows = sqlx::query!("SELECT process, encryption, indexes, sealing, indexing FROM key_holders")
        .fetch_all(pool)
        .instrument(sql_span!("key_holders.all", "SELECT"))
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| Holder {
            process: row.process,
            held: Held { encryption: row.encryption, index: row.indexes },
            sealing: row.sealing,
            indexing: row.indexing,
        })
        .collect())
}

/// The newest version that every process holds; none when they share none.
pub(crate) fn newest_shared<'a>(held: impl IntoIterator<Item = &'a Vec<i32>>) -> Option<i32> {
    let mut held = held.into_iter();
    let first = held.next()?;
    let others: Vec<_> = held.collect();
    first.iter().copied().filter(|version| others.iter().all(|other| other.contains(version))).max()
}

#[cfg(test)]
mod tests {
    use super::newest_shared;

    #[test]
    fn a_version_counts_once_everybody_holds_it() {
        for (held, newest) in [
            (vec![], None),
            (vec![vec![1, 2]], Some(2)),
            (vec![vec![1, 2], vec![1]], Some(1)),
            (vec![vec![1, 2, 3], vec![2, 3], vec![1, 2]], Some(2)),
            (vec![vec![1], vec![2]], None),
        ] {
            assert_eq!(newest_shared(&held), newest, "{held:?}");
        }
    }
}
