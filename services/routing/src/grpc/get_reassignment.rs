//! `ReassignmentService.GetReassignment`

use super::reassignments::{shown_one, visible};
use crate::Rooms;
use gongdan_access::Caller;
use gongdan_errors::Error;
use gongdan_proto::routing::v1::{self as pb, GetReassignmentRequest};

pub(super) async fn get_reassignment(
    rooms: &Rooms,
    caller: &Caller,
    request: GetReassignmentRequest,
) -> Result<pb::Reassignment, Error> {
    shown_one(rooms, visible(rooms, caller, &request.id).await?).await
}
