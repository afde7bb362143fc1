//! `RuleService.GetRule`

use super::show;
use crate::{Rooms, error, store::Shelf};
use gongdan_errors::Error;
use gongdan_proto::routing::v1::{GetRuleRequest, Rule};

pub(super) async fn get_rule(rooms: &Rooms, request: GetRuleRequest) -> Result<Rule, Error> {
    let revision = if request.draft {
        let drafted = rooms.store.rules_on(Shelf::Draft).await?;
        drafted.into_iter().find(|one| one.rule.id == request.id)
    } else {
        rooms.store.rule(&request.id).await?
    };
    Ok(show::rule(&revision.ok_or_else(error::rule_not_found)?))
}
