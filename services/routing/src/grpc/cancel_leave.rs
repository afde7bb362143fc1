//! `DutyService.CancelLeave`

use super::{
    decode::{request_id, request_key},
    duty,
};
use crate::{Rooms, store::Writer};
use gongdan_auth::Actor;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{CancelLeaveRequest, Leave};
use uuid::Uuid;

pub(super) async fn cancel_leave(
    rooms: &Rooms,
    actor: &Actor,
    mut request: CancelLeaveRequest,
) -> Result<Leave, Error> {
    let mut violations = Violations::new();
    let asked = violations.field("request_id", request_id(&std::mem::take(&mut request.request_id)));
    let id = violations.field("id", Uuid::try_parse(&request.id).map_err(|_| "a UUID"));
    let (Some(asked), Some(id)) = (asked, id) else { return Err(violations.into_error()) };
    let key = request_key(&actor.principal_id, "CancelLeave", asked, &request);
    Ok(duty::leave(&rooms.store.cancel_leave(id, Writer(actor), &key, rooms.clock.now()).await?))
}
