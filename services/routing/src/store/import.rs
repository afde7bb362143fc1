//! An import of units, principals and areas: one transaction over their tables, `imports` and the outbox.

use super::{
    Store, area_plans, areas, generation, import_findings, principal_plans, principals,
    take_effect::{self, Begun},
    unit_states, units, unreadable,
};
use crate::{error, events};
use gongdan_errors::{Error, Violation};
use gongdan_outbox::NewEvent;
use gongdan_pg::{
    RequestKey,
    requests::{self, Answered},
};
use gongdan_proto::routing::v1 as pb;
use gongdan_routing_domain::{
    Principal,
    finding::Finding,
    import::{Known, Plan, Touched, Upload, plan},
};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use tracing::Instrument as _;
use uuid::Uuid;

/// Principals that are asked for at once.
const AT_ONCE: usize = 10_000;

/// How many rows made a difference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportSummary {
    pub units_created: i32,
    pub units_changed: i32,
    pub units_planned: i32,
    pub principals_created: i32,
    pub principals_changed: i32,
    pub principals_planned: i32,
    pub areas_begun: i32,
    pub areas_ended: i32,
    pub areas_planned: i32,
    pub unchanged: i32,
}

/// What an import did.
#[derive(Debug, Clone, Default)]
pub struct Imported {
    /// The numbers.
    pub summary: ImportSummary,
    /// Principals that are new or changed, for the door of this process.
    pub principals: Vec<pb::Principal>,
    /// Events written; the relay is to be woken when there are any.
    pub events: usize,
    /// What was planned and became true before it, to be counted.
    pub begun: Begun,
    /// What is planned changed.
    pub planned: bool,
    /// What is to be looked after.
    pub found: Found,
}

/// What an import made that is to be looked after.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The first of it.
    pub findings: Vec<Finding>,
    /// How much more there is.
    pub more: i32,
}

impl ImportSummary {
    fn of(plan: &Plan) -> Self {
        let count = |rows: usize| i32::try_from(rows).unwrap_or(i32::MAX);
        Self {
            units_created: count(plan.units_created.len()),
            units_changed: count(plan.units_changed.len()),
            units_planned: count(plan.units_planned.len() + plan.units_unplanned.len()),
            principals_created: count(plan.principals_created.len()),
            principals_changed: count(plan.principals_changed.len()),
            principals_planned: count(plan.principals_planned.len() + plan.principals_unplanned.len()),
            areas_begun: count(plan.areas_begun.len()),
            areas_ended: count(plan.areas_ended.len()),
            areas_planned: count(plan.areas_planned.len() + plan.areas_unplanned.len()),
            unchanged: count(plan.unchanged),
        }
    }
}

impl Store {
    /// Checks an upload against what there is and writes what differs. Without a request key it is not remembered:
    /// that is for what the service itself brings in at its start.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with every violation, nothing written; ALREADY_EXISTS for a reused request id.
    pub async fn import(
        &self,
        upload: &Arc<Upload>,
        default_issuer: &str,
        by: &str,
        request: Option<&RequestKey>,
        now: Timestamp,
    ) -> Result<Imported, Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let connection = &mut *transaction;
        generation::lock_writers(connection).await.map_err(gongdan_pg::error)?;
        if let Some(key) = request
            && let Some(answered) = requests::lookup(connection, key).await?
        {
            let (summary, found) = earlier(connection, answered.resource_id).await?;
            return Ok(Imported { summary, found, ..Imported::default() });
        }
        let begun = take_effect::all(connection, now).await?;
        let (known, versions) = known(connection, upload, default_issuer, now).await?;
        let (plan, touched, before) = planned(upload, known).await?.map_err(error::invalid)?;
        let summary = ImportSummary::of(&plan);
        let planned = summary.units_planned + summary.areas_planned + summary.principals_planned > 0;
        let (events, principals) = (begun.events(), begun.principals.clone());
        let mut imported = Imported { summary, events, planned, principals, begun, ..Imported::default() };
        if !plan.is_empty() {
            let (changed, new_events) = write(connection, plan, before, &versions, by, now).await?;
            imported.found = import_findings::found(connection, &touched, now).await?;
            imported.events += new_events.len();
            imported.principals.extend(changed);
            gongdan_outbox::append(connection, &new_events).await?;
            generation::advance(connection).await.map_err(gongdan_pg::error)?;
        }
        if let Some(key) = request {
            let id = gongdan_clock::new_id(now);
            remember(connection, id, by, &imported, now).await.map_err(gongdan_pg::error)?;
            requests::insert(connection, key, Answered { resource_id: id, version: 1 }, now).await?;
        }
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(imported)
    }
}

