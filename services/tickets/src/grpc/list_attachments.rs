//! `AttachmentService.ListAttachments`. Source: T25, T36.

use super::{
    decode::{page_size, ticket_ref, uuid},
    viewer::viewer_of,
};
use crate::{
    Rooms,
    store::{
        attachments::{self, Attachment},
        citizens,
        ticket_views::Viewer,
    },
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use uuid::Uuid;

pub(super) async fn list_attachments(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::ListAttachmentsRequest,
) -> Result<pb::ListAttachmentsResponse, Error> {
    let mut violations = Violations::new();
    let ticket = ticket_ref(&request.ticket, &mut violations);
    let size = page_size(request.page_size, 50, 200, &mut violations);
    let after = match request.page_token.as_str() {
        "" => Some(Uuid::nil()),
        token => violations.field("page_token", uuid(token).map_err(|_| "a token of an earlier answer")),
    };
    let (Some(ticket), Some(after), true) = (ticket, after, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let view = rooms.tickets.view(&ticket).await?;
    view.check_acted_on(caller)?;
    gongdan_audit::touched("ticket", view.id);
    let viewer = viewer_of(caller, &view)?.masked();
    let mut found = attachments::list(&rooms.pool, view.id, viewer.public_only, after, size + 1).await?;
    let more = i64::try_from(found.len()).is_ok_and(|found| found > size);
    if more {
        found.pop();
    }
    let next_page_token = found.last().filter(|_| more).map(|last| last.id.to_string()).unwrap_or_default();
    let told = view.told_to(viewer, &rooms.customers.sealer)?;
    let attachments = found.iter().map(|file| presented(file, viewer, &told)).collect::<Result<_, _>>()?;
    Ok(pb::ListAttachmentsResponse { attachments, next_page_token })
}

/// An attachment as who looks may see it: a name may tell who the reporter is.
pub(super) fn presented(
    file: &Attachment,
    viewer: Viewer,
    told: impl Fn(&str) -> String,
) -> Result<pb::Attachment, Error> {
    let mut attachment = file.present(told)?;
    if !viewer.see_reporter {
        citizens::hide(&mut attachment.attached_by);
        if attachment.from_reporter {
            attachment.name.clear();
        }
    }
    Ok(attachment)
}
