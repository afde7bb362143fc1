//! `AttachmentService.UploadAttachment`. Source: T25.

use super::{
    decode::{acting, call},
    list_attachments::presented,
    list_notes::shown,
};
use crate::{
    Rooms,
    error::refused,
    store::files::store_failed,
    store::{
        attachments,
        tickets::{Call, Fresh, Opened},
    },
};
use gongdan_access::Caller;
use gongdan_blob::{Claim, Refused, Stored, Upload, UploadError};
use gongdan_clock::new_id;
use gongdan_errors::{Code, Error, Violations};
use gongdan_proto::{
    common::v1::PrincipalKind,
    tickets::v1::{self as pb, upload_attachment_request::Part},
};
use gongdan_tickets_domain::groups::attachment::{File, FileName};
use std::sync::Arc;
use tokio::time::{Instant, timeout, timeout_at};
use tonic::{Status, Streaming};
use uuid::Uuid;

/// Acts of others meanwhile after which it is tried again: attaching something goes with all of them.
const ATTEMPTS: usize = 10;

struct Header {
    call: Call,
    public: bool,
    from_reporter: bool,
    name: FileName,
    claim: Claim,
}

pub(super) async fn upload_attachment(
    rooms: &Arc<Rooms>,
    caller: &Caller,
    mut stream: Streaming<pb::UploadAttachmentRequest>,
) -> Result<pb::Attachment, Error> {
    let ends = Instant::now() + rooms.config.attachments.longest;
    let Some(Part::Header(header)) = next(rooms, &mut stream, ends).await? else {
        return Err(Error::invalid_field("header", "the first message"));
    };
    let header = decode(caller, header)?;
    let opened = match rooms.tickets.open(&header.call).await? {
        Opened::Answered(ticket) => return answered(rooms, caller, &ticket).await,
        Opened::Fresh(opened) => opened,
    };
    opened.ticket.may_attach(rooms.config.attachments.max_per_ticket).map_err(refused)?;
    let id = new_id(rooms.clock.now());
    let upload = rooms.files.upload(id, header.claim.clone())?;
    upload.judge_claim().map_err(not_taken)?;
    attachments::begin(&rooms.pool, id, rooms.clock.now()).await?;
    let mut begun = Begun { rooms: rooms.clone(), id, kept: false };
    let stored = receive(rooms, upload, &mut stream, ends).await?;
    let ticket = Box::pin(attach(rooms, caller, header, *opened, id, stored)).await?;
    begun.kept = true;
    answered(rooms, caller, &ticket).await
}

/// The next part; none at the end.
async fn next(
    rooms: &Rooms,
    stream: &mut Streaming<pb::UploadAttachmentRequest>,
    ends: Instant,
) -> Result<Option<Part>, Error> {
    let message = timeout(rooms.config.attachments.idle, timeout_at(ends, stream.message()));
    match message.await {
        Ok(Ok(Ok(Some(request)))) => {
            request.part.map(Some).ok_or_else(|| Error::invalid_field("part", "a header or a chunk"))
        }
        Ok(Ok(Ok(None))) => Ok(None),
        Ok(Ok(Err(status))) => Err(cut_off(&status)),
        Ok(Err(_)) | Err(_) => Err(Error::deadline_exceeded()),
    }
}

/// The stream broke: what came of it is of no use to anybody.
fn cut_off(status: &Status) -> Error {
    match status.code() {
        Code::OutOfRange | Code::ResourceExhausted => Error::too_large("a piece of up to 1 MiB"),
        _ => Error::unreadable("the upload was cut off"),
    }
}

