//! Table `principals`: the one every service has; here it is the original, and written by imports only.

use super::{principal_states, unreadable};
use crate::events;
use gongdan_access::{Policies, sees_sensitive};
use gongdan_errors::Error;
use gongdan_outbox::NewEvent;
use gongdan_proto::routing::v1 as pb;
use gongdan_region::RegionCode;
use gongdan_routing_domain::{PersonEntry, Principal, PrincipalKind};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use std::collections::{HashMap, HashSet};
use tracing::Instrument as _;
use uuid::Uuid;

/// Which principals; all given must match.
#[derive(Debug, Clone, Default)]
pub struct PrincipalFilter {
    /// Members of a unit.
    pub unit_id: Option<String>,
    /// With a role.
    pub role: Option<String>,
    /// Citizens too.
    pub citizens: bool,
    /// As they were or will be at an instant; none: as they are.
    pub at: Option<Timestamp>,
}

/// `kind` of citizens, as in the contract.
pub(super) const CITIZEN: i16 = 3;

#[derive(Debug, sqlx::FromRow)]
pub(super) struct PrincipalRow {
    pub id: String,
    pub issuer: String,
    pub subject: String,
    pub name: String,
    pub kind: i16,
    pub roles: Vec<String>,
    pub unit_ids: Vec<String>,
    pub regions: Vec<i64>,
    pub rights: Vec<String>,
    pub email: String,
    pub language: String,
    pub skills: Vec<String>,
    pub tier: i16,
    pub active: bool,
    pub version: i64,
    pub customer_id: Option<Uuid>,
}

impl TryFrom<PrincipalRow> for (Principal, i64) {
    type Error = Error;

    fn try_from(row: PrincipalRow) -> Result<Self, Error> {
        let kind = match row.kind {
            1 => PrincipalKind::Person,
            2 => PrincipalKind::Service,
            CITIZEN => PrincipalKind::Citizen,
            other => return Err(unreadable(format!("principal {} has kind {other}", row.id))),
        };
        let regions: Result<Vec<_>, _> = row.regions.iter().map(|code| RegionCode::from_i64(*code)).collect();
        let principal = Principal {
            id: row.id,
            issuer: row.issuer,
            subject: row.subject,
            name: row.name,
            kind,
            roles: row.roles,
            unit_ids: row.unit_ids,
            regions: regions.map_err(unreadable)?,
            rights: row.rights,
            email: Some(row.email).filter(|email| !email.is_empty()),
            skills: row.skills,
            tier: u8::try_from(row.tier).map_err(unreadable)?,
            active: row.active,
            language: row.language,
            customer_id: row.customer_id,
        };
        Ok((principal, row.version))
    }
}

