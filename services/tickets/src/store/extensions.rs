//! Table `extensions`: those of all tickets, for the list of what was asked for and granted. Source: T17.

use super::{list::After, save::Save, scope::COLUMNS as COLUMNS_OF_SCOPE};
use gongdan_access::Scope;
use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{
    Changed,
    groups::extension::{Extension, ExtensionState},
};
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::{FromRow, PgConnection, PgPool, Postgres, QueryBuilder};
use tracing::Instrument as _;
use uuid::Uuid;

/// Those of a ticket, after an act that may have changed one.
pub(super) fn of(changed: &Changed) -> Vec<Extension> {
    let list = &changed.ticket.groups.extensions.list;
    let touched = changed.steps.iter().any(|(event, after)| {
        event.change.name().starts_with("extension_") || event.from_phase != Some(after.phase)
    });
    if touched { list.clone() } else { Vec::new() }
}

/// Writes those of acts that were written.
pub(super) async fn write(connection: &mut PgConnection, saves: &[&Save]) -> Result<(), sqlx::Error> {
    let all = || saves.iter().flat_map(|save| save.extras.extensions.iter().map(|e| (save.row.id, e)));
    let ids: Vec<Uuid> = all().map(|(_, extension)| extension.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let tickets: Vec<Uuid> = all().map(|(ticket, _)| ticket).collect();
    let states: Vec<i16> = all().map(|(_, e)| super::save::small(e.state.number())).collect();
    let requested: Vec<SqlTimestamp> = all().map(|(_, e)| e.requested_at.to_sqlx()).collect();
    sqlx::query!(
        "INSERT INTO extensions (extension_id, ticket_id, extension_state, requested_at)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::smallint[], $4::timestamptz[])
         ON CONFLICT (extension_id) DO UPDATE SET extension_state = EXCLUDED.extension_state",
        &ids,
        &tickets,
        &states,
        &requested as _
    )
    .execute(connection)
    .instrument(sql_span!("extensions.write", "INSERT"))
    .await?;
    Ok(())
}

/// An extension of a list.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Listed {
    pub extension_id: Uuid,
    requested_at: SqlTimestamp,
    pub ticket_id: Uuid,
}

impl Listed {
    /// When it was asked for.
    pub(crate) fn requested_at(&self) -> Timestamp {
        self.requested_at.to_jiff()
    }
}

/// At most `limit` extensions of tickets within `scope`, the newest first.
pub(crate) async fn list(
    pool: &PgPool,
    scope: &Scope,
    states: &[ExtensionState],
    units: &[String],
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Listed>, Error> {
    statement("", scope, states, units, after, limit)
        .build_query_as::<Listed>()
        .fetch_all(pool)
        .instrument(sql_span!("extensions.list", "SELECT"))
        .await
        .map_err(error)
}

pub(super) fn statement(
    first: &str,
    scope: &Scope,
    states: &[ExtensionState],
    units: &[String],
    after: Option<After>,
    limit: i64,
) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(first);
    sql.push(
        "SELECT x.extension_id, x.requested_at, ticket_views.id AS ticket_id
         FROM extensions x JOIN ticket_views ON ticket_views.id = x.ticket_id WHERE ",
    );
    scope.push(&mut sql, &COLUMNS_OF_SCOPE);
    // Written out, so that the index of those that wait is found.
    let states: Vec<String> = states.iter().map(|state| state.number().to_string()).collect();
    sql.push(" AND x.extension_state IN (").push(states.join(", ")).push(")");
    if !units.is_empty() {
        sql.push(" AND lead_unit = ANY (").push_bind(units.to_vec()).push(")");
    }
    if let Some(After { received_at, id }) = after {
        sql.push(" AND (x.requested_at, x.extension_id) < (").push_bind(SqlTimestamp::from(received_at));
        sql.push(", ").push_bind(id).push(")");
    }
    sql.push(" ORDER BY x.requested_at DESC, x.extension_id DESC LIMIT ").push_bind(limit);
    sql
}
