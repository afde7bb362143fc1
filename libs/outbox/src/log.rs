//! The table `events`, as the relay and the event server read it.

use gongdan_bus::{Event, Origin};
use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row as _, postgres::PgRow};
use uuid::Uuid;

/// A place in the log: after this event. Transactions that commit out of order cannot fool it, because nothing is read
/// that is not older than every transaction still running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Position {
    pub txid: u64,
    pub position: i64,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.txid, self.position)
    }
}

impl std::str::FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (txid, position) = text.split_once('.').ok_or(())?;
        let place = Self { txid: txid.parse().map_err(|_| ())?, position: position.parse().map_err(|_| ())? };
        if place.position < 0 { Err(()) } else { Ok(place) }
    }
}

/// An event with its place.
#[derive(Debug)]
pub(crate) struct Logged {
    pub at: Position,
    pub event: Event,
}

/// Which events of the log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub aggregate_ids: Vec<Uuid>,
    pub kinds: Vec<String>,
    pub from_version: i64,
}

macro_rules! columns {
    () => {
        "position, txid::text AS txid, event_id, aggregate_id, version, type, subject, occurred_at, recorded_at,
         origin, traceparent, payload"
    };
}

/// Reads on after a position, at most `limit`, in the order of the log.
pub(crate) async fn read(
    connection: &mut PgConnection,
    source: &str,
    after: Position,
    limit: i64,
) -> Result<Vec<Logged>, sqlx::Error> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM events
         WHERE (txid, position) > ($1::text::xid8, $2) AND txid < pg_snapshot_xmin(pg_current_snapshot())
         ORDER BY events.txid, position LIMIT $3"
    ))
    .bind(after.txid.to_string())
    .bind(after.position)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| logged(row, source)).collect()
}

/// Like [`read`], of those that pass a filter. The aggregates of a filter are found by their index first, so that a few
/// events are not sought in the whole log.
pub(crate) async fn read_filtered(
    pool: &PgPool,
    source: &str,
    after: Position,
    limit: i64,
    filter: &Filter,
) -> Result<Vec<Logged>, sqlx::Error> {
    if filter.aggregate_ids.is_empty() && filter.kinds.is_empty() && filter.from_version <= 1 {
        let mut connection = pool.acquire().await?;
        return read(&mut connection, source, after, limit).await;
    }
    let of_aggregates = if filter.aggregate_ids.is_empty() { "" } else { "AND aggregate_id = ANY ($5)" };
    let hint = if filter.aggregate_ids.is_empty() { "NOT MATERIALIZED" } else { "MATERIALIZED" };
    let sql = format!(
        "WITH picked AS {hint} (
             SELECT * FROM events
             WHERE txid < pg_snapshot_xmin(pg_current_snapshot()) AND version >= $4 {of_aggregates}
               AND (cardinality($6::text[]) = 0 OR type = ANY ($6)))
         SELECT {} FROM picked WHERE (txid, position) > ($1::text::xid8, $2)
         ORDER BY picked.txid, position LIMIT $3",
        columns!()
    );
    // The text varies only by the two pieces above; every value is bound.
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(after.txid.to_string())
        .bind(after.position)
        .bind(limit)
        .bind(filter.from_version)
        .bind(&filter.aggregate_ids)
        .bind(&filter.kinds)
        .fetch_all(pool)
        .await?;
    rows.iter().map(|row| logged(row, source)).collect()
}

/// How many events wait after a position, counted up to `most`.
pub(crate) async fn count_after(
    connection: &mut PgConnection,
    after: Position,
    most: i64,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT FROM events WHERE (txid, position) > ($1::text::xid8, $2) LIMIT $3) AS waiting",
    )
    .bind(after.txid.to_string())
    .bind(after.position)
    .bind(most)
    .fetch_one(connection)
    .await
}

fn logged(row: &PgRow, source: &str) -> Result<Logged, sqlx::Error> {
    let txid: &str = row.try_get("txid")?;
    let origin: i16 = row.try_get("origin")?;
    Ok(Logged {
        at: Position {
            txid: txid.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)))?,
            position: row.try_get("position")?,
        },
        event: Event {
            id: row.try_get("event_id")?,
            source: source.to_owned(),
            kind: row.try_get("type")?,
            aggregate_id: row.try_get("aggregate_id")?,
            version: row.try_get("version")?,
            occurred_at: row.try_get::<SqlTimestamp, _>("occurred_at")?.to_jiff(),
            recorded_at: row.try_get::<SqlTimestamp, _>("recorded_at")?.to_jiff(),
            origin: Origin::from_i16(origin)
                .ok_or_else(|| sqlx::Error::Decode(format!("origin {origin}").into()))?,
            subject: row.try_get("subject")?,
            traceparent: row.try_get("traceparent")?,
            payload: row.try_get::<Vec<u8>, _>("payload")?.into(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_survives_as_text() {
        let place = Position { txid: u64::MAX, position: 42 };
        assert_eq!(place.to_string().parse(), Ok(place));
        for text in ["", "1", "1.", ".1", "1.-1", "a.b", "1.2.3", "-1.2"] {
            assert_eq!(text.parse::<Position>(), Err(()), "{text:?}");
        }
    }
}
