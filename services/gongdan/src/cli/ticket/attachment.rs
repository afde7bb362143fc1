//! `ticket attach`, `ticket attachments`, `ticket download`, `ticket detach`

use anyhow::{Context as _, Result, bail};
use clap::Args;
use gongdan_proto::tickets::v1::{
    Attachment, AttachmentHeader, DownloadAttachmentRequest, ListAttachmentsRequest, RemoveAttachmentRequest,
    UploadAttachmentRequest, attachment_service_client::AttachmentServiceClient,
    download_attachment_response::Part as Got, upload_attachment_request::Part,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use super::{
    super::{Context, Table},
    note::audience,
    show,
};

const ATTACHMENT: &str = "gongdan.tickets.v1.Attachment";
/// Bytes in one message.
const PIECE: usize = 256 * 1024;

#[derive(Debug, Args)]
pub struct Attach {
    /// Number or id
    ticket: String,
    /// The file
    file: PathBuf,
    /// What it is called; default: as the file
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// What it is, as a media type; default: what its content says
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TYPE")]
    media_type: String,
    /// The citizen may read it
    #[arg(long)]
    public: bool,
    /// It came from the citizen
    #[arg(long)]
    from_reporter: bool,
}

#[derive(Debug, Args)]
pub struct Download {
    /// Number or id
    ticket: String,
    /// The attachment's id
    attachment: String,
    /// Where to; default: its name, in this directory. An existing file is not written over
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Detach {
    /// Number or id
    ticket: String,
    /// The attachment's id
    attachment: String,
    /// Why
    #[arg(long, default_value = "", hide_default_value = true)]
    reason: String,
}

pub async fn attach(context: &Context, args: Attach) -> Result<()> {
    let bytes = std::fs::read(&args.file).with_context(|| format!("reading {}", args.file.display()))?;
    let own = args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let header = AttachmentHeader {
        request_id: context.request_id(),
        ticket: args.ticket,
        etag: String::new(),
        public: args.public,
        from_reporter: args.from_reporter,
        name: if args.name.is_empty() { own } else { args.name },
        media_type: args.media_type,
        size: i64::try_from(bytes.len())?,
        sha256: Sha256::digest(&bytes).to_vec(),
    };
    let bar = context.progress(Some(bytes.len() as u64), context.text("sending", "上传"));
    let part = |part| UploadAttachmentRequest { part: Some(part) };
    let mut messages = vec![part(Part::Header(header))];
    messages.extend(bytes.chunks(PIECE).map(|piece| part(Part::Chunk(piece.to_vec()))));
    let counted = bar.clone();
    let messages = futures::stream::iter(messages.into_iter().inspect(move |message| {
        if let Some(Part::Chunk(piece)) = &message.part {
            counted.inc(piece.len() as u64);
        }
    }));
    let mut client = AttachmentServiceClient::new(context.channel("tickets")?);
    let sent = client.upload_attachment(messages).await;
    bar.finish_and_clear();
    let file = sent?.into_inner();
    context.print(|| context.json(ATTACHMENT, &file), || table(context, std::slice::from_ref(&file)))
}

pub async fn list(context: &Context, ticket: String) -> Result<()> {
    let mut client = AttachmentServiceClient::new(context.channel("tickets")?);
    let mut request = ListAttachmentsRequest { ticket, page_size: 200, page_token: String::new() };
    let mut files = Vec::new();
    loop {
        let page = client.list_attachments(request.clone()).await?.into_inner();
        files.extend(page.attachments);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let json = || {
        let files: Result<Vec<_>> = files.iter().map(|file| context.json(ATTACHMENT, file)).collect();
        Ok(json!(files?))
    };
    context.print(json, || table(context, &files))
}

pub async fn download(context: &Context, args: Download) -> Result<()> {
    let mut client = AttachmentServiceClient::new(context.channel("tickets")?);
    let request = DownloadAttachmentRequest {
        ticket: args.ticket,
        attachment_id: args.attachment.clone(),
        offset: 0,
        length: 0,
    };
    let mut stream = client.download_attachment(request).await?.into_inner();
    let Some(Got::Attachment(told)) = stream.message().await?.and_then(|first| first.part) else {
        bail!("the answer does not begin with what the attachment is");
    };
    // The name is somebody else's: only its last part, and never a way out of this directory.
    let own = Path::new(&told.name).file_name().map(PathBuf::from);
    let path = args.to.or(own).unwrap_or_else(|| PathBuf::from(args.attachment));
    let mut file = std::fs::File::create_new(&path).with_context(|| format!("writing {}", path.display()))?;
    let bar = context.progress(u64::try_from(told.size).ok(), context.text("receiving", "下载"));
    let mut hash = Sha256::new();
    let written = async {
        while let Some(message) = stream.message().await? {
            if let Some(Got::Chunk(piece)) = message.part {
                bar.inc(piece.len() as u64);
                hash.update(&piece);
                file.write_all(&piece)?;
            }
        }
        anyhow::ensure!(hash.finalize()[..] == told.sha256, "what came is not what was attached");
        Ok(())
    }
    .await;
    bar.finish_and_clear();
    if let Err(error) = written {
        // Half a file is none.
        let _ = std::fs::remove_file(&path);
        return Err(error);
    }
    if context.is_json() {
        return context.print_json(&json!({ "file": path, "attachment": context.json(ATTACHMENT, &told)? }));
    }
    context.say(&path.display().to_string())
}

pub async fn detach(context: &Context, args: Detach) -> Result<()> {
    let mut client = AttachmentServiceClient::new(context.channel("tickets")?);
    let request = RemoveAttachmentRequest {
        request_id: context.request_id(),
        ticket: args.ticket,
        etag: String::new(),
        attachment_id: args.attachment,
        reason: args.reason,
    };
    let ticket = client.remove_attachment(request).await?.into_inner();
    show::ticket(context, &ticket)
}

fn table(context: &Context, files: &[Attachment]) -> Table {
    let mut table = Table::new([
        context.text("id", "标识"),
        context.text("name", "名称"),
        context.text("type", "类型"),
        context.text("bytes", "字节"),
        context.text("for", "可见"),
        context.text("who", "上传人"),
        context.text("at", "时间"),
    ]);
    for file in files {
        let who = file.attached_by.clone().unwrap_or_default();
        table.row([
            file.id.clone(),
            file.name.clone(),
            file.media_type.clone(),
            file.size.to_string(),
            audience(context, file.public).to_owned(),
            if who.name.is_empty() { who.id } else { who.name },
            context.time(file.attached_at.as_ref()),
        ]);
    }
    table
}
