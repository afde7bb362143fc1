//! Principals as they are, were or will be: `principals`, `principal_states` and `principal_plans`. Source: R1, effective dates.

use super::{
    Store,
    principals::{CITIZEN, PrincipalFilter, PrincipalRow},
};
use gongdan_errors::Error;
use gongdan_routing_domain::Principal;
use gongdan_telemetry::sql_span;
use jiff_sqlx::{Timestamp, ToSqlx as _};
use sqlx::{Postgres, QueryBuilder};
use tracing::Instrument as _;

/// A principal at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalAt {
    /// As it is then.
    pub principal: Principal,
    /// Its version; 0: it is not so yet.
    pub version: i64,
    /// When it changes next.
    pub changes_at: Option<jiff::Timestamp>,
}

#[derive(Debug, sqlx::FromRow)]
struct AtRow {
    #[sqlx(flatten)]
    principal: PrincipalRow,
    changes_at: Option<Timestamp>,
}

impl TryFrom<AtRow> for PrincipalAt {
    type Error = Error;

    fn try_from(row: AtRow) -> Result<Self, Error> {
        let (principal, version) = row.principal.try_into()?;
        Ok(Self { principal, version, changes_at: row.changes_at.map(Timestamp::to_jiff) })
    }
}

/// Which of them, by id.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ids<'a> {
    /// One.
    Only(&'a str),
    /// Those behind one.
    After(&'a str),
}

impl Ids<'_> {
    fn push(self, sql: &mut QueryBuilder<Postgres>, column: &str) {
        let (by, id) = match self {
            Self::Only(id) => (" = ", id),
            Self::After(id) => (" > ", id),
        };
        sql.push(column).push(by).push_bind(id.to_owned());
    }
}

