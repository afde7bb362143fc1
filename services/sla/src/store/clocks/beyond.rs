//! Open clocks that are due when their calendar knows no holidays. Source: S1.

use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgPool;
use tracing::Instrument as _;

/// How many there are of a version of a calendar.
#[derive(Debug)]
pub struct Beyond {
    /// `cn@1`
    pub calendar: String,
    /// Due when this version knows no holidays.
    pub beyond: i64,
    /// Of those, due when the newest version does.
    pub outdated: i64,
}

/// Counts by version; each with the end of what it knows, and of what the newest version of its calendar knows.
pub async fn due_beyond(
    pool: &PgPool,
    ends: &[(String, Timestamp, Timestamp)],
) -> Result<Vec<Beyond>, sqlx::Error> {
    let ids: Vec<String> = ends.iter().map(|(id, ..)| id.clone()).collect();
    let own: Vec<_> = ends.iter().map(|(_, own, _)| own.to_sqlx()).collect();
    let newest: Vec<_> = ends.iter().map(|(.., newest)| newest.to_sqlx()).collect();
    sqlx::query_as!(
        Beyond,
        r#"SELECT version.id AS "calendar!", count(*) AS "beyond!",
                  count(*) FILTER (WHERE clocks.due_at < version.newest) AS "outdated!"
           FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS version (id, own, newest)
           JOIN clocks ON clocks.calendar = version.id AND clocks.due_at >= version.own AND clocks.state IN (1, 4)
           GROUP BY version.id"#,
        &ids,
        &own as _,
        &newest as _,
    )
    .fetch_all(pool)
    .instrument(sql_span!("clocks.due_beyond", "SELECT"))
    .await
}
