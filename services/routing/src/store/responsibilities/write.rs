//! Writing responsibilities, one or many. Source: R5.
//!
//! Writers take the lock of whoever changes the organisation, so that the people and units that were checked are those that
//! there are. Memory is not read again after a write: decisions read by keys.

use super::{KeptResponsibility, ResponsibilityImport, ResponsibilityRights, revisions, rows};
use crate::{
    error,
    store::{Store, generation, principals, units},
};
use gongdan_errors::Error;
use gongdan_pg::{
    RequestKey,
    requests::{self, Answered},
};
use gongdan_routing_domain::{
    PersonEntry, Unit,
    responsible::{Charge, How, Known, Put, Responsibility, check_all},
};
use jiff::Timestamp;
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Rows of one statement of an import.
const AT_ONCE: usize = 10_000;

impl Store {
    /// Checks a responsibility and writes it; `new`: it must not be there yet, else it must.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with every violation; NOT_FOUND; PERMISSION_DENIED; ABORTED for a stale etag.
    pub async fn put_responsibility(
        &self,
        one: Responsibility,
        new: bool,
        etag: Option<i64>,
        by: &ResponsibilityRights,
        key: &RequestKey,
        now: Timestamp,
    ) -> Result<KeptResponsibility, Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let connection = &mut *transaction;
        generation::lock_writers(connection).await.map_err(gongdan_pg::error)?;
        if let Some(kept) = revisions::answered(connection, key).await? {
            return Ok(kept);
        }
        let mut rows = vec![one];
        let around = Around::of(connection, &rows, by).await?;
        let mut before = None;
        if !new {
            let there = rows::get(connection, rows[0].id).await?;
            let there = before.insert(there.ok_or_else(error::responsibility_not_found)?);
            by.check_change(&there.one, &around.units)?;
        }
        guard(etag, before.as_ref())?;
        around.complete(&mut rows)?;
        let how = if new { How::Add } else { How::Change };
        let put = around.check(rows, how, now, |_, field| format!("responsibility.{field}"))?;
        rows::write(connection, &put.write, by.id(), now).await.map_err(gongdan_pg::error)?;
        // Said again without its id it is the one that is there.
        let id = put.write.first().map(|one| one.id).or_else(|| put.unchanged.first().copied());
        let id = id.ok_or_else(error::responsibility_not_found)?;
        let kept = rows::get(connection, id).await?.ok_or_else(error::responsibility_not_found)?;
        revisions::answer(connection, key, &kept, now).await?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(kept)
    }

    /// Takes a responsibility out.
    ///
    /// # Errors
    /// NOT_FOUND; PERMISSION_DENIED; ABORTED for a stale etag.
    pub async fn delete_responsibility(
        &self,
        id: Uuid,
        etag: Option<i64>,
        by: &ResponsibilityRights,
        key: &RequestKey,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let connection = &mut *transaction;
        generation::lock_writers(connection).await.map_err(gongdan_pg::error)?;
        if requests::lookup(connection, key).await?.is_some() {
            return Ok(());
        }
        let before = rows::get(connection, id).await?.ok_or_else(error::responsibility_not_found)?;
        by.check_change(&before.one, &all_units(connection).await?)?;
        guard(etag, Some(&before))?;
        rows::delete(connection, &[id]).await.map_err(gongdan_pg::error)?;
        requests::insert(connection, key, Answered { resource_id: id, version: before.version }, now).await?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(())
    }

    /// Checks many and writes what differs; with `replace` what is there for the same and is not given goes, as far as the
    /// caller may change it.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with the first violations, nothing written; PERMISSION_DENIED.
    pub async fn import_responsibilities(
        &self,
        mut rows: Vec<Responsibility>,
        replace: bool,
        by: &ResponsibilityRights,
        key: &RequestKey,
        now: Timestamp,
    ) -> Result<ResponsibilityImport, Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let connection = &mut *transaction;
        generation::lock_writers(connection).await.map_err(gongdan_pg::error)?;
        if let Some(answered) = requests::lookup(connection, key).await? {
            return rows::earlier(connection, answered.resource_id).await;
        }
        let around = Around::of(connection, &rows, by).await?;
        around.complete(&mut rows)?;
        let how = if replace { How::Replace } else { How::Add };
        let check = move || around.check(rows, how, now, |n, field| format!("rows[{n}].{field}"));
        let put = tokio::task::spawn_blocking(check).await.map_err(Error::internal)??;
        for gone in put.gone.chunks(AT_ONCE) {
            rows::delete(connection, gone).await.map_err(gongdan_pg::error)?;
        }
        for begun in put.write.chunks(AT_ONCE) {
            rows::write(connection, begun, by.id(), now).await.map_err(gongdan_pg::error)?;
        }
        let count = |rows: usize| i32::try_from(rows).unwrap_or(i32::MAX);
        let import = ResponsibilityImport {
            begun: count(put.write.len()),
            gone: count(put.gone.len()),
            unchanged: count(put.unchanged.len()),
        };
        let id = gongdan_clock::new_id(now);
        rows::remember(connection, id, by.id(), import, now).await.map_err(gongdan_pg::error)?;
        requests::insert(connection, key, Answered { resource_id: id, version: 1 }, now).await?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(import)
    }
}

