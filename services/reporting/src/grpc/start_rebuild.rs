//! `RebuildService.StartRebuild`

use crate::{Rooms, store::rebuilds};
use gongdan_auth::Actor;
use gongdan_errors::Error;
use gongdan_proto::reporting::v1::{Rebuild, StartRebuildRequest};
use uuid::Uuid;

pub(super) async fn start_rebuild(
    rooms: &Rooms,
    by: &Actor,
    request: StartRebuildRequest,
) -> Result<Rebuild, Error> {
    let request_id: Uuid =
        request.request_id.parse().map_err(|_| Error::invalid_field("request_id", "required: a UUID"))?;
    let earlier = rebuilds::of_request(&rooms.pool, &by.principal_id, request_id);
    if let Some(row) = earlier.await.map_err(gongdan_pg::error)? {
        return Ok(row.into());
    }
    Ok(rooms.rebuilder.start(&by.principal_id, request_id).await?.into())
}
