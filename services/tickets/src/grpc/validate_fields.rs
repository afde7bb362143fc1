//! `FormService.ValidateFields`. Source: T6.

use super::{custom_fields::filled, get_form::version, put_form::key};
use crate::Rooms;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;

pub(super) async fn validate_fields(
    rooms: &Rooms,
    request: pb::ValidateFieldsRequest,
) -> Result<pb::ValidateFieldsResponse, Error> {
    let mut violations = Violations::new();
    let key = violations.field("key", key(&request.key));
    version(request.version, &mut violations);
    let (Some(key), true) = (key, violations.is_empty()) else { return Err(violations.into_error()) };
    let found = rooms.forms.version(&key, request.version).await?;
    let known = rooms.forms.known(&key, found.version).await?;
    filled("custom_fields", Some(&known), request.custom_fields, false, &mut violations);
    violations.finish()?;
    Ok(pb::ValidateFieldsResponse { version: known.version })
}
