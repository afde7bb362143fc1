//! `RuleSetService.RollBackRules`

use super::{
    decode::{note, request_id, request_key},
    show,
};
use crate::{Rooms, store::Publishing};
use gongdan_auth::Actor;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{RollBackRulesRequest, RollBackRulesResponse};

pub(super) async fn roll_back_rules(
    rooms: &Rooms,
    actor: &Actor,
    mut request: RollBackRulesRequest,
) -> Result<RollBackRulesResponse, Error> {
    let mut violations = Violations::new();
    let id = violations.field("request_id", request_id(&std::mem::take(&mut request.request_id)));
    violations.field("note", note(&request.note));
    if request.number < 1 {
        violations.add("number", "from 1");
    }
    if request.in_force < 0 {
        violations.add("in_force", "from 1, or 0 for no guard");
    }
    let Some(id) = id.filter(|_| violations.is_empty()) else { return Err(violations.into_error()) };
    let seen = Some(std::mem::take(&mut request.in_force)).filter(|seen| *seen > 0);
    let key = request_key(&actor.principal_id, "RollBackRules", id, &request);
    let act = Publishing { by: actor.principal_id.clone(), note: request.note, now: rooms.clock.now() };
    let (set, passed_over) = rooms.store.roll_back(request.number, seen, &act, &key).await?;
    rooms.metrics.published(set.kind);
    Ok(RollBackRulesResponse {
        set: Some(show::rule_set(&set)),
        passed_over: passed_over.into_iter().collect(),
    })
}
