//! Tables `responsibilities` and `responsibility_imports`. Source: R5.

use super::{KeptResponsibility, ResponsibilityImport};
use crate::store::unreadable;
use gongdan_errors::Error;
use gongdan_routing_domain::responsible::{Charge, Responsibility};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::PgConnection;
use tracing::Instrument as _;
use uuid::Uuid;

#[derive(Debug, sqlx::FromRow)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) version: i64,
    pub(super) customer_id: Option<Uuid>,
    pub(super) asset: Option<String>,
    pub(super) item: String,
    pub(super) person_id: String,
    pub(super) unit_id: String,
    pub(super) valid_from: Option<SqlTimestamp>,
    pub(super) valid_to: Option<SqlTimestamp>,
    pub(super) everywhere: bool,
    pub(super) updated_at: SqlTimestamp,
    pub(super) updated_by: String,
}

impl TryFrom<Row> for KeptResponsibility {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let charge = match (row.customer_id, row.asset) {
            (Some(customer), None) => Charge::Customer(customer),
            (None, Some(asset)) => Charge::Asset(asset),
            _ => return Err(unreadable(format!("responsibility {} is for one thing only", row.id))),
        };
        let one = Responsibility {
            id: row.id,
            charge,
            item: row.item,
            person_id: row.person_id,
            unit_id: row.unit_id,
            from: row.valid_from.map(SqlTimestamp::to_jiff),
            until: row.valid_to.map(SqlTimestamp::to_jiff),
            everywhere: row.everywhere,
        };
        Ok(Self {
            one,
            version: row.version,
            updated_at: row.updated_at.to_jiff(),
            updated_by: row.updated_by,
        })
    }
}

/// All for these assets.
pub(in crate::store) async fn of_assets(
    connection: &mut PgConnection,
    assets: &[String],
) -> Result<Vec<Responsibility>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, version, customer_id, asset, item, person_id, unit_id, valid_from, valid_to, everywhere, updated_at,
                updated_by
         FROM responsibilities WHERE asset = ANY ($1)",
        assets,
    )
    .fetch_all(connection)
    .instrument(sql_span!("responsibilities.of_assets", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    rows.into_iter().map(|row| Ok(KeptResponsibility::try_from(row)?.one)).collect()
}

/// All for these customers.
pub(in crate::store) async fn of_customers(
    connection: &mut PgConnection,
    customers: &[Uuid],
) -> Result<Vec<Responsibility>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, version, customer_id, asset, item, person_id, unit_id, valid_from, valid_to, everywhere, updated_at,
                updated_by
         FROM responsibilities WHERE customer_id = ANY ($1)",
        customers,
    )
    .fetch_all(connection)
    .instrument(sql_span!("responsibilities.of_customers", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    rows.into_iter().map(|row| Ok(KeptResponsibility::try_from(row)?.one)).collect()
}

/// What is kept of customers who are not known any more goes, by the hashes of their ids. Source: X11.
pub async fn forget(connection: &mut PgConnection, hashes: &[Vec<u8>]) -> Result<(), sqlx::Error> {
    let span = || sql_span!("responsibilities.forget", "DELETE");
    sqlx::query!(
        "DELETE FROM responsibilities WHERE customer_id IS NOT NULL AND sha256(uuid_send(customer_id)) = ANY ($1)",
        hashes,
    )
    .execute(&mut *connection)
    .instrument(span())
    .await?;
    sqlx::query!(
        "DELETE FROM responsibility_revisions
         WHERE customer_id IS NOT NULL AND sha256(uuid_send(customer_id)) = ANY ($1)",
        hashes,
    )
    .execute(connection)
    .instrument(span())
    .await?;
    Ok(())
}

pub(super) async fn get(
    connection: &mut PgConnection,
    id: Uuid,
) -> Result<Option<KeptResponsibility>, Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, version, customer_id, asset, item, person_id, unit_id, valid_from, valid_to, everywhere, updated_at,
                updated_by
         FROM responsibilities WHERE id = $1",
        id,
    )
    .fetch_optional(connection)
    .instrument(sql_span!("responsibilities.get", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    row.map(TryInto::try_into).transpose()
}

pub(super) async fn write(
    connection: &mut PgConnection,
    rows: &[Responsibility],
    by: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let customer = |row: &Responsibility| match &row.charge {
        Charge::Customer(id) => Some(*id),
        Charge::Asset(_) => None,
    };
    let asset = |row: &Responsibility| match &row.charge {
        Charge::Asset(id) => Some(id.clone()),
        Charge::Customer(_) => None,
    };
    let instant = |at: Option<Timestamp>| at.map(Timestamp::to_sqlx);
    sqlx::query!(
        "INSERT INTO responsibilities (id, version, customer_id, asset, item, person_id, unit_id, valid_from, valid_to,
                                       everywhere, updated_at, updated_by)
         SELECT n.id, nextval('responsibility_versions'), n.customer_id, n.asset, n.item, n.person_id, n.unit_id,
                n.valid_from, n.valid_to, n.everywhere, $10, $11
         FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                     $8::timestamptz[], $9::bool[])
              AS n (id, customer_id, asset, item, person_id, unit_id, valid_from, valid_to, everywhere)
         ON CONFLICT ON CONSTRAINT responsibilities_pkey DO UPDATE SET version = excluded.version,
             customer_id = excluded.customer_id, asset = excluded.asset, item = excluded.item, person_id = excluded.person_id,
             unit_id = excluded.unit_id, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
             everywhere = excluded.everywhere, updated_at = excluded.updated_at, updated_by = excluded.updated_by",
        &rows.iter().map(|row| row.id).collect::<Vec<_>>(),
        &rows.iter().map(customer).collect::<Vec<_>>() as &[Option<Uuid>],
        &rows.iter().map(asset).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|row| row.item.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.person_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.unit_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|row| instant(row.from)).collect::<Vec<Option<SqlTimestamp>>>() as _,
        &rows.iter().map(|row| instant(row.until)).collect::<Vec<Option<SqlTimestamp>>>() as _,
        &rows.iter().map(|row| row.everywhere).collect::<Vec<_>>(),
        now.to_sqlx() as _,
        by,
    )
    .execute(connection)
    .instrument(sql_span!("responsibilities.write", "INSERT"))
    .await?;
    Ok(())
}

pub(super) async fn delete(connection: &mut PgConnection, ids: &[Uuid]) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!("DELETE FROM responsibilities WHERE id = ANY ($1)", ids)
        .execute(connection)
        .instrument(sql_span!("responsibilities.delete", "DELETE"))
        .await?;
    Ok(done.rows_affected())
}

pub(super) async fn remember(
    connection: &mut PgConnection,
    id: Uuid,
    by: &str,
    import: ResponsibilityImport,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO responsibility_imports (id, imported_at, imported_by, begun, gone, unchanged)
         VALUES ($1, $2, $3, $4, $5, $6)",
        id,
        now.to_sqlx() as _,
        by,
        import.begun,
        import.gone,
        import.unchanged,
    )
    .execute(connection)
    .instrument(sql_span!("responsibility_imports.insert", "INSERT"))
    .await?;
    Ok(())
}

pub(super) async fn earlier(connection: &mut PgConnection, id: Uuid) -> Result<ResponsibilityImport, Error> {
    sqlx::query_as!(
        ResponsibilityImport,
        "SELECT begun, gone, unchanged FROM responsibility_imports WHERE id = $1",
        id,
    )
    .fetch_optional(connection)
    .instrument(sql_span!("responsibility_imports.get", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?
    .ok_or_else(|| unreadable(format!("request names import {id}, which is not there")))
}
