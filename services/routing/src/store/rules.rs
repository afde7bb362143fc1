//! Tables `rules` and `rule_revisions`.

use super::{Store, generation, principals, units, unreadable};
use crate::error;
use gongdan_errors::{Error, Violation};
use gongdan_pg::{
    RequestKey,
    requests::{self, Answered},
};
use gongdan_routing_domain::{PersonEntry, Rule, RuleAction, RuleTarget, Unit};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::PgConnection;
use std::collections::HashMap;
use tracing::Instrument as _;

/// Room between two rules that were given no place.
const STEP: i32 = 10;

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

/// A rule to be written.
#[derive(Debug, Clone)]
pub struct NewRule {
    /// The rule; position 0 takes the place it has, or one after the last.
    pub rule: Rule,
    /// The caller's guard.
    pub etag: Option<i64>,
    /// Who.
    pub by: String,
}

/// What PutRule needs to check a rule.
#[derive(Debug)]
pub struct Surroundings {
    /// Every unit.
    pub units: HashMap<String, Unit>,
    /// The person it names.
    pub people: HashMap<String, PersonEntry>,
}

#[derive(Debug)]
struct Row {
    revision: i64,
    rule_id: String,
    name: String,
    position: i32,
    condition: String,
    action: serde_json::Value,
    disabled: bool,
    written_at: SqlTimestamp,
}

impl TryFrom<Row> for RuleRevision {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let action: RuleAction = serde_json::from_value(row.action).map_err(Error::internal)?;
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
    /// A rule as it is.
    pub async fn rule(&self, id: &str) -> Result<Option<RuleRevision>, Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        present(&mut connection, id).await
    }

    /// At most `limit` rules behind a place, in the order in which they are tried.
    pub async fn list_rules(&self, after: i32, limit: i64) -> Result<Vec<RuleRevision>, Error> {
        let rows = sqlx::query_as!(
            Row,
            "SELECT v.revision, v.rule_id, v.name, r.position, v.condition, v.action, v.disabled, v.written_at
             FROM rules r JOIN rule_revisions v ON v.revision = r.revision
             WHERE r.position > $1 ORDER BY r.position LIMIT $2",
            after,
            limit,
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("rules.list", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Rules as they were at these revisions.
    pub async fn rule_revisions(&self, revisions: &[i64]) -> Result<HashMap<i64, RuleRevision>, Error> {
        let rows = sqlx::query_as!(
            Row,
            "SELECT revision, rule_id, name, position, condition, action, disabled, written_at
             FROM rule_revisions WHERE revision = ANY ($1)",
            revisions,
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("rule_revisions.by_number", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        rows.into_iter().map(|row| RuleRevision::try_from(row).map(|r| (r.revision, r))).collect()
    }

    /// Units and the person a rule names, to check it against.
    pub async fn surroundings(&self, action: &RuleAction) -> Result<Surroundings, Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        let units =
            units::all(&mut connection).await?.into_iter().map(|(unit, _)| (unit.id.clone(), unit)).collect();
        let people = match &action.target {
            Some(RuleTarget::Person { person_id, .. }) => {
                principals::persons(&mut connection, std::slice::from_ref(person_id)).await?
            }
            _ => HashMap::new(),
        };
        Ok(Surroundings { units, people })
    }

    /// What this request answered before, if it did.
    pub async fn answered_rule(&self, key: &RequestKey) -> Result<Option<RuleRevision>, Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        answered(&mut connection, key).await
    }

    /// Writes a rule that was checked. The same content again makes no new revision.
    ///
    /// # Errors
    /// ABORTED for a stale etag; INVALID_ARGUMENT when its place is taken.
    pub async fn put_rule(
        &self,
        new: NewRule,
        key: &RequestKey,
        now: Timestamp,
    ) -> Result<RuleRevision, Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let connection = &mut *transaction;
        generation::lock_writers(connection).await.map_err(gongdan_pg::error)?;
        if let Some(revision) = answered(connection, key).await? {
            return Ok(revision);
        }
        let NewRule { mut rule, etag, by } = new;
        let before = present(connection, &rule.id).await?;
        guard(etag, before.as_ref())?;
        rule.position = place(connection, &rule, before.as_ref()).await?;
        let revision = match before {
            Some(before) if before.rule == rule => before,
            _ => {
                let revision = insert(connection, rule, &by, now).await?;
                generation::advance(connection).await.map_err(gongdan_pg::error)?;
                revision
            }
        };
        let resource_id = gongdan_clock::stable_id("rule", &revision.rule.id);
        requests::insert(connection, key, Answered { resource_id, version: revision.revision }, now).await?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(revision)
    }

    /// Takes a rule out; its revisions stay.
    ///
    /// # Errors
    /// NOT_FOUND; ABORTED for a stale etag.
    pub async fn delete_rule(
        &self,
        id: &str,
        etag: Option<i64>,
        key: &RequestKey,
        now: Timestamp,
    ) -> Result<RuleRevision, Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let connection = &mut *transaction;
        generation::lock_writers(connection).await.map_err(gongdan_pg::error)?;
        if let Some(revision) = answered(connection, key).await? {
            return Ok(revision);
        }
        let before = present(connection, id).await?.ok_or_else(error::rule_not_found)?;
        guard(etag, Some(&before))?;
        sqlx::query!("DELETE FROM rules WHERE id = $1", id)
            .execute(&mut *connection)
            .instrument(sql_span!("rules.delete", "DELETE"))
            .await
            .map_err(gongdan_pg::error)?;
        generation::advance(connection).await.map_err(gongdan_pg::error)?;
        let resource_id = gongdan_clock::stable_id("rule", id);
        requests::insert(connection, key, Answered { resource_id, version: before.revision }, now).await?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(before)
    }
}