impl Store {
    /// A principal as it is, or as it was or will be at an instant; a citizen only with `citizens`.
    pub async fn principal(
        &self,
        id: &str,
        at: Option<jiff::Timestamp>,
        citizens: bool,
    ) -> Result<Option<PrincipalAt>, Error> {
        let filter = PrincipalFilter { citizens, at, ..PrincipalFilter::default() };
        let row: Option<AtRow> = list(&filter, Ids::Only(id), 1)
            .build_query_as()
            .fetch_optional(&self.pool)
            .instrument(sql_span!("principals.get", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        row.map(TryInto::try_into).transpose()
    }

    /// At most `limit` principals whose id is above `after`.
    pub async fn list_principals(
        &self,
        filter: &PrincipalFilter,
        after: &str,
        limit: i64,
    ) -> Result<Vec<PrincipalAt>, Error> {
        let rows: Vec<AtRow> = list(filter, Ids::After(after), limit)
            .build_query_as()
            .fetch_all(&self.pool)
            .instrument(sql_span!("principals.list", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        rows.into_iter().map(TryInto::try_into).collect()
    }
}

/// The statement of [`Store::principal`] and [`Store::list_principals`].
pub(super) fn list(filter: &PrincipalFilter, ids: Ids<'_>, limit: i64) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new("SELECT p.*, (SELECT min(n.begins_at) FROM principal_plans n ");
    sql.push("WHERE n.principal_id = p.id AND n.failure IS NULL");
    if let Some(at) = filter.at {
        sql.push(" AND n.begins_at > ").push_bind(at.to_sqlx());
    }
    sql.push(") AS changes_at FROM (");
    match filter.at {
        None => now(&mut sql, filter, ids, limit),
        Some(at) => {
            sql.push("(");
            begun(&mut sql, at, filter, ids, limit);
            sql.push(") UNION ALL (");
            planned(&mut sql, at, filter, ids, limit);
            sql.push(")");
        }
    }
    sql.push(") p ORDER BY p.id LIMIT ").push_bind(limit);
    sql
}

fn now(sql: &mut QueryBuilder<Postgres>, filter: &PrincipalFilter, ids: Ids<'_>, limit: i64) {
    sql.push(
        "SELECT id, issuer, subject, name, kind, roles, unit_ids, regions, rights, email, language, skills, tier,
                active, version, customer_id
         FROM principals WHERE ",
    );
    ids.push(sql, "id");
    if !filter.citizens {
        sql.push(" AND kind <> ").push_bind(CITIZEN);
    }
    if let Some(unit) = &filter.unit_id {
        sql.push(" AND unit_ids @> ").push_bind(vec![unit.clone()]);
    }
    if let Some(role) = &filter.role {
        sql.push(" AND ").push_bind(role.clone()).push(" = ANY (roles)");
    }
    sql.push(" ORDER BY id LIMIT ").push_bind(limit);
}

/// Those of whom nothing planned has begun by then: as they are now, or were when the state ended that they had then.
fn begun(
    sql: &mut QueryBuilder<Postgres>,
    at: jiff::Timestamp,
    filter: &PrincipalFilter,
    ids: Ids<'_>,
    limit: i64,
) {
    let at = at.to_sqlx();
    sql.push(
        "SELECT p.id, p.issuer, p.subject, p.name, coalesce(s.kind, p.kind) AS kind, coalesce(s.roles, p.roles) AS roles,
                coalesce(s.unit_ids, p.unit_ids) AS unit_ids, coalesce(s.regions, p.regions) AS regions,
                coalesce(s.rights, p.rights) AS rights, p.email, p.language, coalesce(s.skills, p.skills) AS skills,
                coalesce(s.tier, p.tier) AS tier, coalesce(s.active, p.active) AS active,
                coalesce(s.version, p.version) AS version, p.customer_id
         FROM principals p LEFT JOIN LATERAL (
             SELECT * FROM principal_states e WHERE e.principal_id = p.id AND e.ended_at > ",
    );
    sql.push_bind(at).push(" ORDER BY e.ended_at LIMIT 1) s ON true WHERE ");
    ids.push(sql, "p.id");
    sql.push(" AND (s.principal_id IS NULL OR s.version IS NOT NULL)");
    sql.push(
        " AND NOT EXISTS (SELECT FROM principal_plans n WHERE n.principal_id = p.id AND n.failure IS NULL",
    );
    sql.push(" AND n.begins_at <= ").push_bind(at).push(")");
    if !filter.citizens {
        sql.push(" AND p.kind <> ").push_bind(CITIZEN);
    }
    if let Some(unit) = &filter.unit_id {
        let unit = vec![unit.clone()];
        // Who is or was of it, by indexes; then who was so at that instant.
        sql.push(" AND p.id IN (SELECT c.id FROM principals c WHERE c.unit_ids @> ").push_bind(unit.clone());
        sql.push(" UNION SELECT e.principal_id FROM principal_states e WHERE e.unit_ids @> ");
        sql.push_bind(unit.clone()).push(") AND coalesce(s.unit_ids, p.unit_ids) @> ").push_bind(unit);
    }
    if let Some(role) = &filter.role {
        sql.push(" AND ").push_bind(role.clone()).push(" = ANY (coalesce(s.roles, p.roles))");
    }
    sql.push(" ORDER BY p.id LIMIT ").push_bind(limit);
}

/// Those of whom something planned has begun by then: the last of it.
fn planned(
    sql: &mut QueryBuilder<Postgres>,
    at: jiff::Timestamp,
    filter: &PrincipalFilter,
    ids: Ids<'_>,
    limit: i64,
) {
    sql.push(
        "SELECT n.principal_id AS id, n.issuer, n.subject, n.name, n.kind, n.roles, n.unit_ids, n.regions, n.rights, n.email,
                n.language, n.skills, n.tier, n.active, 0::int8 AS version, NULL::uuid AS customer_id
         FROM (SELECT DISTINCT ON (principal_id) * FROM principal_plans WHERE failure IS NULL AND ",
    );
    ids.push(sql, "principal_id");
    sql.push(" AND begins_at <= ").push_bind(at.to_sqlx());
    sql.push(" ORDER BY principal_id, begins_at DESC) n WHERE true");
    if let Some(unit) = &filter.unit_id {
        sql.push(" AND n.unit_ids @> ").push_bind(vec![unit.clone()]);
    }
    if let Some(role) = &filter.role {
        sql.push(" AND ").push_bind(role.clone()).push(" = ANY (n.roles)");
    }
    sql.push(" ORDER BY n.principal_id LIMIT ").push_bind(limit);
}
