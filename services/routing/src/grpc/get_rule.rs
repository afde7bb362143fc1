//! `RuleService.GetRule`

use super::show;
use crate::{Rooms, error};
use gongdan_errors::Error;
use gongdan_proto::routing::v1::{GetRuleRequest, Rule};

pub(super) async fn get_rule(rooms: &Rooms, request: GetRuleRequest) -> Result<Rule, Error> {
    let revision = rooms.store.rule(&request.id).await?.ok_or_else(error::rule_not_found)?;
    Ok(show::rule(&revision))
}