fn guard(etag: Option<i64>, before: Option<&KeptResponsibility>) -> Result<(), Error> {
    match etag {
        Some(etag) if before.map(|before| before.version) != Some(etag) => {
            Err(error::responsibility_etag_mismatch())
        }
        _ => Ok(()),
    }
}

async fn all_units(connection: &mut PgConnection) -> Result<HashMap<String, Unit>, Error> {
    let units = units::all(connection).await?.into_iter();
    Ok(units.map(|(unit, _)| (unit.id.clone(), unit)).collect())
}

/// What responsibilities are checked against.
struct Around {
    by: ResponsibilityRights,
    there: Vec<Responsibility>,
    units: HashMap<String, Unit>,
    people: HashMap<String, PersonEntry>,
}

impl Around {
    async fn of(
        connection: &mut PgConnection,
        rows: &[Responsibility],
        by: &ResponsibilityRights,
    ) -> Result<Self, Error> {
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
            there.extend(rows::of_assets(connection, assets).await?);
        }
        for customers in customers.chunks(AT_ONCE) {
            there.extend(rows::of_customers(connection, customers).await?);
        }
        let people = principals::persons(connection, &Vec::from_iter(named)).await?;
        let units = all_units(connection).await?;
        Ok(Self { by: by.clone(), there, units, people })
    }

    /// Fills in what is not given: who names no unit acts for the first of theirs, and how far a row counts is by who writes
    /// it.
    ///
    /// # Errors
    /// PERMISSION_DENIED for a unit that is not the caller's to write for.
    fn complete(&self, rows: &mut [Responsibility]) -> Result<(), Error> {
        let everywhere = self.by.everywhere();
        for row in rows {
            if row.unit_id.is_empty()
                && let Some(unit) = self.people.get(&row.person_id).and_then(|person| person.unit_ids.first())
            {
                row.unit_id.clone_from(unit);
            }
            row.everywhere = everywhere;
            // What is no unit at all is told with the other violations.
            if self.units.contains_key(&row.unit_id) {
                self.by.check_unit(&row.unit_id, &self.units)?;
            }
        }
        Ok(())
    }

    fn check(
        &self,
        rows: Vec<Responsibility>,
        how: How,
        now: Timestamp,
        path: impl Fn(usize, &str) -> String,
    ) -> Result<Put, Error> {
        let known = Known {
            there: &self.there,
            units: &self.units,
            people: &self.people,
            now,
            may_change: &|one| self.by.may_change(one, &self.units),
            may_see: &|one| self.by.may_see(one, &self.units),
        };
        check_all(rows, how, known, path).map_err(error::invalid)
    }
}
