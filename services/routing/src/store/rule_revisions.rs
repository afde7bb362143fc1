//! Table `rule_revisions`: rules as they were written, never changed.

use super::{Store, unreadable};
use gongdan_errors::Error;
use gongdan_routing_domain::{Rule, RuleAction};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::PgConnection;
use std::collections::HashMap;
use tracing::Instrument as _;

/// A rule at one of its revisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRevision {
    /// Number; also the etag.
    pub revision: i64,
    /// The rule.
    pub rule: Rule,
    /// When it was written.
    pub written_at: Timestamp,
}

#[derive(Debug)]
pub(super) struct Row {
    pub revision: i64,
    pub rule_id: String,
    pub name: String,
    pub position: i32,
    pub condition: String,
    pub action: serde_json::Value,
    pub disabled: bool,
    pub written_at: SqlTimestamp,
}

impl TryFrom<Row> for RuleRevision {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let action: RuleAction = serde_json::from_value(row.action).map_err(|error| {
            unreadable(format!("rule `{}` at revision {}: {error}", row.rule_id, row.revision))
        })?;
        let rule = Rule {
            id: row.rule_id,
            name: row.name,
            position: row.position,
            when: row.condition,
            action,
            disabled: row.disabled,
        };
        Ok(Self { revision: row.revision, rule, written_at: row.written_at.to_jiff() })
    }
}

impl Store {
    /// Rules as they were at these revisions.
    pub async fn rule_revisions(&self, revisions: &[i64]) -> Result<HashMap<i64, RuleRevision>, Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        let found = by_number(&mut connection, revisions).await?;
        Ok(found.into_iter().map(|revision| (revision.revision, revision)).collect())
    }
}

/// Rules as they were at these revisions, in the order of their places.
pub(super) async fn by_number(
    connection: &mut PgConnection,
    revisions: &[i64],
) -> Result<Vec<RuleRevision>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT revision, rule_id, name, position, condition, action, disabled, written_at
         FROM rule_revisions WHERE revision = ANY ($1) ORDER BY position, rule_id",
        revisions,
    )
    .fetch_all(connection)
    .instrument(sql_span!("rule_revisions.by_number", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(super) async fn insert(
    connection: &mut PgConnection,
    rule: Rule,
    by: &str,
    now: Timestamp,
) -> Result<RuleRevision, Error> {
    let action = serde_json::to_value(&rule.action).map_err(Error::internal)?;
    let revision = sqlx::query_scalar!(
        "INSERT INTO rule_revisions (rule_id, name, position, condition, action, disabled, written_at, written_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING revision",
        rule.id,
        rule.name,
        rule.position,
        rule.when,
        action,
        rule.disabled,
        now.to_sqlx() as _,
        by,
    )
    .fetch_one(connection)
    .instrument(sql_span!("rule_revisions.insert", "INSERT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(RuleRevision { revision, rule, written_at: now })
}
