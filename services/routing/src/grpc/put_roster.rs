//! `DutyService.PutRoster`

use super::{
    decode::{etag, request_id, request_key},
    duty,
};
use crate::{Rooms, store::Writer};
use gongdan_auth::Actor;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{PutRosterRequest, Roster};

pub(super) async fn put_roster(
    rooms: &Rooms,
    actor: &Actor,
    mut request: PutRosterRequest,
) -> Result<Roster, Error> {
    let mut violations = Violations::new();
    let id = violations.field("request_id", request_id(&std::mem::take(&mut request.request_id)));
    let guard = etag(&std::mem::take(&mut request.etag));
    let key = id.map(|id| request_key(&actor.principal_id, "PutRoster", id, &request));
    let Some(message) = request.roster else {
        violations.add("roster", "required");
        return Err(violations.into_error());
    };
    let Some(key) = key else { return Err(violations.into_error()) };
    if let Some(revision) = rooms.store.answered_roster(&key).await? {
        return Ok(duty::roster(&revision));
    }
    let writer = Writer(actor);
    writer.check_unit(&message.unit_id)?;
    let roster = duty::decode_roster(message, &mut violations);
    if !violations.is_empty() {
        return Err(violations.into_error());
    }
    let now = rooms.clock.now();
    let revision = rooms.store.put_roster(roster, guard, writer, &key, now).await?;
    Ok(duty::roster(&revision))
}
