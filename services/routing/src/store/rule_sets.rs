//! Table `rule_sets`: what was put in force, by whom.

use super::{Store, unreadable};
use gongdan_errors::Error;
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::PgConnection;
use tracing::Instrument as _;

/// How a set came about; the numbers are those of the table and the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetKind {
    /// What there was when sets began to be kept.
    First = 1,
    /// One change, at once.
    AtOnce = 2,
    /// A draft.
    Draft = 3,
    /// An earlier set again.
    RollBack = 4,
}

/// A published set.
#[derive(Debug, Clone)]
pub struct RuleSet {
    /// From 1; the greatest is in force.
    pub number: i64,
    /// How it came about.
    pub kind: SetKind,
    /// When.
    pub published_at: Timestamp,
    /// Who; empty: it was there before.
    pub published_by: String,
    /// What was said about it.
    pub note: String,
    /// The set it took its rules from.
    pub rolled_back_to: Option<i64>,
    /// How many rules it has.
    pub rules: i32,
}

/// A set to be recorded.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewSet<'a> {
    pub kind: SetKind,
    pub by: &'a str,
    pub note: &'a str,
    pub rolled_back_to: Option<i64>,
    pub now: Timestamp,
}

struct Row {
    number: i64,
    kind: i16,
    published_at: SqlTimestamp,
    published_by: String,
    note: String,
    rolled_back_to: Option<i64>,
    rules: i32,
}

impl TryFrom<Row> for RuleSet {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let kind = match row.kind {
            1 => SetKind::First,
            2 => SetKind::AtOnce,
            3 => SetKind::Draft,
            4 => SetKind::RollBack,
            other => return Err(unreadable(format!("set of kind {other}"))),
        };
        Ok(Self {
            number: row.number,
            kind,
            published_at: row.published_at.to_jiff(),
            published_by: row.published_by,
            note: row.note,
            rolled_back_to: row.rolled_back_to,
            rules: row.rules,
        })
    }
}

impl Store {
    /// At most `limit` sets before a number, newest first.
    pub async fn list_rule_sets(&self, before: Option<i64>, limit: i64) -> Result<Vec<RuleSet>, Error> {
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT number, kind, published_at AS "published_at: SqlTimestamp", published_by, note, rolled_back_to,
                      cardinality(revisions) AS "rules!"
               FROM rule_sets WHERE number < $1 ORDER BY number DESC LIMIT $2"#,
            before.unwrap_or(i64::MAX),
            limit,
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("rule_sets.list", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        rows.into_iter().map(TryInto::try_into).collect()
    }
}

/// A set by its number.
pub(super) async fn get(connection: &mut PgConnection, number: i64) -> Result<Option<RuleSet>, Error> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT number, kind, published_at AS "published_at: SqlTimestamp", published_by, note, rolled_back_to,
                  cardinality(revisions) AS "rules!"
           FROM rule_sets WHERE number = $1"#,
        number,
    )
    .fetch_optional(connection)
    .instrument(sql_span!("rule_sets.get", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    row.map(TryInto::try_into).transpose()
}

/// The revisions of a set; none when there is no such set.
pub(super) async fn revisions(connection: &mut PgConnection, number: i64) -> Result<Option<Vec<i64>>, Error> {
    sqlx::query_scalar!("SELECT revisions FROM rule_sets WHERE number = $1", number)
        .fetch_optional(connection)
        .instrument(sql_span!("rule_sets.revisions", "SELECT"))
        .await
        .map_err(gongdan_pg::error)
}

/// The number of the set in force.
pub(super) async fn in_force(connection: &mut PgConnection) -> Result<i64, Error> {
    sqlx::query_scalar!(r#"SELECT max(number) AS "number!" FROM rule_sets"#)
        .fetch_one(connection)
        .instrument(sql_span!("rule_sets.in_force", "SELECT"))
        .await
        .map_err(gongdan_pg::error)
}

/// Records what `rules` holds now as the newest set. Only under the writers' lock.
pub(super) async fn record(connection: &mut PgConnection, set: NewSet<'_>) -> Result<i64, Error> {
    sqlx::query_scalar!(
        "INSERT INTO rule_sets (number, kind, published_at, published_by, note, rolled_back_to, revisions)
         SELECT (SELECT max(number) + 1 FROM rule_sets), $1, $2, $3, $4, $5,
                coalesce(array_agg(revision ORDER BY position), '{}')
         FROM rules RETURNING number",
        set.kind as i16,
        set.now.to_sqlx() as _,
        set.by,
        set.note,
        set.rolled_back_to,
    )
    .fetch_one(connection)
    .instrument(sql_span!("rule_sets.insert", "INSERT"))
    .await
    .map_err(gongdan_pg::error)
}
