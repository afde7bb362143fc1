//! `AttachmentService.DownloadAttachment`. Source: T25, T36.

use super::{
    decode::{ticket_ref, uuid},
    list_attachments::presented,
    viewer::viewer_of,
};
use crate::{
    Rooms,
    store::attachments::{self, Attachment},
    store::files::{key, store_failed},
};
use gongdan_access::Caller;
use gongdan_blob::{Download, Wanted};
use gongdan_errors::{Error, Reason, Violations};
use gongdan_proto::tickets::v1::{self as pb, download_attachment_response::Part};
use std::{pin::Pin, sync::Arc};
use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt as _, wrappers::ReceiverStream};
use tonic::Status;

/// What the RPC answers with.
pub(super) type Pieces = Pin<Box<dyn Stream<Item = Result<pb::DownloadAttachmentResponse, Status>> + Send>>;

/// Bytes in one message.
const PIECE: usize = 256 * 1024;
/// Messages that may wait for a slow reader; the store waits with them.
const AHEAD: usize = 2;

pub(super) async fn download_attachment(
    rooms: &Arc<Rooms>,
    caller: &Caller,
    request: pb::DownloadAttachmentRequest,
) -> Result<Pieces, Error> {
    let mut violations = Violations::new();
    let ticket = ticket_ref(&request.ticket, &mut violations);
    let id = violations.field("attachment_id", uuid(&request.attachment_id));
    let offset = violations.field("offset", u64::try_from(request.offset).map_err(|_| "0 or more"));
    let length = violations.field("length", u64::try_from(request.length).map_err(|_| "0 or more"));
    let (Some(ticket), Some(id), Some(offset), Some(length)) = (ticket, id, offset, length) else {
        return Err(violations.into_error());
    };
    let view = rooms.tickets.view(&ticket).await?;
    view.check_acted_on(caller)?;
    gongdan_audit::touched("ticket", view.id);
    let viewer = viewer_of(caller, &view)?.masked();
    let file = attachments::get(&rooms.pool, view.id, id).await?;
    let file = file.filter(|file| file.public || !viewer.public_only).ok_or_else(not_found)?;
    gongdan_audit::touched("attachment", file.id);
    if file.from_reporter && !viewer.see_reporter {
        return Err(Error::permission_denied(
            Reason::ReporterConfidential,
            "what a reporter sent in confidence is not given to who may not know them",
        ));
    }
    let wanted = wanted(&file, offset, length)?;
    let content = rooms.files.store()?.download(&key(file.id), wanted).await.map_err(store_failed)?;
    let (messages, stream) = mpsc::channel(AHEAD);
    let told = presented(&file, viewer, view.told_to(viewer, &rooms.customers.sealer)?)?;
    let head = pb::DownloadAttachmentResponse { part: Some(Part::Attachment(told)) };
    tokio::spawn(send(head, content, messages));
    Ok(Box::pin(ReceiverStream::new(stream)))
}

pub(super) fn not_found() -> Error {
    Error::not_found(Reason::AttachmentNotFound, "no such attachment")
}

fn wanted(file: &Attachment, offset: u64, length: u64) -> Result<Wanted, Error> {
    let size = u64::try_from(file.size).map_err(Error::internal)?;
    if offset > size {
        return Err(Error::invalid_field("offset", format!("at most {size}, where the file ends")));
    }
    Ok(Wanted {
        size,
        offset,
        length: (length > 0).then_some(length),
        sha256: file.sha256.as_slice().try_into().ok(),
    })
}

async fn send(
    head: pb::DownloadAttachmentResponse,
    mut content: Download,
    messages: mpsc::Sender<Result<pb::DownloadAttachmentResponse, Status>>,
) {
    if messages.send(Ok(head)).await.is_err() {
        return;
    }
    while let Some(bytes) = content.next().await {
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(error) => {
                // A reader that left needs no answer.
                let _ = messages.send(Err(store_failed(error).into())).await;
                return;
            }
        };
        for piece in bytes.chunks(PIECE) {
            let part = Some(Part::Chunk(piece.to_vec()));
            if messages.send(Ok(pb::DownloadAttachmentResponse { part })).await.is_err() {
                return;
            }
        }
    }
}
