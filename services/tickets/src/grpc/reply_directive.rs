//! `SupervisionService.ReplyDirective`. Source: T23.

use super::decode::{acting, call, uuid};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::ReplyText;

pub(super) async fn reply_directive(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::ReplyDirectiveRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let id = violations.field("directive_id", uuid(&request.directive_id));
    let reply = violations.field("reply", ReplyText::parse(&request.reply));
    let (Some(call), Some(id), Some(reply), true) = (call, id, reply, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let changed = opened.ticket.reply_directive(id, reply, &by, now).map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