/// Every rule that is tried, in order.
pub(super) async fn in_force(connection: &mut PgConnection) -> Result<Vec<RuleRevision>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT v.revision, v.rule_id, v.name, r.position, v.condition, v.action, v.disabled, v.written_at
         FROM rules r JOIN rule_revisions v ON v.revision = r.revision
         WHERE NOT v.disabled ORDER BY r.position"
    )
    .fetch_all(connection)
    .instrument(sql_span!("rules.in_force", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    rows.into_iter().map(TryInto::try_into).collect()
}

async fn present(connection: &mut PgConnection, id: &str) -> Result<Option<RuleRevision>, Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT v.revision, v.rule_id, v.name, r.position, v.condition, v.action, v.disabled, v.written_at
         FROM rules r JOIN rule_revisions v ON v.revision = r.revision WHERE r.id = $1",
        id,
    )
    .fetch_optional(connection)
    .instrument(sql_span!("rules.get", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    row.map(TryInto::try_into).transpose()
}

async fn answered(connection: &mut PgConnection, key: &RequestKey) -> Result<Option<RuleRevision>, Error> {
    let Some(answered) = requests::lookup(connection, key).await? else { return Ok(None) };
    let row = sqlx::query_as!(
        Row,
        "SELECT revision, rule_id, name, position, condition, action, disabled, written_at
         FROM rule_revisions WHERE revision = $1",
        answered.version,
    )
    .fetch_optional(connection)
    .instrument(sql_span!("rule_revisions.get", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?
    .ok_or_else(|| unreadable(format!("request names revision {}, which is not there", answered.version)))?;
    RuleRevision::try_from(row).map(Some)
}

fn guard(etag: Option<i64>, before: Option<&RuleRevision>) -> Result<(), Error> {
    match etag {
        Some(etag) if before.map(|before| before.revision) != Some(etag) => Err(error::etag_mismatch()),
        _ => Ok(()),
    }
}

async fn place(
    connection: &mut PgConnection,
    rule: &Rule,
    before: Option<&RuleRevision>,
) -> Result<i32, Error> {
    if rule.position == 0 {
        if let Some(before) = before {
            return Ok(before.rule.position);
        }
        let last = sqlx::query_scalar!("SELECT max(position) FROM rules")
            .fetch_one(connection)
            .instrument(sql_span!("rules.last", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        return Ok(last.unwrap_or(0).saturating_add(STEP));
    }
    let holder =
        sqlx::query_scalar!("SELECT id FROM rules WHERE position = $1 AND id <> $2", rule.position, rule.id)
            .fetch_optional(connection)
            .instrument(sql_span!("rules.at", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
    match holder {
        None => Ok(rule.position),
        Some(holder) => Err(Error::invalid(vec![Violation {
            field: "rule.position".into(),
            rule: format!("{} is the place of rule `{holder}`", rule.position),
        }])),
    }
}

async fn insert(
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
    .fetch_one(&mut *connection)
    .instrument(sql_span!("rule_revisions.insert", "INSERT"))
    .await
    .map_err(gongdan_pg::error)?;
    sqlx::query!(
        "INSERT INTO rules (id, revision, position) VALUES ($1, $2, $3)
         ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, position = excluded.position",
        rule.id,
        revision,
        rule.position,
    )
    .execute(connection)
    .instrument(sql_span!("rules.upsert", "INSERT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(RuleRevision { revision, rule, written_at: now })
}
