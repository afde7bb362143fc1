//! Lists of responsibilities, as far as the caller may see. Source: R5.

use super::{KeptResponsibility, ResponsibilityFilter, rows::Row};
use crate::store::Store;
use gongdan_access::{Columns, Scope};
use gongdan_errors::Error;
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::{Postgres, QueryBuilder};
use tracing::Instrument as _;
use uuid::Uuid;

/// A responsibility stands to a caller as its unit does.
const UNITS: Columns = Columns {
    region: "u.region",
    takes_part: "u.id = ANY (?)",
    holds: "u.id = ANY (?)",
    own: "false",
    sensitive: "false",
    confidential: "false",
};

impl Store {
    /// At most `limit` responsibilities within the scope whose id is above `after`.
    pub async fn list_responsibilities(
        &self,
        scope: &Scope,
        filter: &ResponsibilityFilter,
        now: Timestamp,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<KeptResponsibility>, Error> {
        let mut sql = list(scope, filter, now, after, limit);
        let rows: Vec<Row> = sql
            .build_query_as()
            .fetch_all(&self.pool)
            .instrument(sql_span!("responsibilities.list", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        rows.into_iter().map(TryInto::try_into).collect()
    }
}

/// The statement of a list.
pub(in crate::store) fn list(
    scope: &Scope,
    filter: &ResponsibilityFilter,
    now: Timestamp,
    after: Option<Uuid>,
    limit: i64,
) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(
        "SELECT r.id, r.version, r.customer_id, r.asset, r.item, r.person_id, r.unit_id, r.valid_from, r.valid_to, r.everywhere,
                r.updated_at, r.updated_by
         FROM responsibilities r WHERE true",
    );
    if !scope.is_everything() {
        sql.push(" AND r.unit_id = ANY (ARRAY(SELECT u.id FROM units u WHERE ");
        scope.push(&mut sql, &UNITS);
        sql.push("))");
    }
    if let Some(customer) = filter.customer_id {
        sql.push(" AND r.customer_id = ").push_bind(customer);
    }
    if let Some(asset) = &filter.asset {
        sql.push(" AND r.asset = ").push_bind(asset.clone());
    }
    if let Some(person) = &filter.person_id {
        sql.push(" AND r.person_id = ").push_bind(person.clone());
    }
    if !filter.all {
        sql.push(" AND (r.valid_to IS NULL OR r.valid_to > ").push_bind(now.to_sqlx()).push(")");
    }
    if let Some(after) = after {
        sql.push(" AND r.id > ").push_bind(after);
    }
    sql.push(" ORDER BY r.id LIMIT ").push_bind(limit);
    sql
}
