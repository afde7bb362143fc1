//! `DutyService.DeleteRoster`

use super::{
    decode::{etag, request_id, request_key},
    duty,
};
use crate::Rooms;
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
    if let Some(before) = rooms.store.roster(&request.id).await? {
        duty::check_units(actor, std::iter::once(before.roster.unit_id.as_str()))?;
    }
    let revision = rooms.store.delete_roster(&request.id, guard, &key, rooms.clock.now()).await?;
    Ok(duty::roster(&revision))
}
