//! Table `principal_plans`: what staff are to be, and from when on. Source: R1, effective dates.

use super::principals::PrincipalRow;
use gongdan_errors::Error;
use gongdan_routing_domain::{Principal, PrincipalKind, PrincipalPlan, finding::FailedPlan};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashMap, HashSet};
use tracing::Instrument as _;

/// What is planned of some people, and what failed.
#[derive(Debug, Default)]
pub(super) struct Plans {
    /// By id.
    pub planned: HashMap<String, PrincipalPlan>,
    /// When it was to be, by id.
    pub failed: HashMap<String, BTreeSet<Timestamp>>,
}

/// A plan whose time has come.
#[derive(Debug)]
pub(super) struct DuePlan {
    /// When it was to be.
    pub at: Timestamp,
    /// Who.
    pub id: String,
    /// What they are to be, or why this build cannot read it.
    pub principal: Result<Principal, String>,
}

/// Everything of these people; what cannot be read counts as failed.
pub(super) async fn of(connection: &mut PgConnection, ids: &[String]) -> Result<Plans, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT begins_at AS "begins_at: SqlTimestamp", failure, principal_id, issuer, subject, name, kind, roles, unit_ids,
                  regions, rights, email, language, skills, tier, active
           FROM principal_plans WHERE principal_id = ANY ($1)"#,
        ids,
    )
    .fetch_all(connection)
    .instrument(sql_span!("principal_plans.of", "SELECT"))
    .await?;
    let mut plans = Plans::default();
    for row in rows {
        let at = row.begins_at.to_jiff();
        let id = row.principal_id;
        let read = PrincipalRow {
            id: id.clone(),
            issuer: row.issuer,
            subject: row.subject,
            name: row.name,
            kind: row.kind,
            roles: row.roles,
            unit_ids: row.unit_ids,
            regions: row.regions,
            rights: row.rights,
            email: row.email,
            language: row.language,
            skills: row.skills,
            tier: row.tier,
            active: row.active,
            version: 0,
            customer_id: None,
        };
        let read: Result<(Principal, i64), Error> = read.try_into();
        match read {
            Ok((principal, _)) if row.failure.is_none() => {
                plans.planned.entry(id).or_default().insert(at, principal);
            }
            _ => {
                plans.failed.entry(id).or_default().insert(at);
            }
        }
    }
    Ok(plans)
}

/// Who is to have one of these tokens, by issuer and subject.
pub(super) async fn to_have(
    connection: &mut PgConnection,
    tokens: &[(String, String)],
) -> Result<Vec<String>, sqlx::Error> {
    let (issuers, subjects): (Vec<String>, Vec<String>) = tokens.iter().cloned().unzip();
    sqlx::query_scalar!(
        "SELECT DISTINCT p.principal_id
         FROM unnest($1::text[], $2::text[]) AS t (issuer, subject)
         JOIN principal_plans p ON p.issuer = t.issuer AND p.subject = t.subject AND p.failure IS NULL",
        &issuers,
        &subjects,
    )
    .fetch_all(connection)
    .instrument(sql_span!("principal_plans.to_have", "SELECT"))
    .await
}

/// What is due by an instant, in its order.
pub(super) async fn due(
    connection: &mut PgConnection,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<DuePlan>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT begins_at AS "begins_at: SqlTimestamp", principal_id, issuer, subject, name, kind, roles, unit_ids, regions,
                  rights, email, language, skills, tier, active
           FROM principal_plans WHERE failure IS NULL AND begins_at <= $1 ORDER BY begins_at, principal_id LIMIT $2"#,
        until.to_sqlx() as _,
        limit,
    )
    .fetch_all(connection)
    .instrument(sql_span!("principal_plans.due", "SELECT"))
    .await?;
    let due = rows.into_iter().map(|row| {
        let read = PrincipalRow {
            id: row.principal_id.clone(),
            issuer: row.issuer,
            subject: row.subject,
            name: row.name,
            kind: row.kind,
            roles: row.roles,
            unit_ids: row.unit_ids,
            regions: row.regions,
            rights: row.rights,
            email: row.email,
            language: row.language,
            skills: row.skills,
            tier: row.tier,
            active: row.active,
            version: 0,
            customer_id: None,
        };
        let read: Result<(Principal, i64), Error> = read.try_into();
        let principal = read.map(|(principal, _)| principal).map_err(|error| error.to_string());
        DuePlan { at: row.begins_at.to_jiff(), id: row.principal_id, principal }
    });
    Ok(due.collect())
}

/// Of these people, who is planned at an instant to have another token than the one given.
pub(super) async fn giving_up(
    connection: &mut PgConnection,
    at: Timestamp,
    holders: &[(String, (String, String))],
) -> Result<HashSet<String>, sqlx::Error> {
    let ids: Vec<String> = holders.iter().map(|(id, _)| id.clone()).collect();
    let (issuers, subjects): (Vec<String>, Vec<String>) =
        holders.iter().map(|(_, token)| token.clone()).unzip();
    let giving_up = sqlx::query_scalar!(
        "SELECT p.principal_id FROM unnest($2::text[], $3::text[], $4::text[]) AS h (id, issuer, subject)
         JOIN principal_plans p ON p.principal_id = h.id
         WHERE p.begins_at = $1 AND p.failure IS NULL AND (p.issuer, p.subject) <> (h.issuer, h.subject)",
        at.to_sqlx() as _,
        &ids,
        &issuers,
        &subjects,
    )
    .fetch_all(connection)
    .instrument(sql_span!("principal_plans.giving_up", "SELECT"))
    .await?;
    Ok(giving_up.into_iter().collect())
}

