//! Tables `rule_draft` and `rule_draft_changes`: what is changed over the rules in force.

use super::{RuleRevision, rule_revisions, rules};
use gongdan_errors::Error;
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::PgConnection;
use std::collections::HashMap;
use tracing::Instrument as _;

/// The draft; without changes there is none.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Grows with every change.
    pub version: i64,
    /// When it was opened.
    pub opened_at: Option<Timestamp>,
    /// By whom; empty: there is none.
    pub opened_by: String,
    /// Its changes.
    pub changes: Vec<DraftChange>,
}

/// A rule that the draft changes.
#[derive(Debug, Clone)]
pub struct DraftChange {
    /// The rule.
    pub rule_id: String,
    /// What it becomes; none: it is taken out.
    pub revision: Option<i64>,
    /// What it was in force when it was changed; none: it was not.
    pub over: Option<i64>,
    /// When.
    pub changed_at: Timestamp,
    /// By whom.
    pub changed_by: String,
}

/// The draft as it is.
pub(super) async fn read(connection: &mut PgConnection) -> Result<Draft, Error> {
    let head =
        sqlx::query!(r#"SELECT version, opened_at AS "opened_at: SqlTimestamp", opened_by FROM rule_draft"#)
            .fetch_one(&mut *connection)
            .instrument(sql_span!("rule_draft.get", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
    let rows = sqlx::query!(
        r#"SELECT rule_id, revision, over, changed_at AS "changed_at: SqlTimestamp", changed_by
           FROM rule_draft_changes ORDER BY rule_id"#
    )
    .fetch_all(connection)
    .instrument(sql_span!("rule_draft_changes.all", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    let changes = rows.into_iter().map(|row| DraftChange {
        rule_id: row.rule_id,
        revision: row.revision,
        over: row.over,
        changed_at: row.changed_at.to_jiff(),
        changed_by: row.changed_by,
    });
    Ok(Draft {
        version: head.version,
        opened_at: head.opened_at.map(SqlTimestamp::to_jiff),
        opened_by: head.opened_by,
        changes: changes.collect(),
    })
}

/// The rules in force and the rules as the draft has them, both in order.
pub(super) async fn overlaid(
    connection: &mut PgConnection,
    draft: &Draft,
) -> Result<(Vec<RuleRevision>, Vec<RuleRevision>), Error> {
    let in_force = rules::all(connection).await?;
    let numbers: Vec<i64> = draft.changes.iter().filter_map(|change| change.revision).collect();
    let mut drafted =
        if numbers.is_empty() { Vec::new() } else { rule_revisions::by_number(connection, &numbers).await? };
    let is_changed = |one: &RuleRevision| draft.changes.iter().any(|change| change.rule_id == one.rule.id);
    drafted.extend(in_force.iter().filter(|one| !is_changed(one)).cloned());
    drafted.sort_by(|a, b| (a.rule.position, &a.rule.id).cmp(&(b.rule.position, &b.rule.id)));
    Ok((in_force, drafted))
}

/// The last place that a rule has in force or in the draft; 0 without rules. What is put behind it stands in nobody's way.
pub(super) async fn last_place(connection: &mut PgConnection) -> Result<i32, Error> {
    sqlx::query_scalar!(
        r#"SELECT coalesce(greatest(
               (SELECT max(position) FROM rules),
               (SELECT max(v.position) FROM rule_draft_changes c JOIN rule_revisions v ON v.revision = c.revision)
           ), 0) AS "last!""#
    )
    .fetch_one(connection)
    .instrument(sql_span!("rules.last", "SELECT"))
    .await
    .map_err(gongdan_pg::error)
}

/// Writes changes: a rule with its new revision, or none to take it out. One that comes to what is in force is no change.
/// Whoever writes one has seen what is in force, unless a rule is only `moved`: then it stays as far behind as it was.
pub(super) async fn change(
    connection: &mut PgConnection,
    changes: &[(String, Option<RuleRevision>)],
    moved: bool,
    by: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let in_force: HashMap<String, RuleRevision> =
        rules::all(connection).await?.into_iter().map(|one| (one.rule.id.clone(), one)).collect();
    for (id, revision) in changes {
        let over = in_force.get(id);
        if revision.as_ref().map(|one| &one.rule) == over.map(|one| &one.rule) {
            delete(connection, std::slice::from_ref(id)).await?;
            continue;
        }
        sqlx::query!(
            "INSERT INTO rule_draft_changes (rule_id, revision, over, changed_at, changed_by)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (rule_id) DO UPDATE SET revision = excluded.revision,
                 over = CASE WHEN $6 THEN rule_draft_changes.over ELSE excluded.over END,
                 changed_at = excluded.changed_at, changed_by = excluded.changed_by",
            id,
            revision.as_ref().map(|one| one.revision),
            over.map(|one| one.revision),
            now.to_sqlx() as _,
            by,
            moved,
        )
        .execute(&mut *connection)
        .instrument(sql_span!("rule_draft_changes.upsert", "INSERT"))
        .await
        .map_err(gongdan_pg::error)?;
    }
    touch(connection, by, now).await
}

/// Gives changes up; none named: all.
pub(super) async fn discard(
    connection: &mut PgConnection,
    rule_ids: Option<&Vec<String>>,
    by: &str,
    now: Timestamp,
) -> Result<(), Error> {
    match rule_ids {
        Some(rule_ids) => delete(connection, rule_ids).await?,
        None => {
            sqlx::query!("DELETE FROM rule_draft_changes")
                .execute(&mut *connection)
                .instrument(sql_span!("rule_draft_changes.clear", "DELETE"))
                .await
                .map_err(gongdan_pg::error)?;
        }
    }
    touch(connection, by, now).await
}

async fn delete(connection: &mut PgConnection, rule_ids: &[String]) -> Result<(), Error> {
    sqlx::query!("DELETE FROM rule_draft_changes WHERE rule_id = ANY ($1)", rule_ids)
        .execute(connection)
        .instrument(sql_span!("rule_draft_changes.delete", "DELETE"))
        .await
        .map_err(gongdan_pg::error)?;
    Ok(())
}

/// The next version; opened by the first change, gone with the last.
async fn touch(connection: &mut PgConnection, by: &str, now: Timestamp) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE rule_draft SET version = version + 1,
             opened_at = CASE WHEN changes THEN coalesce(opened_at, $1) END,
             opened_by = CASE WHEN NOT changes THEN '' WHEN opened_at IS NULL THEN $2 ELSE opened_by END
         FROM (SELECT EXISTS (SELECT FROM rule_draft_changes) AS changes) AS now",
        now.to_sqlx() as _,
        by,
    )
    .execute(connection)
    .instrument(sql_span!("rule_draft.touch", "UPDATE"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(())
}
