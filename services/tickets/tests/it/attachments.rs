//! T25: attachments are there whole and as they were said to be, or not at all.

use crate::suite::{Suite, accept, complaint, dispatch, fields, id, reason};
use gongdan_auth::AuthChannel;
use gongdan_proto::tickets::v1::{
    self as pb, attachment_service_client::AttachmentServiceClient,
    download_attachment_response::Part as Got, upload_attachment_request::Part,
};
use gongdan_testkit::{PrincipalSpec, eventually};
use sha2::{Digest as _, Sha256};
use std::{path::Path, sync::Arc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};

pub fn files(suite: &Suite, principal: &str) -> AttachmentServiceClient<AuthChannel> {
    AttachmentServiceClient::new(suite.env.channel(&suite.service, principal))
}

pub fn png(length: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend((bytes.len()..length).map(|at| u8::try_from(at % 251).unwrap()));
    bytes
}

pub fn header(ticket: &pb::Ticket, bytes: &[u8]) -> pb::AttachmentHeader {
    pb::AttachmentHeader {
        request_id: id(),
        ticket: ticket.id.clone(),
        name: "现场照片.png".to_owned(),
        media_type: "image/png".to_owned(),
        size: i64::try_from(bytes.len()).unwrap(),
        sha256: Sha256::digest(bytes).to_vec(),
        ..Default::default()
    }
}

fn message(part: Part) -> pb::UploadAttachmentRequest {
    pb::UploadAttachmentRequest { part: Some(part) }
}

pub async fn upload(
    suite: &Suite,
    who: &str,
    header: pb::AttachmentHeader,
    bytes: &[u8],
) -> Result<pb::Attachment, Status> {
    let chunks = bytes.chunks(100_000).map(|chunk| message(Part::Chunk(chunk.to_vec())));
    let messages: Vec<_> = std::iter::once(message(Part::Header(header))).chain(chunks).collect();
    files(suite, who).upload_attachment(tokio_stream::iter(messages)).await.map(tonic::Response::into_inner)
}

pub async fn download(
    suite: &Suite,
    who: &str,
    request: pb::DownloadAttachmentRequest,
) -> Result<(pb::Attachment, Vec<u8>), Status> {
    let mut stream = files(suite, who).download_attachment(request).await?.into_inner();
    let (mut told, mut bytes) = (None, Vec::new());
    while let Some(answer) = stream.message().await? {
        match answer.part.unwrap() {
            Got::Attachment(attachment) => told = Some(attachment),
            Got::Chunk(chunk) => bytes.extend(chunk),
        }
    }
    Ok((told.unwrap(), bytes))
}

pub fn whole(file: &pb::Attachment) -> pb::DownloadAttachmentRequest {
    let (ticket, attachment_id) = (file.ticket_id.clone(), file.id.clone());
    pb::DownloadAttachmentRequest { ticket, attachment_id, offset: 0, length: 0 }
}

async fn list(suite: &Suite, who: &str, ticket: &pb::Ticket) -> Vec<pb::Attachment> {
    let request = pb::ListAttachmentsRequest { ticket: ticket.id.clone(), ..Default::default() };
    files(suite, who).list_attachments(request).await.unwrap().into_inner().attachments
}

fn remove(file: &pb::Attachment) -> pb::RemoveAttachmentRequest {
    pb::RemoveAttachmentRequest {
        request_id: id(),
        ticket: file.ticket_id.clone(),
        attachment_id: file.id.clone(),
        reason: "传错了".to_owned(),
        ..Default::default()
    }
}

/// Every file below, whole or not.
fn stored(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let count = |entry: std::fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => stored(&entry.path()),
        _ => 1,
    };
    entries.map(|entry| count(entry.unwrap())).sum()
}

impl Suite {
    /// Nothing of an upload is left: not in the store, not in a table, not on the ticket.
    async fn nothing_is_left(&self, ticket: &pb::Ticket) {
        let folder = self.env.dir().join("attachments");
        eventually("the store is empty", async || stored(&folder) == 0 && self.count("blobs").await == 0)
            .await;
        assert_eq!(self.count("attachments").await, 0);
        let now = self.get(&ticket.id).await;
        assert_eq!((now.version, now.attachment_count), (ticket.version, 0));
    }
}

