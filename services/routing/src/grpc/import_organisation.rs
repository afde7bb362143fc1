//! `OrganisationService.ImportOrganisation`

use super::{
    decode::{request_id, request_key},
    parts::one_of_few,
    show,
};
use crate::{Rooms, events::from_unit_kind};
use gongdan_auth::Actor;
use gongdan_errors::{Error, Violations};
use gongdan_proto::{
    common::v1::PrincipalKind as PbPrincipalKind,
    from_timestamp,
    routing::v1::{
        AreaRow, ImportOrganisationRequest, ImportOrganisationResponse, PrincipalRow, UnitKind, UnitRow,
    },
};
use gongdan_routing_domain::{
    PrincipalKind,
    import::{self, Upload},
};
use jiff::Timestamp;
use std::sync::Arc;

pub(super) async fn import_organisation(
    rooms: &Rooms,
    actor: &Actor,
    request: ImportOrganisationRequest,
) -> Result<ImportOrganisationResponse, Error> {
    let _one_of_few = one_of_few(rooms)?;
    import(rooms, actor, request).await
}

/// By whoever has a place among those that may go on at once.
pub(super) async fn import(
    rooms: &Rooms,
    actor: &Actor,
    mut request: ImportOrganisationRequest,
) -> Result<ImportOrganisationResponse, Error> {
    let mut violations = Violations::new();
    let id = violations.field("request_id", request_id(&std::mem::take(&mut request.request_id)));
    let key = id.map(|id| request_key(&actor.principal_id, "ImportOrganisation", id, &request));
    let units = request.units.into_iter().enumerate().map(|(n, row)| unit(n, row, &mut violations)).collect();
    let principals = request
        .principals
        .into_iter()
        .enumerate()
        .map(|(n, row)| principal(n, row, &mut violations))
        .collect();
    let areas = request.areas.into_iter().enumerate().map(|(n, row)| area(n, row, &mut violations)).collect();
    let upload = Arc::new(Upload { units, principals, areas, replace_areas: request.replace_areas });
    let Some(key) = key.filter(|_| violations.is_empty()) else {
        return Err(refused(rooms, &upload, actor, violations).await);
    };
    let imported = rooms
        .store
        .import(&upload, &rooms.default_issuer, &actor.principal_id, Some(&key), rooms.clock.now())
        .await?;
    rooms.imported(&imported);
    let summary = imported.summary;
    Ok(ImportOrganisationResponse {
        units_created: summary.units_created,
        units_changed: summary.units_changed,
        principals_created: summary.principals_created,
        principals_changed: summary.principals_changed,
        areas_begun: summary.areas_begun,
        areas_ended: summary.areas_ended,
        unchanged: summary.unchanged,
        units_planned: summary.units_planned,
        areas_planned: summary.areas_planned,
        principals_planned: summary.principals_planned,
        findings: imported.found.findings.iter().map(show::finding).collect(),
        more_findings: imported.found.more,
    })
}

/// All violations at once: those of the message itself and those against what there is.
async fn refused(rooms: &Rooms, upload: &Arc<Upload>, actor: &Actor, violations: Violations) -> Error {
    let mut found = violations.found().to_vec();
    match rooms.store.check(upload, &rooms.default_issuer, rooms.clock.now()).await {
        Ok(more) => found.extend(more),
        Err(error) => return error,
    }
    tracing::debug!(caller = actor.principal_id, violations = found.len(), "import refused");
    Error::invalid(found)
}

fn unit(n: usize, row: UnitRow, violations: &mut Violations) -> import::UnitRow {
    let kind = violations
        .field(format!("units[{n}].kind"), UnitKind::try_from(row.kind).map_err(|_| "an unknown kind"));
    import::UnitRow {
        id: row.id,
        name: row.name,
        kind: kind.and_then(from_unit_kind),
        parent_id: row.parent_id,
        region: row.region,
        valid_from: instant(&format!("units[{n}].valid_from"), row.valid_from, violations),
        valid_to: instant(&format!("units[{n}].valid_to"), row.valid_to, violations),
        changes_from: instant(&format!("units[{n}].changes_from"), row.changes_from, violations),
    }
}

/// An instant, as precise as it is kept.
pub(super) fn instant(
    field: &str,
    at: Option<prost_types::Timestamp>,
    violations: &mut Violations,
) -> Option<Timestamp> {
    let at = at.and_then(|at| violations.field(field, from_timestamp(&at)))?;
    // So that the same again is the same.
    Timestamp::from_microsecond(at.as_microsecond()).ok()
}

fn principal(n: usize, row: PrincipalRow, violations: &mut Violations) -> import::PrincipalRow {
    let kind = match PbPrincipalKind::try_from(row.kind) {
        Ok(PbPrincipalKind::Unspecified) => None,
        Ok(PbPrincipalKind::Person) => Some(PrincipalKind::Person),
        Ok(PbPrincipalKind::Service) => Some(PrincipalKind::Service),
        Ok(PbPrincipalKind::Citizen) => Some(PrincipalKind::Citizen),
        Err(_) => {
            violations.add(format!("principals[{n}].kind"), "an unknown kind");
            None
        }
    };
    import::PrincipalRow {
        id: row.id,
        issuer: row.issuer,
        subject: row.subject,
        name: row.name,
        kind,
        roles: row.roles,
        unit_ids: row.unit_ids,
        regions: row.regions,
        rights: row.rights,
        email: row.email,
        skills: row.skills,
        tier: row.tier,
        active: row.active,
        language: row.language,
        customer_id: row.customer_id,
        changes_from: instant(&format!("principals[{n}].changes_from"), row.changes_from, violations),
    }
}

fn area(n: usize, row: AreaRow, violations: &mut Violations) -> import::AreaRow {
    import::AreaRow {
        region: row.region,
        region_to: row.region_to,
        item: row.item,
        unit_id: row.unit_id,
        changes_from: instant(&format!("areas[{n}].changes_from"), row.changes_from, violations),
    }
}
