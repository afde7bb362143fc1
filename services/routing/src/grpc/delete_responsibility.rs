//! `ResponsibilityService.DeleteResponsibility`. Source: R5.

use super::decode::{etag, request_id, request_key};
use crate::{Rooms, store::ResponsibilityRights};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{DeleteResponsibilityRequest, DeleteResponsibilityResponse};
use uuid::Uuid;

pub(super) async fn delete_responsibility(
    rooms: &Rooms,
    caller: &Caller,
    mut request: DeleteResponsibilityRequest,
) -> Result<DeleteResponsibilityResponse, Error> {
    let mut violations = Violations::new();
    let id = violations.field("request_id", request_id(&std::mem::take(&mut request.request_id)));
    let guard = etag(&std::mem::take(&mut request.etag));
    let key = id.map(|id| request_key(&caller.principal_id, "DeleteResponsibility", id, &request));
    let id = violations.field("id", Uuid::try_parse(&request.id).map_err(|_| "a UUID"));
    let (Some(key), Some(id)) = (key, id) else { return Err(violations.into_error()) };
    let by = ResponsibilityRights::of(caller);
    rooms.store.delete_responsibility(id, guard, &by, &key, rooms.clock.now()).await?;
    gongdan_audit::touched("responsibility", id);
    Ok(DeleteResponsibilityResponse {})
}
