//! `RuleService.ListRules`

use super::{page::Page, show};
use crate::{Rooms, store::Shelf};
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{ListRulesRequest, ListRulesResponse, Rule};
use prost::Message;

pub(super) async fn list_rules(rooms: &Rooms, request: ListRulesRequest) -> Result<ListRulesResponse, Error> {
    let mut violations = Violations::new();
    let filter = ListRulesRequest { draft: request.draft, ..ListRulesRequest::default() };
    let page =
        Page::<i32>::decode(&filter, request.page_size, &request.page_token, 100, 500, &mut violations);
    let Some(page) = page else { return Err(violations.into_error()) };
    if request.draft {
        return draft(rooms, &page).await;
    }
    let rules = rooms.store.list_rules(page.after.unwrap_or(0), page.limit()).await?;
    let mut rules: Vec<Rule> = rules.iter().map(show::rule).collect();
    let next_page_token = page.cut_long(&mut rules, Message::encoded_len, |rule| rule.position);
    Ok(ListRulesResponse { rules, next_page_token })
}

/// In a draft that is behind, two rules may have one place: its pages go by number.
async fn draft(rooms: &Rooms, page: &Page<i32>) -> Result<ListRulesResponse, Error> {
    let drafted = rooms.store.rules_on(Shelf::Draft).await?;
    let rules = drafted.iter().map(show::rule);
    let (rules, next_page_token) = page.of_all(rules, Message::encoded_len);
    Ok(ListRulesResponse { rules, next_page_token })
}
