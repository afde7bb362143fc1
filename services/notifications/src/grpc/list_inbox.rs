//! `InboxService.ListInbox`

use gongdan_auth::Actor;
use gongdan_errors::{Error, Violations};
use gongdan_notifications_domain::PageSize;
use gongdan_proto::notifications::v1::{ListInboxRequest, ListInboxResponse};
use uuid::Uuid;

use crate::Rooms;

pub(super) async fn list_inbox(
    rooms: &Rooms,
    actor: &Actor,
    request: ListInboxRequest,
) -> Result<ListInboxResponse, Error> {
    let (size, after) = page(request.page_size, 500, &request.page_token)?;
    let inbox = &actor.principal_id;
    let mut items = rooms.store.inbox(inbox, request.unread_only, after, size.limit()).await?;
    let next_page_token = size.cut(&mut items, |last| Uuid::try_parse(&last.id).unwrap_or_default());
    Ok(ListInboxResponse { items, next_page_token, unread: rooms.store.unread(inbox).await? })
}

/// Which page.
pub(super) fn page(size: i32, most: i32, token: &str) -> Result<(PageSize, Option<Uuid>), Error> {
    let mut violations = Violations::new();
    let size = violations.field("page_size", PageSize::parse(size, most));
    let after = violations.field("page_token", PageSize::after(token));
    match (size, after) {
        (Some(size), Some(after)) => Ok((size, after)),
        _ => Err(violations.into_error()),
    }
}
