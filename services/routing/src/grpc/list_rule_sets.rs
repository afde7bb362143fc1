//! `RuleSetService.ListRuleSets`

use super::{page::Page, show};
use crate::Rooms;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{ListRuleSetsRequest, ListRuleSetsResponse};

pub(super) async fn list_rule_sets(
    rooms: &Rooms,
    request: ListRuleSetsRequest,
) -> Result<ListRuleSetsResponse, Error> {
    let mut violations = Violations::new();
    let all = ListRuleSetsRequest::default();
    let page = Page::<i64>::decode(&all, request.page_size, &request.page_token, 50, 500, &mut violations);
    let Some(page) = page else { return Err(violations.into_error()) };
    let mut sets = rooms.store.list_rule_sets(page.after, page.limit()).await?;
    let next_page_token = page.cut(&mut sets, |set| set.number);
    Ok(ListRuleSetsResponse { sets: sets.iter().map(show::rule_set).collect(), next_page_token })
}