impl Store {
    /// What is wrong with an upload, without writing any of it.
    pub async fn check(
        &self,
        upload: &Arc<Upload>,
        default_issuer: &str,
        now: Timestamp,
    ) -> Result<Vec<Violation>, Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        let (known, _) = known(&mut connection, upload, default_issuer, now).await?;
        let found = planned(upload, known).await?.err().unwrap_or_default();
        Ok(found.into_iter().map(|v| Violation { field: v.field, rule: v.rule }).collect())
    }
}

/// Versions of what there is.
#[derive(Debug, Default)]
struct Versions {
    units: HashMap<String, i64>,
    principals: HashMap<String, i64>,
}

/// What there is, as far as an upload has to do with it: of principals there are millions, and of them those that it names, or
/// whose token it gives to somebody else.
async fn known(
    connection: &mut PgConnection,
    upload: &Upload,
    default_issuer: &str,
    now: Timestamp,
) -> Result<(Known, Versions), Error> {
    let mut known = Known { default_issuer: default_issuer.to_owned(), now, ..Known::default() };
    let mut versions = Versions::default();
    for (unit, version) in units::all(connection).await? {
        versions.units.insert(unit.id.clone(), version);
        known.units.insert(unit.id.clone(), unit);
    }
    known.planned = unit_states::planned(connection).await?;
    for rows in upload.principals.chunks(AT_ONCE) {
        let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
        let tokens: Vec<_> = rows.iter().map(|row| row.token(default_issuer)).collect();
        let to_have = principal_plans::to_have(connection, &tokens).await.map_err(gongdan_pg::error)?;
        let all = [ids, to_have].concat();
        let found = principals::known(connection, &all, &tokens).await?;
        let holders = found.iter().map(|(principal, _)| principal.id.clone());
        let about: HashSet<String> = all.iter().cloned().chain(holders).collect();
        let about: Vec<String> = about.into_iter().collect();
        let plans = principal_plans::of(connection, &about).await.map_err(gongdan_pg::error)?;
        known.planned_principals.extend(plans.planned);
        known.failed_principals.extend(plans.failed);
        for (principal, version) in found {
            versions.principals.insert(principal.id.clone(), version);
            known.principals.insert(principal.id.clone(), principal);
        }
    }
    if upload.replace_areas || !upload.areas.is_empty() {
        known.areas = areas::in_force(connection).await?;
        known.planned_areas = area_plans::all(connection).await.map_err(gongdan_pg::error)?;
    }
    Ok((known, versions))
}

/// What an upload comes to, and who was there before; beside the tasks: it may have 200,000 rows.
async fn planned(
    upload: &Arc<Upload>,
    known: Known,
) -> Result<Result<(Plan, Touched, HashMap<String, Principal>), Vec<gongdan_routing_domain::Violation>>, Error>
{
    let upload = upload.clone();
    let plan = move || {
        plan(&upload, &known).map(|plan| {
            let touched = Touched::of(&upload, &plan, &known);
            (plan, touched, known.principals)
        })
    };
    tokio::task::spawn_blocking(plan).await.map_err(Error::internal)
}

