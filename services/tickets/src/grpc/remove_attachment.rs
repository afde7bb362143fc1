//! `AttachmentService.RemoveAttachment`. Source: T25.

use super::{
    decode::{acting, call, uuid},
    download_attachment::not_found,
};
use crate::{
    Rooms,
    error::{held, refused},
    store::{attachments, legal_holds, tickets::Opened},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Reason, Violations};
use gongdan_pg::error;
use gongdan_proto::{common::v1::PrincipalKind, tickets::v1 as pb};
use gongdan_tickets_domain::Note;

pub(super) async fn remove_attachment(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::RemoveAttachmentRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let id = violations.field("attachment_id", uuid(&request.attachment_id));
    let reason = violations.field("reason", Note::parse(&request.reason));
    let (Some(call), Some(id), Some(reason)) = (call, id, reason) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let file = attachments::get(&rooms.pool, opened.view.id, id).await?.ok_or_else(not_found)?;
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let own = file.by()?;
    let mine = own.id == by.id.as_str();
    if caller.kind == PrincipalKind::Citizen && !mine {
        return Err(if file.public { not_own() } else { not_found() });
    }
    let colleague = own.unit_ids.iter().any(|unit| by.unit_ids.iter().any(|own| own.as_str() == unit));
    if !mine && !colleague && !opened.any_unit {
        return Err(not_own());
    }
    let mut connection = rooms.pool.acquire().await.map_err(error)?;
    let holds = legal_holds::of_tickets(&mut connection, &[opened.view.id], now).await.map_err(error)?;
    drop(connection);
    if let Some((_, hold)) = holds.first() {
        return Err(held(*hold));
    }
    let changed = opened.ticket.detach(id, file.public, reason, &by, now).map_err(refused)?;
    let ticket = rooms.tickets.save(opened.view, &changed, &call).await?;
    rooms.sweep.notify_one();
    Ok(ticket)
}

fn not_own() -> Error {
    Error::permission_denied(
        Reason::NotRecipient,
        "only who attached it, or the unit or desk responsible, removes it",
    )
}
