//! `RuleSetService.GetRuleDraft`

use super::show;
use crate::Rooms;
use gongdan_errors::Error;
use gongdan_proto::routing::v1::RuleDraft;

pub(super) async fn get_rule_draft(rooms: &Rooms) -> Result<RuleDraft, Error> {
    Ok(show::draft(&rooms.store.draft().await?))
}
