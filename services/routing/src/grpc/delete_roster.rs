//! `DutyService.DeleteRoster`

use super::{
    decode::{etag, request_id, request_key},
    duty,
};
use crate::{Rooms, store::Writer};
use gongdan_auth::Actor;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{DeleteRosterRequest, Roster};

pub(super) async fn delete_roster(
    rooms: &Rooms,
    actor: &Actor,
    mut request: DeleteRosterRequest,
) -> Result<Roster, Error> {
    let mut violations = Violations::new();
    let id = violations.field("request_id", request_id(&std::mem::take(&mut request.request_id)));
    let guard = etag(&std::mem::take(&mut request.etag));
    if request.id.is_empty() {
        violations.add("id", "required");
    }
    let Some(id) = id.filter(|_| violations.is_empty()) else { return Err(violations.into_error()) };
    let key = request_key(&actor.principal_id, "DeleteRoster", id, &request);
    let now = rooms.clock.now();
    let revision = rooms.store.delete_roster(&request.id, guard, Writer(actor), &key, now).await?;
    Ok(duty::roster(&revision))
}
