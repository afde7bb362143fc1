//! `ReassignmentService.StopReassignment`

use super::{
    decode::{request_id, request_key},
    reassignments::{shown_one, visible},
};
use crate::{Rooms, error, store::Reach};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{self as pb, StopReassignmentRequest};

pub(super) async fn stop_reassignment(
    rooms: &Rooms,
    caller: &Caller,
    mut request: StopReassignmentRequest,
) -> Result<pb::Reassignment, Error> {
    let mut violations = Violations::new();
    let id = violations.field("request_id", request_id(&std::mem::take(&mut request.request_id)));
    let key = id.map(|id| request_key(&caller.principal_id, "StopReassignment", id, &request));
    let Some(key) = key else { return Err(violations.into_error()) };
    let found = visible(rooms, caller, &request.id).await?;
    // Of tickets that others began it for the caller has no say.
    let reach = Reach::of(caller, &caller.scope());
    if !rooms.store.reaches_all(&reach, found.id).await? {
        return Err(error::stops_for_others(&found.unit_ids));
    }
    gongdan_audit::touched("reassignment", found.id);
    let stopped =
        rooms.store.stop_reassignment(found.id, &caller.principal_id, &key, rooms.clock.now()).await?;
    rooms.reassigning.notify_one();
    shown_one(rooms, stopped).await
}
