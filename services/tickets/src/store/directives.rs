//! Table `directives`: those of all tickets, as lists and the job that climbs their lateness look for them. Source: T23.

use super::{save::Save, scope::COLUMNS, tickets::Tickets};
use gongdan_access::Scope;
use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{Change, Changed, Rules, groups::directive::Directive};
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::{PgConnection, PgPool, Postgres, QueryBuilder};
use std::collections::BTreeMap;
use tracing::Instrument as _;
use uuid::Uuid;

/// Which are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Which {
    /// Given by this principal.
    Issued(String),
    /// Owed by one of these units.
    Owed(Vec<String>),
    /// Owed by anybody after the deadline.
    Late,
}

/// The last of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct After {
    pub due_at: Timestamp,
    pub id: Uuid,
}

/// One of a list; what it is, the ticket knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Listed {
    pub id: Uuid,
    pub ticket_id: Uuid,
    due_at: SqlTimestamp,
}

impl Listed {
    /// As the last of a page.
    pub(crate) fn after(&self) -> After {
        After { due_at: self.due_at.to_jiff(), id: self.id }
    }
}

/// Those of a ticket that an act may have changed.
pub(super) fn touched(changed: &Changed) -> Vec<Directive> {
    let touches = |change: &Change| {
        matches!(change, Change::Directive(_) | Change::Cancelled { .. } | Change::Links(_))
    };
    if changed.events().any(|event| touches(&event.change)) {
        changed.ticket.groups.directives.all.clone()
    } else {
        Vec::new()
    }
}

/// Writes those of acts that were written.
pub(super) async fn write(connection: &mut PgConnection, saves: &[&Save]) -> Result<(), sqlx::Error> {
    let rows: BTreeMap<Uuid, (Uuid, &Directive)> = saves
        .iter()
        .flat_map(|save| save.extras.directives.iter().map(|d| (d.id, (save.row.id, d))))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = rows.keys().copied().collect();
    let tickets: Vec<Uuid> = rows.values().map(|(ticket, _)| *ticket).collect();
    let units: Vec<String> = rows.values().map(|(_, d)| d.unit.to_string()).collect();
    let issuers: Vec<String> = rows.values().map(|(_, d)| d.issued_by.id.to_string()).collect();
    let states: Vec<i16> = rows.values().map(|(_, d)| super::save::small(d.state.number())).collect();
    let due: Vec<SqlTimestamp> = rows.values().map(|(_, d)| d.due_at.to_sqlx()).collect();
    let levels: Vec<i16> = rows.values().map(|(_, d)| super::save::small(d.late_level)).collect();
    sqlx::query!(
        "INSERT INTO directives (id, ticket_id, unit_id, issued_by, state, due_at, late_level)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::smallint[], $6::timestamptz[],
                              $7::smallint[])
         ON CONFLICT (id) DO UPDATE
         SET state = EXCLUDED.state, due_at = EXCLUDED.due_at, late_level = EXCLUDED.late_level",
        &ids,
        &tickets,
        &units,
        &issuers,
        &states,
        &due as &[SqlTimestamp],
        &levels
    )
    .execute(connection)
    .instrument(sql_span!("directives.write", "INSERT"))
    .await?;
    Ok(())
}

/// At most `limit` directives whose lateness may climb by now, the earliest deadline first, after one of an earlier page:
/// ticket, and where to go on.
pub(crate) async fn climbing(
    pool: &PgPool,
    rules: &Rules,
    now: Timestamp,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Listed>, Error> {
    let after = after.unwrap_or(After { due_at: Timestamp::UNIX_EPOCH, id: Uuid::nil() });
    let [unit, centre] = rules.directive_climb;
    let ago = |by| now.saturating_sub(by).map_err(Error::internal);
    sqlx::query_as!(
        Listed,
        r#"SELECT id, ticket_id, due_at AS "due_at: SqlTimestamp" FROM directives
           WHERE state = 1 AND late_level < 3 AND due_at <= $1
             AND (late_level = 0 OR late_level = 1 AND due_at <= $2 OR late_level = 2 AND due_at <= $3)
             AND (due_at, id) > ($4, $5)
           ORDER BY due_at, id LIMIT $6"#,
        now.to_sqlx() as _,
        ago(unit)?.to_sqlx() as _,
        ago(centre)?.to_sqlx() as _,
        after.due_at.to_sqlx() as _,
        after.id,
        limit
    )
    .fetch_all(pool)
    .instrument(sql_span!("directives.climbing", "SELECT"))
    .await
    .map_err(error)
}

impl Tickets {
    /// At most `limit` directives of tickets within `scope`, the earliest deadline first.
    pub(crate) async fn directives(
        &self,
        scope: &Scope,
        which: &Which,
        after: Option<After>,
        limit: i64,
    ) -> Result<Vec<Listed>, Error> {
        statement(scope, which, after, limit)
            .build_query_as::<Listed>()
            .fetch_all(&self.pool)
            .instrument(sql_span!("directives.list", "SELECT"))
            .await
            .map_err(error)
    }
}

/// Each unit is read in the order of its own index, and no further than a page.
fn statement(scope: &Scope, which: &Which, after: Option<After>, limit: i64) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new("SELECT d.id, d.ticket_id, d.due_at FROM ");
    if let Which::Owed(units) = which {
        sql.push("UNNEST(").push_bind(units.clone());
        sql.push("::text[]) AS u(unit) CROSS JOIN LATERAL (SELECT d.id, d.ticket_id, d.due_at FROM ");
    }
    sql.push("directives d WHERE ");
    match which {
        Which::Issued(by) => sql.push("d.issued_by = ").push_bind(by.clone()),
        Which::Owed(_) => sql.push("d.unit_id = u.unit AND d.state = 1"),
        Which::Late => sql.push("d.state = 1 AND d.late_level > 0"),
    };
    if let Some(After { due_at, id }) = after {
        sql.push(" AND (d.due_at, d.id) > (").push_bind(SqlTimestamp::from(due_at));
        sql.push(", ").push_bind(id).push(")");
    }
    // By the name that the scope's columns have.
    sql.push(" AND EXISTS (SELECT FROM tickets AS ticket_views WHERE ticket_views.id = d.ticket_id AND ");
    scope.push(&mut sql, &COLUMNS);
    sql.push(")");
    if matches!(which, Which::Owed(_)) {
        sql.push(" ORDER BY d.due_at, d.id LIMIT ").push_bind(limit).push(") d");
    }
    sql.push(" ORDER BY d.due_at, d.id LIMIT ").push_bind(limit);
    sql
}
