//! `OrganisationService.CheckOrganisation`

use super::show::finding;
use crate::{Rooms, error};
use gongdan_errors::Error;
use gongdan_proto::routing::v1::{CheckOrganisationRequest, CheckOrganisationResponse};
use gongdan_routing_domain::finding::FindingKind;

/// Findings that are told.
const MOST: usize = 1_000;

pub(super) async fn check_organisation(
    rooms: &Rooms,
    request: CheckOrganisationRequest,
) -> Result<CheckOrganisationResponse, Error> {
    let unit = request.unit_id;
    if !unit.is_empty() {
        rooms.store.unit(&unit, None).await?.ok_or_else(error::unit_not_found)?;
    }
    let mut found = rooms.store.findings(rooms.clock.now()).await?;
    let of_all = |kind| kind == FindingKind::TicketsNotYetKnown;
    found.retain(|finding| unit.is_empty() || finding.unit_id == unit || of_all(finding.kind));
    let more_findings = i32::try_from(found.len().saturating_sub(MOST)).unwrap_or(i32::MAX);
    let findings = found.iter().take(MOST).map(finding).collect();
    Ok(CheckOrganisationResponse { findings, more_findings })
}
