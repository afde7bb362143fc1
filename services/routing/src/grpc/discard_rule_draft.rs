//! `RuleSetService.DiscardRuleDraft`

use super::decode::{request_id, request_key};
use crate::Rooms;
use gongdan_auth::Actor;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{DiscardRuleDraftRequest, DiscardRuleDraftResponse};

pub(super) async fn discard_rule_draft(
    rooms: &Rooms,
    actor: &Actor,
    mut request: DiscardRuleDraftRequest,
) -> Result<DiscardRuleDraftResponse, Error> {
    let mut violations = Violations::new();
    let id = violations.field("request_id", request_id(&std::mem::take(&mut request.request_id)));
    let Some(id) = id else { return Err(violations.into_error()) };
    let etag = std::mem::take(&mut request.etag);
    let key = request_key(&actor.principal_id, "DiscardRuleDraft", id, &request);
    let by = (actor.principal_id.as_str(), rooms.clock.now());
    let discarded = rooms.store.discard_draft(&request.rule_ids, &etag, by, &key).await?;
    Ok(DiscardRuleDraftResponse { discarded: i32::try_from(discarded).unwrap_or(i32::MAX) })
}
