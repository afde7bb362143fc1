//! `RuleService.ListRules`

use super::{page::Page, show};
use crate::Rooms;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{ListRulesRequest, ListRulesResponse};

pub(super) async fn list_rules(rooms: &Rooms, request: ListRulesRequest) -> Result<ListRulesResponse, Error> {
    let mut violations = Violations::new();
    let all = ListRulesRequest::default();
    let page = Page::<i32>::decode(&all, request.page_size, &request.page_token, 100, 500, &mut violations);
    let Some(page) = page else { return Err(violations.into_error()) };
    let mut rules = rooms.store.list_rules(page.after.unwrap_or(0), page.limit()).await?;
    let next_page_token = page.cut(&mut rules, |revision| revision.rule.position);
    Ok(ListRulesResponse { rules: rules.iter().map(show::rule).collect(), next_page_token })
}