#[tokio::test]
async fn t25_attachments_are_checked_listed_read_and_removed() {
    let suite = Suite::start().await;
    let ticket = suite.accepted().await;
    let bytes = png(9_000_000);
    let sent = header(&ticket, &bytes);
    let file = upload(&suite, "li.wei", sent.clone(), &bytes).await.unwrap();
    assert_eq!((file.name.as_str(), file.size), ("现场照片.png", 9_000_000));
    assert_eq!(file.attached_by.as_ref().unwrap().id, "li.wei");
    let again = upload(&suite, "li.wei", sent, &[]).await.unwrap();
    assert_eq!(again, file, "a retry is answered without its content");
    assert_eq!(suite.get(&ticket.id).await.attachment_count, 1);
    assert_eq!(suite.changes(&ticket.id).await.last(), Some(&"attached"));

    let (told, got) = download(&suite, "zhao.min", whole(&file)).await.unwrap();
    assert!(told == file && got == bytes);
    let piece = pb::DownloadAttachmentRequest { offset: 1_000_000, length: 10, ..whole(&file) };
    assert_eq!(download(&suite, "zhao.min", piece).await.unwrap().1, bytes[1_000_000..1_000_010]);
    let beyond = pb::DownloadAttachmentRequest { offset: 9_000_001, ..whole(&file) };
    let refused = download(&suite, "zhao.min", beyond).await.unwrap_err();
    assert_eq!(fields(&refused), ["offset"]);

    assert_eq!(list(&suite, "chen.jing", &ticket).await, std::slice::from_ref(&file));
    let refused = files(&suite, "wang.fang").remove_attachment(remove(&file)).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound, "another unit does not see the ticket");
    let now = files(&suite, "li.wei").remove_attachment(remove(&file)).await.unwrap().into_inner();
    assert_eq!(now.attachment_count, 0);
    assert!(list(&suite, "chen.jing", &ticket).await.is_empty());
    let gone = download(&suite, "zhao.min", whole(&file)).await.unwrap_err();
    assert_eq!(reason(&gone), "ATTACHMENT_NOT_FOUND");
    assert_eq!(suite.changes(&ticket.id).await.last(), Some(&"detached"));
    let folder = suite.env.dir().join("attachments");
    eventually("its content is deleted", async || stored(&folder) == 0 && suite.count("blobs").await == 0)
        .await;
}

#[tokio::test]
async fn what_is_not_as_it_was_said_to_be_leaves_nothing() {
    let suite = Suite::start_with("[attachments]\nmax_bytes = 1000000\n", system_clock()).await;
    let ticket = suite.accepted().await;
    let (good, big) = (png(600_000), png(1_000_001));
    let script = b"#!/bin/sh\nrm -rf /\n";
    let of = |bytes: &[u8]| header(&ticket, bytes);
    let cases: Vec<(pb::AttachmentHeader, &[u8], &str)> = vec![
        (of(&big), &big, "header.size"),
        (pb::AttachmentHeader { size: 600_000, ..of(&big) }, &big, "header.size"),
        (of(&good), &good[..300_000], "header.size"),
        (of(&good), &[], "header.size"),
        (pb::AttachmentHeader { size: 0, ..of(&good) }, &good, "header.size"),
        (pb::AttachmentHeader { sha256: vec![7; 32], ..of(&good) }, &good, "header.sha256"),
        (pb::AttachmentHeader { sha256: vec![7; 20], ..of(&good) }, &good, "header.sha256"),
        (
            pb::AttachmentHeader { media_type: "image/jpeg".to_owned(), ..of(&good) },
            &good,
            "header.media_type",
        ),
        (
            pb::AttachmentHeader { media_type: "text/plain".to_owned(), ..of(script) },
            script,
            "header.media_type",
        ),
        (pb::AttachmentHeader { media_type: String::new(), ..of(script) }, script, "header.media_type"),
        (pb::AttachmentHeader { name: "../passwd".to_owned(), ..of(&good) }, &good, "header.name"),
    ];
    for (header, bytes, field) in cases {
        let refused = upload(&suite, "li.wei", header, bytes).await.unwrap_err();
        assert_eq!((refused.code(), fields(&refused)), (Code::InvalidArgument, vec![field.to_owned()]));
        suite.nothing_is_left(&ticket).await;
    }
    let chunk_first = vec![message(Part::Chunk(good.clone()))];
    let refused =
        files(&suite, "li.wei").upload_attachment(tokio_stream::iter(chunk_first)).await.unwrap_err();
    assert_eq!(fields(&refused), ["header"]);
    let twice = vec![message(Part::Header(of(&good))), message(Part::Header(of(&good)))];
    let refused = files(&suite, "li.wei").upload_attachment(tokio_stream::iter(twice)).await.unwrap_err();
    assert_eq!(fields(&refused), ["header"]);
    suite.nothing_is_left(&ticket).await;
}

