//! Tables `responsibilities` and `responsibility_imports`. Source: R5.
//!
//! Writers take the lock of whoever changes the organisation, so that the people and units that were checked are those that
//! there are. Memory is not read again after a write: decisions read by keys.

use super::{Store, generation, principals, units, unreadable};
use crate::error;
use gongdan_errors::Error;
use gongdan_pg::{
    RequestKey,
    requests::{self, Answered},
};
use gongdan_routing_domain::{
    PersonEntry, Unit,
    responsible::{Charge, Put, Responsibility, check_all},
};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::{PgConnection, Postgres, QueryBuilder};
use std::collections::{BTreeSet, HashMap};
use tracing::Instrument as _;
use uuid::Uuid;

/// Rows of one statement of an import.
const AT_ONCE: usize = 10_000;

/// A responsibility as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptResponsibility {
    /// The responsibility.
    pub one: Responsibility,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// Who wrote it last.
    pub updated_by: String,
}

/// Which responsibilities; all given must match.
#[derive(Debug, Clone, Default)]
pub struct ResponsibilityFilter {
    /// For a customer.
    pub customer_id: Option<Uuid>,
    /// For an asset.
    pub asset: Option<String>,
    /// Of a person.
    pub person_id: Option<String>,
    /// Those too that are over.
    pub all: bool,
}

/// What an import came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResponsibilityImport {
    /// How many began.
    pub begun: i32,
    /// How many went.
    pub gone: i32,
    /// How many were there as given.
    pub unchanged: i32,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: Uuid,
    customer_id: Option<Uuid>,
    asset: Option<String>,
    item: String,
    person_id: String,
    unit_id: String,
    valid_from: Option<SqlTimestamp>,
    valid_to: Option<SqlTimestamp>,
    updated_at: SqlTimestamp,
    updated_by: String,
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
        };
        Ok(Self { one, updated_at: row.updated_at.to_jiff(), updated_by: row.updated_by })
    }
}

