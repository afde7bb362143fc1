//! `RuleService.MoveRule`

use super::{
    decode::{etag, request_id, request_key},
    show,
};
use crate::{
    Rooms,
    store::{RuleWrite, Shelf},
};
use gongdan_auth::Actor;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{MoveRuleRequest, Rule, move_rule_request::Place};
use gongdan_routing_domain::Anchor;

pub(super) async fn move_rule(
    rooms: &Rooms,
    actor: &Actor,
    mut request: MoveRuleRequest,
) -> Result<Rule, Error> {
    let mut violations = Violations::new();
    let id = violations.field("request_id", request_id(&std::mem::take(&mut request.request_id)));
    let guard = etag(&std::mem::take(&mut request.etag));
    if request.id.is_empty() {
        violations.add("id", "required");
    }
    let Some(id) = id.filter(|_| violations.is_empty()) else { return Err(violations.into_error()) };
    let key = request_key(&actor.principal_id, "MoveRule", id, &request);
    let anchor = match request.place {
        Some(Place::BeforeId(other)) => Anchor::Before(other),
        Some(Place::AfterId(other)) => Anchor::After(other),
        None => Anchor::End,
    };
    let write = RuleWrite {
        shelf: Shelf::of(request.draft),
        etag: guard,
        by: actor.principal_id.clone(),
        now: rooms.clock.now(),
    };
    Ok(show::rule(&rooms.store.move_rule(&request.id, &anchor, &write, &key).await?))
}
