//! `RuleSetService.DiffRuleSets`

use super::{page::Page, show};
use crate::Rooms;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{DiffRuleSetsRequest, DiffRuleSetsResponse};
use gongdan_routing_domain::changed;
use prost::Message;

pub(super) async fn diff_rule_sets(
    rooms: &Rooms,
    request: DiffRuleSetsRequest,
) -> Result<DiffRuleSetsResponse, Error> {
    let mut violations = Violations::new();
    if request.from < 1 {
        violations.add("from", "from 1");
    }
    if request.to < 0 {
        violations.add("to", "from 1, or 0 for the set in force");
    }
    violations.finish()?;
    // Pages are of the same two sets.
    let to = match request.to {
        0 => rooms.store.set_in_force().await?,
        to => to,
    };
    let sets = DiffRuleSetsRequest { from: request.from, to, ..DiffRuleSetsRequest::default() };
    let mut violations = Violations::new();
    let (size, token) = (request.page_size, &request.page_token);
    let Some(page) = Page::<i32>::decode(&sets, size, token, 100, 500, &mut violations) else {
        return Err(violations.into_error());
    };
    let before = rooms.store.rules_of_set(request.from).await?;
    let after = rooms.store.rules_of_set(to).await?;
    let changes = changed(&before, &after, |one| &one.rule).into_iter().map(show::rule_change);
    let (changes, next_page_token) = page.of_all(changes, Message::encoded_len);
    Ok(DiffRuleSetsResponse { changes, next_page_token })
}