#[tokio::test]
async fn an_upload_that_is_cut_off_in_the_middle_leaves_nothing() {
    let suite = Suite::start_with("[attachments]\nidle = \"2s\"\n", system_clock()).await;
    let ticket = suite.accepted().await;
    let bytes = png(900_000);
    let begun = |bytes: &[u8]| {
        let (messages, stream) = tokio::sync::mpsc::channel(8);
        messages.try_send(message(Part::Header(header(&ticket, bytes)))).unwrap();
        messages.try_send(message(Part::Chunk(bytes[..700_000].to_vec()))).unwrap();
        (messages, ReceiverStream::new(stream))
    };
    // The caller goes away.
    let (messages, stream) = begun(&bytes);
    let mut client = files(&suite, "li.wei");
    let call = tokio::spawn(async move { client.upload_attachment(stream).await });
    let folder = suite.env.dir().join("attachments");
    eventually("part of it is on disk", async || stored(&folder) == 1).await;
    call.abort();
    drop(messages);
    suite.nothing_is_left(&ticket).await;
    // The caller falls silent.
    let (messages, stream) = begun(&bytes);
    let refused = files(&suite, "li.wei").upload_attachment(stream).await.unwrap_err();
    assert_eq!(refused.code(), Code::DeadlineExceeded);
    drop(messages);
    suite.nothing_is_left(&ticket).await;
}

#[tokio::test]
async fn a_ticket_has_only_so_many() {
    let suite = Suite::start_with("[attachments]\nmax_per_ticket = 2\n", system_clock()).await;
    let ticket = suite.accepted().await;
    let bytes = png(100);
    for _ in 0..2 {
        upload(&suite, "li.wei", header(&ticket, &bytes), &bytes).await.unwrap();
    }
    let refused = upload(&suite, "li.wei", header(&ticket, &bytes), &bytes).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "TOO_MANY"));
}

#[tokio::test]
async fn many_at_once_are_all_attached() {
    let suite = Arc::new(Suite::start_with(crate::suite::NO_SHARES, system_clock()).await);
    let ticket = suite.accepted().await;
    let uploads: Vec<_> = (0..6)
        .map(|at| {
            let (suite, ticket) = (suite.clone(), ticket.clone());
            tokio::spawn(async move {
                let bytes = png(1_000 + at);
                upload(&suite, "li.wei", header(&ticket, &bytes), &bytes).await.unwrap()
            })
        })
        .collect();
    for upload in uploads {
        upload.await.unwrap();
    }
    assert_eq!(suite.get(&ticket.id).await.attachment_count, 6);
    assert_eq!(list(&suite, "zhao.min", &ticket).await.len(), 6);
}

#[tokio::test]
async fn a_citizen_reads_what_is_public_and_removes_only_their_own() {
    let suite = Suite::start().await;
    let (ticket, bytes) = (asked_by_citizen(&suite, false).await, png(100));
    let own = upload(&suite, CITIZEN, header(&ticket, &bytes), &bytes).await.unwrap();
    assert!(own.public && own.from_reporter);
    let internal = upload(&suite, "zhao.min", header(&ticket, &bytes), &bytes).await.unwrap();
    let public = pb::AttachmentHeader { public: true, ..header(&ticket, &bytes) };
    let public = upload(&suite, "zhao.min", public, &bytes).await.unwrap();

    assert_eq!(list(&suite, CITIZEN, &ticket).await, [own.clone(), public.clone()]);
    assert_eq!(list(&suite, "zhao.min", &ticket).await.len(), 3);
    assert_eq!(download(&suite, CITIZEN, whole(&public)).await.unwrap().1, bytes);
    let hidden = download(&suite, CITIZEN, whole(&internal)).await.unwrap_err();
    assert_eq!(reason(&hidden), "ATTACHMENT_NOT_FOUND");
    let request = pb::GetTicketRequest { ticket: ticket.id.clone(), in_clear: false };
    let seen = suite.tickets(CITIZEN).get_ticket(request).await.unwrap().into_inner();
    assert_eq!(seen.attachment_count, 2, "what is internal is not even counted");
    let request = pb::ListTimelineRequest { ticket: ticket.id.clone(), ..Default::default() };
    let entries = suite.tickets(CITIZEN).list_timeline(request).await.unwrap().into_inner().entries;
    let attached =
        |entry: &&pb::TicketEvent| matches!(entry.change, Some(pb::ticket_event::Change::Attached(_)));
    assert_eq!(entries.iter().filter(attached).count(), 2);

    let refused = files(&suite, CITIZEN).remove_attachment(remove(&public)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "NOT_RECIPIENT"));
    let refused = files(&suite, CITIZEN).remove_attachment(remove(&internal)).await.unwrap_err();
    assert_eq!(reason(&refused), "ATTACHMENT_NOT_FOUND");
    files(&suite, CITIZEN).remove_attachment(remove(&own)).await.unwrap();
}