/// Plans, in place of what was planned for the same instants.
pub(super) async fn plan(
    connection: &mut PgConnection,
    planned: &[(Timestamp, Principal)],
    by: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO principal_plans (principal_id, begins_at, issuer, subject, name, kind, roles, unit_ids, regions, rights,
                                      email, language, skills, tier, active, recorded_at, recorded_by)
         SELECT n.*, $2, $3
         FROM jsonb_to_recordset($1) AS n (principal_id text, begins_at timestamptz, issuer text, subject text, name text,
                                           kind int2, roles text[], unit_ids text[], regions int8[], rights text[], email text,
                                           language text, skills text[], tier int2, active bool)
         ON CONFLICT ON CONSTRAINT principal_plans_pkey DO UPDATE SET issuer = excluded.issuer, subject = excluded.subject,
             name = excluded.name, kind = excluded.kind, roles = excluded.roles, unit_ids = excluded.unit_ids,
             regions = excluded.regions, rights = excluded.rights, email = excluded.email, language = excluded.language,
             skills = excluded.skills, tier = excluded.tier, active = excluded.active, recorded_at = excluded.recorded_at,
             recorded_by = excluded.recorded_by, failure = NULL",
        Value::Array(planned.iter().map(row_of).collect()),
        now.to_sqlx() as _,
        by,
    )
    .execute(connection)
    .instrument(sql_span!("principal_plans.plan", "INSERT"))
    .await?;
    Ok(())
}

fn row_of((at, principal): &(Timestamp, Principal)) -> Value {
    let regions: Vec<i64> = principal.regions.iter().map(|region| region.as_i64()).collect();
    json!({
        "principal_id": principal.id, "begins_at": at.to_string(), "issuer": principal.issuer,
        "subject": principal.subject, "name": principal.name,
        "kind": kind_number(principal.kind), "roles": principal.roles, "unit_ids": principal.unit_ids, "regions": regions,
        "rights": principal.rights, "email": principal.email.as_deref().unwrap_or_default(),
        "language": principal.language, "skills": principal.skills, "tier": principal.tier, "active": principal.active,
    })
}

/// `kind` as in the contract.
pub(super) const fn kind_number(kind: PrincipalKind) -> i16 {
    match kind {
        PrincipalKind::Person => 1,
        PrincipalKind::Service => 2,
        PrincipalKind::Citizen => super::principals::CITIZEN,
    }
}

/// Takes plans out: they are given up, or have come into force.
pub(super) async fn delete<'p>(
    connection: &mut PgConnection,
    plans: impl Iterator<Item = (&'p str, Timestamp)>,
) -> Result<(), sqlx::Error> {
    let (ids, begin): (Vec<String>, Vec<SqlTimestamp>) =
        plans.map(|(id, at)| (id.to_owned(), at.to_sqlx())).unzip();
    sqlx::query!(
        "DELETE FROM principal_plans p USING unnest($1::text[], $2::timestamptz[]) AS n (principal_id, begins_at)
         WHERE p.principal_id = n.principal_id AND p.begins_at = n.begins_at",
        &ids,
        &begin as _,
    )
    .execute(connection)
    .instrument(sql_span!("principal_plans.delete", "DELETE"))
    .await?;
    Ok(())
}

/// They did not come into force: when, who and why.
pub(super) async fn fail(
    connection: &mut PgConnection,
    failed: &[(Timestamp, String, String)],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE principal_plans p SET failure = n.failure
         FROM unnest($1::text[], $2::timestamptz[], $3::text[]) AS n (principal_id, begins_at, failure)
         WHERE p.principal_id = n.principal_id AND p.begins_at = n.begins_at",
        &failed.iter().map(|(_, id, _)| id.clone()).collect::<Vec<_>>(),
        &failed.iter().map(|(at, ..)| at.to_sqlx()).collect::<Vec<_>>() as _,
        &failed.iter().map(|(.., why)| why.clone()).collect::<Vec<_>>(),
    )
    .execute(connection)
    .instrument(sql_span!("principal_plans.fail", "UPDATE"))
    .await?;
    Ok(())
}

/// What did not come into force; of these people, or of all.
pub(super) async fn failed(
    connection: &mut PgConnection,
    people: Option<&[String]>,
) -> Result<Vec<FailedPlan>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT principal_id, begins_at AS "begins_at: SqlTimestamp", coalesce(unit_ids[1], '') AS "unit_id!",
                  failure AS "failure!"
           FROM principal_plans WHERE failure IS NOT NULL AND ($1::text[] IS NULL OR principal_id = ANY ($1))
           ORDER BY principal_id, begins_at"#,
        people as _,
    )
    .fetch_all(connection)
    .instrument(sql_span!("principal_plans.failed", "SELECT"))
    .await?;
    let plan =
        |at: SqlTimestamp, person_id, unit_id, why| FailedPlan { person_id, unit_id, at: at.to_jiff(), why };
    Ok(rows.into_iter().map(|r| plan(r.begins_at, r.principal_id, r.unit_id, r.failure)).collect())
}
