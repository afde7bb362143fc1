//! `OrganisationService.ImportOrganisationParts`: an organisation that one message does not hold. Source: R1.

use super::{
    import_organisation::import,
    parts::{self, Part},
};
use crate::Rooms;
use futures::StreamExt as _;
use gongdan_auth::Actor;
use gongdan_errors::Error;
use gongdan_proto::routing::v1::{
    ImportOrganisationPartsRequest, ImportOrganisationRequest, ImportOrganisationResponse,
};
use gongdan_routing_domain::import::MAX_ROWS;
use tonic::Streaming;

pub(super) async fn import_organisation_parts(
    rooms: &Rooms,
    actor: &Actor,
    parts: Streaming<ImportOrganisationPartsRequest>,
) -> Result<ImportOrganisationResponse, Error> {
    let _one_of_few = parts::one_of_few(rooms)?;
    let parts = parts.map(|message| message.map(|message| message.part.unwrap_or_default()));
    let whole = parts::read(parts, &rooms.imports).await?;
    import(rooms, actor, whole).await
}

impl Part for ImportOrganisationRequest {
    const ROWS: &'static str = "units";
    const MOST_ROWS: usize = MAX_ROWS;

    fn request_id(&mut self) -> &mut String {
        &mut self.request_id
    }

    fn rows(&self) -> usize {
        self.units.len() + self.principals.len() + self.areas.len()
    }

    fn append(&mut self, later: Self) {
        self.units.extend(later.units);
        self.principals.extend(later.principals);
        self.areas.extend(later.areas);
        self.replace_areas |= later.replace_areas;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_proto::routing::v1::AreaRow;

    #[test]
    fn parts_are_put_together_in_their_order() {
        let part = |region: &str, replace_areas| ImportOrganisationRequest {
            areas: vec![AreaRow { region: region.to_owned(), ..AreaRow::default() }],
            replace_areas,
            ..ImportOrganisationRequest::default()
        };
        let mut whole = part("44", false);
        whole.append(part("45", true));
        whole.append(part("46", false));
        let regions: Vec<_> = whole.areas.iter().map(|row| row.region.as_str()).collect();
        assert_eq!((regions, whole.rows(), whole.replace_areas), (vec!["44", "45", "46"], 3, true));
    }
}
