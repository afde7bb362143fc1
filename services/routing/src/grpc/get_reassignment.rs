//! `ReassignmentService.GetReassignment`

use super::reassignments::{shown_one, visible};
use crate::Rooms;
use gongdan_auth::Actor;
use gongdan_errors::Error;
use gongdan_proto::routing::v1::{self as pb, GetReassignmentRequest};

pub(super) async fn get_reassignment(
    rooms: &Rooms,
    actor: &Actor,
    request: GetReassignmentRequest,
) -> Result<pb::Reassignment, Error> {
    shown_one(rooms, visible(rooms, actor, &request.id).await?).await
}