impl Store {
    /// At most `limit` responsibilities whose id is above `after`.
    pub async fn list_responsibilities(
        &self,
        filter: &ResponsibilityFilter,
        now: Timestamp,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<KeptResponsibility>, Error> {
        let mut sql = list(filter, now, after, limit);
        let rows: Vec<Row> = sql
            .build_query_as()
            .fetch_all(&self.pool)
            .instrument(sql_span!("responsibilities.list", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Checks a responsibility and writes it; `new`: it must not be there yet, else it must.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with every violation; NOT_FOUND.
    pub async fn put_responsibility(
        &self,
        mut one: Responsibility,
        new: bool,
        by: &str,
        key: &RequestKey,
        now: Timestamp,
    ) -> Result<KeptResponsibility, Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let connection = &mut *transaction;
        generation::lock_writers(connection).await.map_err(gongdan_pg::error)?;
        if let Some(answered) = requests::lookup(connection, key).await? {
            return get(connection, answered.resource_id).await?.ok_or_else(error::responsibility_not_found);
        }
        if !new && get(connection, one.id).await?.is_none() {
            return Err(error::responsibility_not_found());
        }
        let around = Around::of(connection, std::slice::from_ref(&one)).await?;
        around.fill(&mut one);
        let path = |_: usize, field: &str| format!("responsibility.{field}");
        // Said again without its id it is the one that is there.
        let id = around.there.iter().find(|other| other.says_as(&one)).map_or(one.id, |same| same.id);
        let put = around.check(vec![one], false, path)?;
        write(connection, &put.write, by, now).await.map_err(gongdan_pg::error)?;
        requests::insert(connection, key, Answered { resource_id: id, version: 1 }, now).await?;
        let kept = get(connection, id).await?.ok_or_else(error::responsibility_not_found)?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(kept)
    }

    /// Takes a responsibility out.
    ///
    /// # Errors
    /// NOT_FOUND.
    pub async fn delete_responsibility(
        &self,
        id: Uuid,
        key: &RequestKey,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let connection = &mut *transaction;
        generation::lock_writers(connection).await.map_err(gongdan_pg::error)?;
        if requests::lookup(connection, key).await?.is_some() {
            return Ok(());
        }
        if delete(connection, &[id]).await.map_err(gongdan_pg::error)? == 0 {
            return Err(error::responsibility_not_found());
        }
        requests::insert(connection, key, Answered { resource_id: id, version: 1 }, now).await?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(())
    }

    /// Checks many and writes what differs; with `replace` what is there for the same and is not given goes.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with the first violations, nothing written.
    pub async fn import_responsibilities(
        &self,
        mut rows: Vec<Responsibility>,
        replace: bool,
        by: &str,
        key: &RequestKey,
        now: Timestamp,
    ) -> Result<ResponsibilityImport, Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let connection = &mut *transaction;
        generation::lock_writers(connection).await.map_err(gongdan_pg::error)?;
        if let Some(answered) = requests::lookup(connection, key).await? {
            return earlier(connection, answered.resource_id).await;
        }
        let around = Around::of(connection, &rows).await?;
        rows.iter_mut().for_each(|row| around.fill(row));
        let check = move || around.check(rows, replace, |n, field| format!("rows[{n}].{field}"));
        let put = tokio::task::spawn_blocking(check).await.map_err(Error::internal)??;
        for gone in put.gone.chunks(AT_ONCE) {
            delete(connection, gone).await.map_err(gongdan_pg::error)?;
        }
        for begun in put.write.chunks(AT_ONCE) {
            write(connection, begun, by, now).await.map_err(gongdan_pg::error)?;
        }
        let count = |rows: usize| i32::try_from(rows).unwrap_or(i32::MAX);
        let import = ResponsibilityImport {
            begun: count(put.write.len()),
            gone: count(put.gone.len()),
            unchanged: count(put.unchanged),
        };
        let id = gongdan_clock::new_id(now);
        remember(connection, id, by, import, now).await.map_err(gongdan_pg::error)?;
        requests::insert(connection, key, Answered { resource_id: id, version: 1 }, now).await?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(import)
    }
}

/// What responsibilities are checked against.
struct Around {
    there: Vec<Responsibility>,
    units: HashMap<String, Unit>,
    people: HashMap<String, PersonEntry>,
}

impl Around {
    async fn of(connection: &mut PgConnection, rows: &[Responsibility]) -> Result<Self, Error> {
        let (mut assets, mut customers, mut named) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for row in rows {
            named.insert(row.person_id.clone());
            match &row.charge {
                Charge::Asset(asset) => assets.insert(asset.clone()),
                Charge::Customer(customer) => customers.insert(*customer),
            };
        }
        let (assets, customers) = (Vec::from_iter(assets), Vec::from_iter(customers));
        let mut there = Vec::new();
        for assets in assets.chunks(AT_ONCE) {
            there.extend(of_assets(connection, assets).await?);
        }
        for customers in customers.chunks(AT_ONCE) {
            there.extend(of_customers(connection, customers).await?);
        }
        let people = principals::persons(connection, &Vec::from_iter(named)).await?;
        let units = units::all(connection).await?.into_iter().map(|(unit, _)| (unit.id.clone(), unit));
        Ok(Self { there, units: units.collect(), people })
    }

    /// Who names no unit acts for the first of theirs.
    fn fill(&self, row: &mut Responsibility) {
        if row.unit_id.is_empty()
            && let Some(unit) = self.people.get(&row.person_id).and_then(|person| person.unit_ids.first())
        {
            row.unit_id.clone_from(unit);
        }
    }

    fn check(
        &self,
        rows: Vec<Responsibility>,
        replace: bool,
        path: impl Fn(usize, &str) -> String,
    ) -> Result<Put, Error> {
        check_all(rows, &self.there, replace, &self.units, &self.people, path).map_err(error::invalid)
    }
}

/// The statement of a list.
pub(super) fn list(
    filter: &ResponsibilityFilter,
    now: Timestamp,
    after: Option<Uuid>,
    limit: i64,
) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(
        "SELECT id, customer_id, asset, item, person_id, unit_id, valid_from, valid_to, updated_at, updated_by
         FROM responsibilities WHERE true",
    );
    if let Some(customer) = filter.customer_id {
        sql.push(" AND customer_id = ").push_bind(customer);
    }
    if let Some(asset) = &filter.asset {
        sql.push(" AND asset = ").push_bind(asset.clone());
    }
    if let Some(person) = &filter.person_id {
        sql.push(" AND person_id = ").push_bind(person.clone());
    }
    if !filter.all {
        sql.push(" AND (valid_to IS NULL OR valid_to > ").push_bind(now.to_sqlx()).push(")");
    }
    if let Some(after) = after {
        sql.push(" AND id > ").push_bind(after);
    }
    sql.push(" ORDER BY id LIMIT ").push_bind(limit);
    sql
}

/// All for these assets.
pub(super) async fn of_assets(
    connection: &mut PgConnection,
    assets: &[String],
) -> Result<Vec<Responsibility>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, customer_id, asset, item, person_id, unit_id, valid_from, valid_to, updated_at, updated_by
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
pub(super) async fn of_customers(
    connection: &mut PgConnection,
    customers: &[Uuid],
) -> Result<Vec<Responsibility>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, customer_id, asset, item, person_id, unit_id, valid_from, valid_to, updated_at, updated_by
         FROM responsibilities WHERE customer_id = ANY ($1)",
        customers,
    )
    .fetch_all(connection)
    .instrument(sql_span!("responsibilities.of_customers", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    rows.into_iter().map(|row| Ok(KeptResponsibility::try_from(row)?.one)).collect()
}

/// Those of these customers go who have no ticket left that says whose it is: tickets does not know them any more either.
/// Source: X11.
pub async fn forget(connection: &mut PgConnection, customers: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM responsibilities r WHERE r.customer_id = ANY ($1)
           AND NOT EXISTS (SELECT FROM ticket_scopes s WHERE s.customer_id = r.customer_id)",
        customers,
    )
    .execute(connection)
    .instrument(sql_span!("responsibilities.forget", "DELETE"))
    .await?;
    Ok(())
}

