//! `DraftService.DiscardDraft`. Source: T2.

use super::decode::{by, call};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::Reason;

/// What stands as the reason of its end.
const DISCARDED: &str = "discarded";

pub(super) async fn discard_draft(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::DiscardDraftRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let Some(call) = call else { return Err(violations.into_error()) };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let reason = Reason::parse(DISCARDED).map_err(Error::internal)?;
    let changed = opened.ticket.discard(reason, &by(caller)?, rooms.clock.now()).map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
