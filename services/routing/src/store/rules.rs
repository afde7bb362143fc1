//! Table `rules`: the set in force, each rule at its revision.

use super::{
    Store,
    rule_revisions::{Row, RuleRevision},
};
use gongdan_errors::Error;
use gongdan_telemetry::sql_span;
use sqlx::PgConnection;
use tracing::Instrument as _;

impl Store {
    /// A rule as it is.
    pub async fn rule(&self, id: &str) -> Result<Option<RuleRevision>, Error> {
        let row = sqlx::query_as!(
            Row,
            "SELECT v.revision, v.rule_id, v.name, r.position, v.condition, v.action, v.disabled, v.written_at
             FROM rules r JOIN rule_revisions v ON v.revision = r.revision WHERE r.id = $1",
            id,
        )
        .fetch_optional(&self.pool)
        .instrument(sql_span!("rules.get", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        row.map(TryInto::try_into).transpose()
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
}

/// Every rule, those that are not tried included, in order.
pub(super) async fn all(connection: &mut PgConnection) -> Result<Vec<RuleRevision>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT v.revision, v.rule_id, v.name, r.position, v.condition, v.action, v.disabled, v.written_at
         FROM rules r JOIN rule_revisions v ON v.revision = r.revision ORDER BY r.position"
    )
    .fetch_all(connection)
    .instrument(sql_span!("rules.all", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Puts rules in force as they are at these revisions.
pub(super) async fn put_many(connection: &mut PgConnection, revisions: &[i64]) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO rules (id, revision, position)
         SELECT rule_id, revision, position FROM rule_revisions WHERE revision = ANY ($1)
         ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, position = excluded.position",
        revisions,
    )
    .execute(connection)
    .instrument(sql_span!("rules.put_many", "INSERT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(())
}

/// Takes rules out; their revisions stay.
pub(super) async fn delete_many(connection: &mut PgConnection, ids: &[String]) -> Result<(), Error> {
    sqlx::query!("DELETE FROM rules WHERE id = ANY ($1)", ids)
        .execute(connection)
        .instrument(sql_span!("rules.delete_many", "DELETE"))
        .await
        .map_err(gongdan_pg::error)?;
    Ok(())
}
