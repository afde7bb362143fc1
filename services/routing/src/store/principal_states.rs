//! Table `principal_states`: what staff were, without names. Source: R1, effective dates.

use super::principal_plans::kind_number;
use gongdan_routing_domain::{Principal, PrincipalKind};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::PgConnection;
use tracing::Instrument as _;

/// A state that ended: until when, whose, and what it was with its version; none: they were not there.
pub(super) type Ended = (Timestamp, String, Option<(Principal, i64)>);

/// What ends where somebody becomes something else at an instant, if it is worth to be kept.
pub(super) fn ended(at: Timestamp, before: Option<&(Principal, i64)>, after: &Principal) -> Option<Ended> {
    let Some((before, version)) = before else { return Some((at, after.id.clone(), None)) };
    let citizen = before.kind == PrincipalKind::Citizen || after.kind == PrincipalKind::Citizen;
    let kept = !citizen && !before.stands_as(after);
    kept.then(|| (at, before.id.clone(), Some((before.clone(), *version))))
}

/// Keeps states that ended: behind those before, should a clock have gone back since.
pub(super) async fn keep(connection: &mut PgConnection, ended: &[Ended]) -> Result<(), sqlx::Error> {
    if ended.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO principal_states (principal_id, ended_at, version, kind, roles, unit_ids, regions, rights, skills, tier,
                                       active)
         SELECT n.id, greatest(n.ended_at, (SELECT max(s.ended_at) + interval '1 microsecond' FROM principal_states s
                                            WHERE s.principal_id = n.id)),
                n.version, n.kind, n.roles, n.unit_ids, n.regions, n.rights, n.skills, n.tier, n.active
         FROM jsonb_to_recordset($1) AS n (id text, ended_at timestamptz, version int8, kind int2, roles text[],
                                           unit_ids text[], regions int8[], rights text[], skills text[], tier int2,
                                           active bool)
         ON CONFLICT DO NOTHING",
        Value::Array(ended.iter().map(row_of).collect()),
    )
    .execute(connection)
    .instrument(sql_span!("principal_states.keep", "INSERT"))
    .await?;
    Ok(())
}

fn row_of((at, id, state): &Ended) -> Value {
    let ended_at = at.to_string();
    let Some((principal, version)) = state else { return json!({ "id": id, "ended_at": ended_at }) };
    let regions: Vec<i64> = principal.regions.iter().map(|region| region.as_i64()).collect();
    json!({
        "id": id, "ended_at": ended_at, "version": version, "kind": kind_number(principal.kind), "roles": principal.roles,
        "unit_ids": principal.unit_ids, "regions": regions, "rights": principal.rights, "skills": principal.skills,
        "tier": principal.tier, "active": principal.active,
    })
}
