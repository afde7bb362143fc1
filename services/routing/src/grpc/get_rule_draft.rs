//! `RuleSetService.GetRuleDraft`

use super::{page::Page, show};
use crate::Rooms;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{GetRuleDraftRequest, RuleDraft};
use prost::Message;

pub(super) async fn get_rule_draft(rooms: &Rooms, request: GetRuleDraftRequest) -> Result<RuleDraft, Error> {
    let mut draft = show::draft(&rooms.store.draft().await?);
    // Pages are of one state of it.
    let state = RuleDraft { etag: draft.etag.clone(), ..RuleDraft::default() };
    let mut violations = Violations::new();
    let (size, token) = (request.page_size, &request.page_token);
    let Some(page) = Page::<i32>::decode(&state, size, token, 100, 500, &mut violations) else {
        return Err(violations.into_error());
    };
    (draft.changes, draft.next_page_token) = page.of_all(draft.changes.into_iter(), Message::encoded_len);
    Ok(draft)
}