async fn write(
    connection: &mut PgConnection,
    plan: Plan,
    mut before: HashMap<String, Principal>,
    versions: &Versions,
    by: &str,
    now: Timestamp,
) -> Result<(Vec<pb::Principal>, Vec<NewEvent>), Error> {
    let mut new_events = Vec::new();
    let next = |versions: &HashMap<String, i64>, id: &str| versions.get(id).map_or(1, |version| version + 1);
    let units: Vec<_> = plan
        .units_created
        .into_iter()
        .chain(plan.units_changed)
        .map(|unit| {
            let version = next(&versions.units, &unit.id);
            (unit, version)
        })
        .collect();
    if !units.is_empty() {
        units::write(connection, &units).await.map_err(gongdan_pg::error)?;
        unit_states::begin(connection, &units, by, now).await.map_err(gongdan_pg::error)?;
        new_events.extend(units.iter().map(|(unit, version)| events::unit_changed(unit, *version, now, now)));
    }
    if !plan.units_unplanned.is_empty() {
        unit_states::give_up(connection, &plan.units_unplanned).await.map_err(gongdan_pg::error)?;
    }
    if !plan.units_planned.is_empty() {
        unit_states::plan(connection, &plan.units_planned, by, now).await.map_err(gongdan_pg::error)?;
    }
    let changes: Vec<_> = plan
        .principals_created
        .into_iter()
        .chain(plan.principals_changed)
        .map(|after| {
            let version = versions.principals.get(&after.id).copied().unwrap_or_default();
            let before = before.remove(&after.id).map(|before| (before, version));
            principals::Change { at: None, before, after }
        })
        .collect();
    let (principals, told) =
        principals::change(connection, &changes, now).await.map_err(gongdan_pg::error)?;
    new_events.extend(told);
    if !plan.principals_unplanned.is_empty() {
        let given_up = plan.principals_unplanned.iter().map(|(id, at)| (id.as_str(), *at));
        principal_plans::delete(connection, given_up).await.map_err(gongdan_pg::error)?;
    }
    if !plan.principals_planned.is_empty() {
        let planned = &plan.principals_planned;
        principal_plans::plan(connection, planned, by, now).await.map_err(gongdan_pg::error)?;
    }
    if !plan.areas_unplanned.is_empty() {
        let given_up = plan.areas_unplanned.iter().map(|(at, key)| (*at, key));
        area_plans::delete(connection, given_up).await.map_err(gongdan_pg::error)?;
    }
    if !plan.areas_planned.is_empty() {
        area_plans::plan(connection, &plan.areas_planned, by, now).await.map_err(gongdan_pg::error)?;
    }
    areas::replace(connection, &plan.areas_ended, &plan.areas_begun, now).await.map_err(gongdan_pg::error)?;
    Ok((principals, new_events))
}

async fn remember(
    connection: &mut PgConnection,
    id: Uuid,
    by: &str,
    imported: &Imported,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let Imported { summary, found, .. } = imported;
    let findings =
        serde_json::to_value(&found.findings).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query!(
        "INSERT INTO imports (id, imported_at, imported_by, units_created, units_changed, principals_created,
                              principals_changed, areas_begun, areas_ended, unchanged, units_planned,
                              findings, more_findings, areas_planned, principals_planned)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        id,
        now.to_sqlx() as _,
        by,
        summary.units_created,
        summary.units_changed,
        summary.principals_created,
        summary.principals_changed,
        summary.areas_begun,
        summary.areas_ended,
        summary.unchanged,
        summary.units_planned,
        findings,
        found.more,
        summary.areas_planned,
        summary.principals_planned,
    )
    .execute(connection)
    .instrument(sql_span!("imports.insert", "INSERT"))
    .await?;
    Ok(())
}

async fn earlier(connection: &mut PgConnection, id: Uuid) -> Result<(ImportSummary, Found), Error> {
    let row = sqlx::query!(
        "SELECT units_created, units_changed, principals_created, principals_changed, areas_begun, areas_ended, unchanged,
                units_planned, findings, more_findings, areas_planned, principals_planned
         FROM imports WHERE id = $1",
        id,
    )
    .fetch_optional(connection)
    .instrument(sql_span!("imports.get", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?
    .ok_or_else(|| unreadable(format!("request names import {id}, which is not there")))?;
    let findings = serde_json::from_value(row.findings).map_err(unreadable)?;
    let found = Found { findings, more: row.more_findings };
    let summary = ImportSummary {
        units_created: row.units_created,
        units_changed: row.units_changed,
        units_planned: row.units_planned,
        principals_created: row.principals_created,
        principals_changed: row.principals_changed,
        principals_planned: row.principals_planned,
        areas_begun: row.areas_begun,
        areas_ended: row.areas_ended,
        areas_planned: row.areas_planned,
        unchanged: row.unchanged,
    };
    Ok((summary, found))
}
