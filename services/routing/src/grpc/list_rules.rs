//! `RuleService.ListRules`

use super::{page::Page, show};
use crate::{Rooms, store::Shelf};
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{ListRulesRequest, ListRulesResponse};

pub(super) async fn list_rules(rooms: &Rooms, request: ListRulesRequest) -> Result<ListRulesResponse, Error> {
    let mut violations = Violations::new();
    let filter = ListRulesRequest { draft: request.draft, ..ListRulesRequest::default() };
    let page =
        Page::<i32>::decode(&filter, request.page_size, &request.page_token, 100, 500, &mut violations);
    let Some(page) = page else { return Err(violations.into_error()) };
    if request.draft {
        return draft(rooms, &page).await;
    }
    let mut rules = rooms.store.list_rules(page.after.unwrap_or(0), page.limit()).await?;
    let next_page_token = page.cut(&mut rules, |revision| revision.rule.position);
    Ok(ListRulesResponse { rules: rules.iter().map(show::rule).collect(), next_page_token })
}

/// In a draft that is behind, two rules may have one place: its pages go by number.
async fn draft(rooms: &Rooms, page: &Page<i32>) -> Result<ListRulesResponse, Error> {
    let drafted = rooms.store.rules_on(Shelf::Draft).await?;
    let before = page.after.and_then(|after| usize::try_from(after).ok()).unwrap_or(0);
    let mut rules: Vec<_> = drafted.iter().zip(1_i32..).skip(before).take(page.size + 1).collect();
    let next_page_token = page.cut(&mut rules, |(_, number)| *number);
    Ok(ListRulesResponse { rules: rules.iter().map(|(rule, _)| show::rule(rule)).collect(), next_page_token })
}
