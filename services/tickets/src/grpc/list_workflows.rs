//! `WorkflowService.ListWorkflows`. Source: T31.

use super::{
    decode::page_size,
    workflow::{rule_to_pb, to_pb},
};
use crate::Rooms;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;

pub(super) async fn list_workflows(
    rooms: &Rooms,
    request: pb::ListWorkflowsRequest,
) -> Result<pb::ListWorkflowsResponse, Error> {
    let mut violations = Violations::new();
    let size = page_size(request.page_size, 50, 200, &mut violations);
    let after =
        BASE64_URL_SAFE_NO_PAD.decode(&request.page_token).ok().and_then(|b| String::from_utf8(b).ok());
    let after = violations.field("page_token", after.ok_or("a token of an earlier answer"));
    let (Some(after), true) = (after, violations.is_empty()) else { return Err(violations.into_error()) };
    let book = rooms.tickets.workflows.book().await?;
    let mut keys = book.newest().filter(|(key, _)| *key > after.as_str());
    let size = usize::try_from(size).unwrap_or(50);
    let page: Vec<(&str, i32)> = keys.by_ref().take(size).collect();
    let more = keys.next().is_some();
    let mut workflows = Vec::with_capacity(page.len());
    for (key, version) in &page {
        workflows.push(to_pb(&rooms.tickets.workflows.described(key, *version).await?, false));
    }
    let next_page_token = match page.last() {
        Some((key, _)) if more => BASE64_URL_SAFE_NO_PAD.encode(key),
        _ => String::new(),
    };
    let rules =
        if after.is_empty() { book.rules().into_iter().map(rule_to_pb).collect() } else { Vec::new() };
    Ok(pb::ListWorkflowsResponse { workflows, next_page_token, rules })
}
