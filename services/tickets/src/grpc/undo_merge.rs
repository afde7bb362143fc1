//! `LinkService.UndoMerge`. Source: T11.

use super::decode::{acting, call};
use crate::{
    Rooms,
    error::refused,
    store::{
        tickets::{Opened, TicketRef},
        together,
    },
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{Reason, Refusal, groups::links::undo_merge as undo};

pub(super) async fn undo_merge(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::UndoMergeRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let reason = violations.field("reason", Reason::parse(&request.reason));
    let (Some(call), Some(reason), true) = (call, reason, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let Some(into) = opened.ticket.groups.links.merged_into().map(|link| link.ticket) else {
        return Err(refused(Refusal::NotMerged));
    };
    let (_, target) = rooms.tickets.open_other(caller, &TicketRef::Id(into), None).await?;
    let before = rooms.tickets.before_last(opened.view.id, "merged").await?;
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let (source, target) = undo(opened.ticket, target, &before, &reason, &by, now).map_err(refused)?;
    together::save(rooms, opened.view, &source, &[&target], &[], &call).await
}
