//! `RuleSetService.PublishRuleDraft`

use super::{
    decode::{note, request_id, request_key},
    show,
};
use crate::{Rooms, store::Publishing};
use gongdan_auth::Actor;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{PublishRuleDraftRequest, RuleSet};

pub(super) async fn publish_rule_draft(
    rooms: &Rooms,
    actor: &Actor,
    mut request: PublishRuleDraftRequest,
) -> Result<RuleSet, Error> {
    let mut violations = Violations::new();
    let id = violations.field("request_id", request_id(&std::mem::take(&mut request.request_id)));
    violations.field("note", note(&request.note));
    let Some(id) = id.filter(|_| violations.is_empty()) else { return Err(violations.into_error()) };
    let etag = std::mem::take(&mut request.etag);
    let key = request_key(&actor.principal_id, "PublishRuleDraft", id, &request);
    let act = Publishing { by: actor.principal_id.clone(), note: request.note, now: rooms.clock.now() };
    let set = rooms.store.publish_draft(&etag, &act, &key).await?;
    rooms.metrics.published(set.kind);
    Ok(show::rule_set(&set))
}
