//! `ResponsibilityService.PutResponsibility`. Source: R5.

use super::{
    decode::{etag, request_id, request_key},
    responsibility,
};
use crate::{Rooms, store::ResponsibilityRights};
use gongdan_access::Caller;
use gongdan_clock::new_id;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{PutResponsibilityRequest, Responsibility};
use uuid::Uuid;

pub(super) async fn put_responsibility(
    rooms: &Rooms,
    caller: &Caller,
    mut request: PutResponsibilityRequest,
) -> Result<Responsibility, Error> {
    let now = rooms.clock.now();
    let mut violations = Violations::new();
    let id = violations.field("request_id", request_id(&std::mem::take(&mut request.request_id)));
    let guard = etag(&std::mem::take(&mut request.etag));
    let key = id.map(|id| request_key(&caller.principal_id, "PutResponsibility", id, &request));
    let Some(message) = request.responsibility else {
        violations.add("responsibility", "required");
        return Err(violations.into_error());
    };
    let new = message.id.is_empty();
    let id = if new {
        Some(new_id(now))
    } else {
        violations.field("responsibility.id", Uuid::try_parse(&message.id).map_err(|_| "a UUID"))
    };
    let one = responsibility::decode(message, id.unwrap_or_default(), "responsibility.", &mut violations);
    let (Some(key), Some(one), true) = (key, one, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let by = ResponsibilityRights::of(caller);
    let kept = rooms.store.put_responsibility(one, new, guard, &by, &key, now).await?;
    gongdan_audit::touched("responsibility", kept.one.id);
    Ok(responsibility::show(&kept))
}
