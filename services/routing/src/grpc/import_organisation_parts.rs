//! `OrganisationService.ImportOrganisationParts`: an organisation that one message does not hold. Source: R1.

use super::import_organisation::import_organisation;
use crate::Rooms;
use gongdan_auth::Actor;
use gongdan_errors::{Code, Error};
use gongdan_proto::routing::v1::{
    ImportOrganisationPartsRequest, ImportOrganisationRequest, ImportOrganisationResponse,
};
use gongdan_routing_domain::import::MAX_ROWS;
use tonic::{Status, Streaming};

pub(super) async fn import_organisation_parts(
    rooms: &Rooms,
    actor: &Actor,
    mut parts: Streaming<ImportOrganisationPartsRequest>,
) -> Result<ImportOrganisationResponse, Status> {
    let mut whole = ImportOrganisationRequest::default();
    while let Some(part) = parts.message().await.map_err(readable)? {
        add(&mut whole, part.part.unwrap_or_default())?;
    }
    Ok(import_organisation(rooms, actor, whole).await?)
}

/// The rows of a part behind those that came before.
fn add(whole: &mut ImportOrganisationRequest, part: ImportOrganisationRequest) -> Result<(), Error> {
    if whole.request_id.is_empty() {
        whole.request_id.clone_from(&part.request_id);
    } else if !part.request_id.is_empty() && part.request_id != whole.request_id {
        return Err(Error::invalid_field("request_id", "the same in all parts, or only in the first"));
    }
    whole.units.extend(part.units);
    whole.principals.extend(part.principals);
    whole.areas.extend(part.areas);
    whole.replace_areas |= part.replace_areas;
    let rows = whole.units.len() + whole.principals.len() + whole.areas.len();
    if rows > MAX_ROWS {
        return Err(Error::invalid_field("units", format!("at most {MAX_ROWS} rows in all parts")));
    }
    Ok(())
}

/// What cannot be decoded is the caller's fault.
fn readable(status: Status) -> Status {
    match status.code() {
        Code::Internal => Error::unreadable("a part is not what the contract sends").into(),
        _ => status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_proto::routing::v1::AreaRow;

    #[test]
    fn parts_are_put_together_in_their_order() {
        let mut whole = ImportOrganisationRequest::default();
        let part = |id: &str, region: &str| ImportOrganisationRequest {
            request_id: id.to_owned(),
            areas: vec![AreaRow { region: region.to_owned(), ..AreaRow::default() }],
            ..ImportOrganisationRequest::default()
        };
        add(&mut whole, part("a", "44")).unwrap();
        add(&mut whole, part("", "45")).unwrap();
        add(&mut whole, part("a", "46")).unwrap();
        let regions: Vec<_> = whole.areas.iter().map(|row| row.region.as_str()).collect();
        assert_eq!((whole.request_id.as_str(), regions), ("a", vec!["44", "45", "46"]));
        let other = add(&mut whole, part("b", "47")).unwrap_err();
        assert_eq!(other.violations()[0].field, "request_id");
    }

    #[test]
    fn no_caller_makes_the_service_keep_any_number_of_rows() {
        let mut whole = ImportOrganisationRequest::default();
        let part = ImportOrganisationRequest {
            areas: vec![AreaRow::default(); MAX_ROWS],
            ..ImportOrganisationRequest::default()
        };
        add(&mut whole, part.clone()).unwrap();
        assert_eq!(add(&mut whole, part).unwrap_err().violations()[0].field, "units");
    }
}
