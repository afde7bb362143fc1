//! `InboxService.MarkRead`

use gongdan_auth::Actor;
use gongdan_errors::{Error, Violations};
use gongdan_proto::notifications::v1::{MarkReadRequest, MarkReadResponse};
use uuid::Uuid;

use super::decode;
use crate::Rooms;

pub(super) async fn mark_read(
    rooms: &Rooms,
    actor: &Actor,
    request: MarkReadRequest,
) -> Result<MarkReadResponse, Error> {
    let ids = decode(&request)?;
    let inbox = &actor.principal_id;
    let marked = rooms.store.mark_read(inbox, ids.as_deref(), rooms.clock.now()).await?;
    Ok(MarkReadResponse { marked, unread: rooms.store.unread(inbox).await? })
}

/// Which items; `None` for all.
fn decode(request: &MarkReadRequest) -> Result<Option<Vec<Uuid>>, Error> {
    let mut violations = Violations::new();
    let ids = match (request.all, request.ids.is_empty()) {
        (true, true) => Some(None),
        (true, false) => violations.field("ids", Err::<Option<Vec<Uuid>>, _>("empty when `all` is set")),
        (false, _) => violations.field("ids", decode::ids(&request.ids)).map(Some),
    };
    ids.ok_or_else(|| violations.into_error())
}