/// Principals of these ids, and those that one of these tokens belongs to, by issuer and subject, each with its version.
pub(super) async fn known(
    connection: &mut PgConnection,
    ids: &[String],
    tokens: &[(String, String)],
) -> Result<Vec<(Principal, i64)>, Error> {
    let rows: Vec<PrincipalRow> = named(ids, tokens)
        .build_query_as()
        .fetch_all(connection)
        .instrument(sql_span!("principals.known", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The statement of [`known`].
pub(super) fn named(ids: &[String], tokens: &[(String, String)]) -> QueryBuilder<Postgres> {
    let (issuers, subjects): (Vec<String>, Vec<String>) = tokens.iter().cloned().unzip();
    let mut sql = QueryBuilder::new(
        "SELECT p.id, p.issuer, p.subject, p.name, p.kind, p.roles, p.unit_ids, p.regions, p.rights, p.email,
                p.language, p.skills, p.tier, p.active, p.version, p.customer_id
         FROM (SELECT p.id FROM principals p WHERE p.id = ANY (",
    );
    sql.push_bind(ids.to_vec());
    sql.push(") UNION SELECT p.id FROM unnest(");
    sql.push_bind(issuers).push("::text[], ").push_bind(subjects);
    sql.push(
        "::text[]) AS t (issuer, subject)
         JOIN principals p ON p.issuer = t.issuer AND p.subject = t.subject) n JOIN principals p ON p.id = n.id",
    );
    sql
}

/// What rules need to know about persons.
pub(super) async fn persons(
    connection: &mut PgConnection,
    ids: &[String],
) -> Result<HashMap<String, PersonEntry>, Error> {
    let rows = sqlx::query_as!(
        PersonRow,
        "SELECT id, active, unit_ids, roles, skills FROM principals WHERE id = ANY ($1) AND kind = 1",
        ids
    )
    .fetch_all(connection)
    .instrument(sql_span!("principals.persons", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(entries(rows))
}

/// What people are called.
pub async fn names(connection: &mut PgConnection, ids: &[String]) -> Result<HashMap<String, String>, Error> {
    let rows = sqlx::query!("SELECT id, name FROM principals WHERE id = ANY ($1) AND kind = 1", ids)
        .fetch_all(connection)
        .instrument(sql_span!("principals.names", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Persons of units.
pub(super) async fn of_units(
    connection: &mut PgConnection,
    units: &[String],
) -> Result<HashMap<String, PersonEntry>, Error> {
    let rows = sqlx::query_as!(
        PersonRow,
        "SELECT id, active, unit_ids, roles, skills FROM principals WHERE unit_ids && $1 AND kind = 1",
        units
    )
    .fetch_all(connection)
    .instrument(sql_span!("principals.of_units", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(entries(rows))
}

/// Of these people, who may see sensitive tickets by these policies.
pub(super) async fn cleared(
    connection: &mut PgConnection,
    ids: &[String],
    policies: &Policies,
) -> Result<HashSet<String>, Error> {
    let rows = sqlx::query!("SELECT id, roles, rights FROM principals WHERE id = ANY ($1)", ids)
        .fetch_all(connection)
        .instrument(sql_span!("principals.cleared", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
    Ok(rows
        .into_iter()
        .filter(|row| sees_sensitive(policies, &row.roles, &row.rights))
        .map(|row| row.id)
        .collect())
}

/// How many active people handle tickets in each unit; units without any are left out.
pub(super) async fn handlers(connection: &mut PgConnection) -> Result<HashMap<String, i64>, Error> {
    let rows = sqlx::query!(
        r#"SELECT of.unit AS "unit!", count(*) AS "people!"
           FROM principals, unnest(unit_ids) AS of (unit)
           WHERE kind = 1 AND active AND roles && '{handler,unit_leader}' GROUP BY of.unit"#
    )
    .fetch_all(connection)
    .instrument(sql_span!("principals.handlers", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(rows.into_iter().map(|row| (row.unit, row.people)).collect())
}

/// The same, of these units.
pub(super) async fn handlers_of(
    connection: &mut PgConnection,
    units: &[String],
) -> Result<HashMap<String, i64>, Error> {
    let rows = sqlx::query!(
        r#"SELECT of.unit AS "unit!", count(*) AS "people!"
           FROM principals, unnest(unit_ids) AS of (unit)
           WHERE unit_ids && $1 AND of.unit = ANY ($1) AND kind = 1 AND active AND roles && '{handler,unit_leader}'
           GROUP BY of.unit"#,
        units,
    )
    .fetch_all(connection)
    .instrument(sql_span!("principals.handlers_of", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(rows.into_iter().map(|row| (row.unit, row.people)).collect())
}

/// Who handles tickets in a unit, in the order of ids, with names.
pub(super) async fn members(
    connection: &mut PgConnection,
    unit_id: &str,
) -> Result<Vec<(String, PersonEntry, String)>, Error> {
    let rows = sqlx::query!(
        "SELECT id, name, active, unit_ids, roles, skills FROM principals
         WHERE unit_ids @> ARRAY[$1::text] AND kind = 1 ORDER BY id",
        unit_id
    )
    .fetch_all(connection)
    .instrument(sql_span!("principals.members", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, person(row.active, row.unit_ids, &row.roles, row.skills), row.name))
        .filter(|(_, person, _)| person.handles)
        .collect())
}

/// What rules need to know about a person, as it is kept.
struct PersonRow {
    id: String,
    active: bool,
    unit_ids: Vec<String>,
    roles: Vec<String>,
    skills: Vec<String>,
}

fn entries(rows: Vec<PersonRow>) -> HashMap<String, PersonEntry> {
    let entry = |row: PersonRow| (row.id, person(row.active, row.unit_ids, &row.roles, row.skills));
    rows.into_iter().map(entry).collect()
}

fn person(active: bool, unit_ids: Vec<String>, roles: &[String], skills: Vec<String>) -> PersonEntry {
    let handles = roles.iter().any(|role| matches!(role.as_str(), "handler" | "unit_leader"));
    PersonEntry { active, unit_ids, handles, skills }
}

/// What somebody becomes.
#[derive(Debug)]
pub(super) struct Change {
    /// When it was planned to be; none: now, at once.
    pub at: Option<Timestamp>,
    /// What they were, with its version; none: they were not there.
    pub before: Option<(Principal, i64)>,
    /// What they are from then on.
    pub after: Principal,
}

/// Writes changes in their order, by an import or because their time has come, and keeps what was. Answers who changed, as the
/// door takes it in, and what is to be told.
pub(super) async fn change(
    connection: &mut PgConnection,
    changes: &[Change],
    now: Timestamp,
) -> Result<(Vec<pb::Principal>, Vec<NewEvent>), sqlx::Error> {
    let mut changed = Vec::with_capacity(changes.len());
    let mut told = Vec::with_capacity(changes.len());
    let mut ended = Vec::new();
    for Change { at, before, after } in changes {
        let (since, before) = (at.unwrap_or(now), before.as_ref());
        let principal = events::principal(after, before.map_or(1, |(_, version)| version + 1));
        told.push(events::principal_changed(&principal, since, now));
        changed.push(principal);
        // Who comes at once counts as having been there before; who was planned to come does not.
        if before.is_some() || at.is_some() {
            ended.extend(principal_states::ended(since, before, after));
        }
    }
    principal_states::keep(connection, &ended).await?;
    gongdan_auth::upsert(connection, &changed).await?;
    Ok((changed, told))
}