/// Whose tickets these are, as far as it is known.
pub async fn customers_of(connection: &mut PgConnection, tickets: &[Uuid]) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT DISTINCT customer_id AS "customer_id!" FROM ticket_scopes
           WHERE ticket_id = ANY ($1) AND customer_id IS NOT NULL"#,
        tickets,
    )
    .fetch_all(connection)
    .instrument(sql_span!("ticket_scopes.customers", "SELECT"))
    .await
}

async fn get(connection: &mut PgConnection, id: Uuid) -> Result<Option<KeptResponsibility>, Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, customer_id, asset, item, person_id, unit_id, valid_from, valid_to, updated_at, updated_by
         FROM responsibilities WHERE id = $1",
        id,
    )
    .fetch_optional(connection)
    .instrument(sql_span!("responsibilities.get", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    row.map(TryInto::try_into).transpose()
}

async fn write(
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
        "INSERT INTO responsibilities (id, customer_id, asset, item, person_id, unit_id, valid_from, valid_to,
                                       updated_at, updated_by)
         SELECT n.id, n.customer_id, n.asset, n.item, n.person_id, n.unit_id, n.valid_from, n.valid_to, $9, $10
         FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                     $8::timestamptz[])
              AS n (id, customer_id, asset, item, person_id, unit_id, valid_from, valid_to)
         ON CONFLICT ON CONSTRAINT responsibilities_pkey DO UPDATE SET customer_id = excluded.customer_id,
             asset = excluded.asset, item = excluded.item, person_id = excluded.person_id,
             unit_id = excluded.unit_id, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
             updated_at = excluded.updated_at, updated_by = excluded.updated_by",
        &rows.iter().map(|row| row.id).collect::<Vec<_>>(),
        &rows.iter().map(customer).collect::<Vec<_>>() as &[Option<Uuid>],
        &rows.iter().map(asset).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|row| row.item.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.person_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.unit_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|row| instant(row.from)).collect::<Vec<Option<SqlTimestamp>>>() as _,
        &rows.iter().map(|row| instant(row.until)).collect::<Vec<Option<SqlTimestamp>>>() as _,
        now.to_sqlx() as _,
        by,
    )
    .execute(connection)
    .instrument(sql_span!("responsibilities.write", "INSERT"))
    .await?;
    Ok(())
}

async fn delete(connection: &mut PgConnection, ids: &[Uuid]) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!("DELETE FROM responsibilities WHERE id = ANY ($1)", ids)
        .execute(connection)
        .instrument(sql_span!("responsibilities.delete", "DELETE"))
        .await?;
    Ok(done.rows_affected())
}

async fn remember(
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

async fn earlier(connection: &mut PgConnection, id: Uuid) -> Result<ResponsibilityImport, Error> {
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
