//! `PrivacyService.ReleaseLegalHold`. Source: X11.

use super::{
    decode::uuid,
    place_legal_hold::{find, present},
};
use crate::{Rooms, store::legal_holds};
use gongdan_auth::Actor;
use gongdan_errors::{Error, Violations};
use gongdan_pg::error;
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{Text, mask_numbers};

type Why = Text<1, 500>;

pub(super) async fn release_legal_hold(
    rooms: &Rooms,
    actor: &Actor,
    request: pb::ReleaseLegalHoldRequest,
) -> Result<pb::LegalHold, Error> {
    let mut violations = Violations::new();
    let id = violations.field("id", uuid(&request.id));
    let reason = violations.field("reason", Why::parse(&request.reason));
    let (Some(id), Some(reason)) = (id, reason) else { return Err(violations.into_error()) };
    find(rooms, id).await?;
    let by = &actor.principal_id;
    let reason = mask_numbers(reason.as_str());
    legal_holds::release(&rooms.pool, id, by, &reason, rooms.clock.now()).await.map_err(error)?;
    tracing::info!(hold = %id, by, "a legal hold is released");
    Ok(present(find(rooms, id).await?))
}
