//! `CatalogueService.GetCatalogue`.

use crate::{Rooms, store::catalogue::Head};
use gongdan_errors::Error;
use gongdan_proto::{tickets::v1 as pb, to_timestamp};

pub(super) async fn get_catalogue(
    rooms: &Rooms,
    request: pb::GetCatalogueRequest,
) -> Result<pb::Catalogue, Error> {
    Ok(present(rooms.catalogue.head(request.version).await?))
}

pub(super) fn present(head: Head) -> pb::Catalogue {
    pb::Catalogue {
        version: head.version,
        items: head.items,
        imported_at: Some(to_timestamp(head.imported_at)),
        created: head.created,
    }
}