fn decode(caller: &Caller, mut header: pb::AttachmentHeader) -> Result<Header, Error> {
    let citizen = caller.kind == PrincipalKind::Citizen;
    let mut violations = Violations::new();
    let call = call(&mut header, caller, &mut violations);
    let name = violations.field("header.name", FileName::parse(&header.name));
    let size = violations.field("header.size", positive(header.size));
    let sha256: Option<[u8; 32]> =
        violations.field("header.sha256", header.sha256.as_slice().try_into().map_err(|_| "32 bytes"));
    if header.media_type.len() > 200 {
        violations.add("header.media_type", "up to 200 characters");
    }
    let (Some(call), Some(name), Some(size), true) = (call, name, size, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let claim = Claim { media_type: header.media_type, size: Some(size), sha256 };
    Ok(Header {
        call,
        public: citizen || header.public,
        from_reporter: citizen || header.from_reporter,
        name,
        claim,
    })
}

fn positive(size: i64) -> Result<u64, &'static str> {
    u64::try_from(size).ok().filter(|size| *size > 0).ok_or("at least 1")
}

async fn receive(
    rooms: &Rooms,
    mut upload: Upload,
    stream: &mut Streaming<pb::UploadAttachmentRequest>,
    ends: Instant,
) -> Result<Stored, Error> {
    while let Some(part) = next(rooms, stream, ends).await? {
        let Part::Chunk(chunk) = part else {
            return Err(Error::invalid_field("header", "only once"));
        };
        upload.write(chunk.into()).await.map_err(failed)?;
    }
    upload.finish().await.map_err(failed)
}

/// Attaches what is in the store now.
async fn attach(
    rooms: &Rooms,
    caller: &Caller,
    header: Header,
    mut opened: Fresh,
    id: Uuid,
    stored: Stored,
) -> Result<pb::Ticket, Error> {
    let file = File {
        id,
        public: header.public,
        from_reporter: header.from_reporter,
        media_type: stored.media_type,
        size: i64::try_from(stored.size).map_err(Error::internal)?,
        sha256: stored.sha256,
        name: header.name,
    };
    let max = rooms.config.attachments.max_per_ticket;
    let call = Call { etag: None, ..header.call };
    let mut attempt = 0;
    loop {
        attempt += 1;
        let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
        let changed = opened.ticket.attach(file.clone(), max, &by, now).map_err(refused)?;
        match rooms.tickets.save(opened.view, &changed, &call).await {
            Err(error) if error.code() == Code::Aborted && attempt < ATTEMPTS => {}
            other => return other,
        }
        opened = match rooms.tickets.open(&call).await? {
            Opened::Answered(ticket) => return Ok(*ticket),
            Opened::Fresh(opened) => *opened,
        };
    }
}

/// The attachment that came with this version of a ticket.
async fn answered(rooms: &Rooms, caller: &Caller, ticket: &pb::Ticket) -> Result<pb::Attachment, Error> {
    let (view, viewer) = shown(rooms, caller, &ticket.id).await?;
    let file = attachments::of_version(&rooms.pool, view.id, ticket.version).await?;
    let file = file.ok_or_else(super::download_attachment::not_found)?;
    gongdan_audit::touched("attachment", file.id);
    presented(&file, viewer, view.told_to(viewer, &rooms.customers.sealer)?)
}

fn not_taken(refused: Refused) -> Error {
    let field = match refused {
        Refused::Empty | Refused::TooBig { .. } | Refused::Size { .. } => "header.size",
        Refused::Hash { .. } => "header.sha256",
        Refused::Kind { .. } | Refused::OtherKind { .. } => "header.media_type",
    };
    Error::invalid_field(field, refused)
}

fn failed(error: UploadError) -> Error {
    match error {
        UploadError::Refused(refused) => not_taken(refused),
        UploadError::Store(error) => store_failed(error),
    }
}

/// An object that was begun: unless the ticket has it in the end, nobody wants it, however this call ends.
struct Begun {
    rooms: Arc<Rooms>,
    id: Uuid,
    kept: bool,
}

impl Drop for Begun {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let (rooms, id) = (self.rooms.clone(), self.id);
        tokio::spawn(async move {
            match attachments::give_up(&rooms.pool, id).await {
                Ok(()) => rooms.sweep.notify_one(),
                // The sweeper finds it by its age.
                Err(error) => tracing::warn!(%error, "an upload that came to nothing waits to be swept"),
            }
        });
    }
}
