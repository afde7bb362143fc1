//! `ReassignmentService.StopReassignment`

use super::{
    decode::{request_id, request_key},
    reassignments::{shown_one, visible},
};
use crate::Rooms;
use gongdan_auth::Actor;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{self as pb, StopReassignmentRequest};

pub(super) async fn stop_reassignment(
    rooms: &Rooms,
    actor: &Actor,
    mut request: StopReassignmentRequest,
) -> Result<pb::Reassignment, Error> {
    let mut violations = Violations::new();
    let id = violations.field("request_id", request_id(&std::mem::take(&mut request.request_id)));
    let key = id.map(|id| request_key(&actor.principal_id, "StopReassignment", id, &request));
    let Some(key) = key else { return Err(violations.into_error()) };
    let found = visible(rooms, actor, &request.id).await?;
    gongdan_audit::touched("reassignment", found.id);
    let stopped =
        rooms.store.stop_reassignment(found.id, &actor.principal_id, &key, rooms.clock.now()).await?;
    rooms.reassigning.notify_one();
    shown_one(rooms, stopped).await
}