#[tokio::test]
async fn what_a_confidential_reporter_sent_is_not_given_to_the_unit() {
    let suite = Suite::start().await;
    let (ticket, bytes) = (asked_by_citizen(&suite, true).await, png(100));
    let named = pb::AttachmentHeader { name: "刘洋的照片.png".to_owned(), ..header(&ticket, &bytes) };
    let own = upload(&suite, CITIZEN, named, &bytes).await.unwrap();
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
    suite.tickets("li.wei").accept_ticket(accept(&ticket)).await.unwrap();

    let seen = list(&suite, "li.wei", &ticket).await.remove(0);
    assert_eq!((seen.id.as_str(), seen.name.as_str()), (own.id.as_str(), ""));
    assert_eq!(seen.attached_by.unwrap().id, "");
    let refused = download(&suite, "li.wei", whole(&own)).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::PermissionDenied, "REPORTER_CONFIDENTIAL")
    );
    let request = pb::ListTimelineRequest { ticket: ticket.id.clone(), ..Default::default() };
    let entries = suite.tickets("li.wei").list_timeline(request).await.unwrap().into_inner().entries;
    assert!(!format!("{entries:?}").contains("刘洋"), "not in the timeline either");

    assert_eq!(download(&suite, "zhao.min", whole(&own)).await.unwrap().1, bytes, "the desk may know");
    let copy = upload(&suite, "zhao.min", header(&ticket, &bytes), &bytes).await.unwrap();
    assert_eq!(download(&suite, "li.wei", whole(&copy)).await.unwrap().1, bytes, "and gives the unit a copy");
}

#[tokio::test]
async fn what_was_attached_is_erased_with_the_texts_and_a_legal_hold_keeps_it() {
    let suite = Suite::start().await;
    let request = crate::suite::with_phone("13800001234");
    let ticket = suite.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner();
    let bytes = png(100);
    let file = upload(&suite, "zhao.min", header(&ticket, &bytes), &bytes).await.unwrap();
    suite.tickets("zhao.min").cancel_ticket(crate::suite::cancel(&ticket)).await.unwrap();
    let hold = pb::PlaceLegalHoldRequest {
        request_id: id(),
        subject: Some(pb::place_legal_hold_request::Subject::Ticket(ticket.id.clone())),
        reason: "诉讼".to_owned(),
        ..Default::default()
    };
    let hold = suite.privacy("admin").place_legal_hold(hold).await.unwrap().into_inner();
    let refused = files(&suite, "zhao.min").remove_attachment(remove(&file)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "LEGAL_HOLD"));
    let release = pb::ReleaseLegalHoldRequest { id: hold.id, reason: "结案".to_owned() };
    suite.privacy("admin").release_legal_hold(release).await.unwrap();
    let erase = pb::EraseCustomerRequest {
        request_id: id(),
        subject: Some(pb::erase_customer_request::Subject::CustomerId(ticket.customer_id.clone())),
        reason: "本人申请".to_owned(),
        force: false,
    };
    suite.privacy("admin").erase_customer(erase).await.unwrap();
    assert!(list(&suite, "zhao.min", &ticket).await.is_empty());
    assert_eq!(suite.get(&ticket.id).await.attachment_count, 0);
    let folder = suite.env.dir().join("attachments");
    eventually("the contents are deleted", async || stored(&folder) == 0 && suite.count("blobs").await == 0)
        .await;
    let late = upload(&suite, "zhao.min", header(&ticket, &bytes), &bytes).await.unwrap_err();
    assert_eq!(reason(&late), "TEXTS_ERASED");
}

#[tokio::test]
async fn without_a_store_nothing_can_be_attached() {
    let suite = Suite::start_with("[attachments]\nstore = \"\"\n", system_clock()).await;
    let (ticket, bytes) = (suite.accepted().await, png(100));
    let refused = upload(&suite, "li.wei", header(&ticket, &bytes), &bytes).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
}

const CITIZEN: &str = "citizen.liu";

pub async fn asked_by_citizen(suite: &Suite, reporter_confidential: bool) -> pb::Ticket {
    suite.env.principal(PrincipalSpec::new(CITIZEN).citizen(&id()).name("刘洋")).await;
    let request = pb::CreateTicketRequest { reporter_confidential, ..complaint() };
    suite.tickets(CITIZEN).create_ticket(request).await.unwrap().into_inner()
}

fn system_clock() -> gongdan_clock::SharedClock {
    Arc::new(gongdan_clock::SystemClock)
}
