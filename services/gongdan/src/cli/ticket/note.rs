//! `ticket note`, `ticket notes`

use anyhow::Result;
use clap::Args;
use gongdan_proto::tickets::v1::{
    AddNoteRequest, ListNotesRequest, Note, note_service_client::NoteServiceClient,
};
use serde_json::json;

use super::super::{Context, Table};

const NOTE: &str = "gongdan.tickets.v1.Note";

#[derive(Debug, Args)]
pub struct Add {
    /// Number or id
    ticket: String,
    /// What it says
    text: String,
    /// The citizen may read it
    #[arg(long)]
    public: bool,
    /// Staff who are told of it
    #[arg(long, value_name = "PERSON", value_delimiter = ',')]
    mention: Vec<String>,
}

pub async fn add(context: &Context, args: Add) -> Result<()> {
    let mut client = NoteServiceClient::new(context.channel("tickets")?);
    let request = AddNoteRequest {
        request_id: context.request_id(),
        ticket: args.ticket,
        etag: String::new(),
        public: args.public,
        mention_ids: args.mention,
        text: args.text,
    };
    let note = client.add_note(request).await?.into_inner();
    context.print(|| context.json(NOTE, &note), || table(context, std::slice::from_ref(&note)))
}

pub async fn list(context: &Context, ticket: String) -> Result<()> {
    let mut client = NoteServiceClient::new(context.channel("tickets")?);
    let mut request = ListNotesRequest { ticket, page_size: 200, page_token: String::new() };
    let mut notes = Vec::new();
    loop {
        let page = client.list_notes(request.clone()).await?.into_inner();
        notes.extend(page.notes);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let json = || {
        let notes: Result<Vec<_>> = notes.iter().map(|note| context.json(NOTE, note)).collect();
        Ok(json!(notes?))
    };
    context.print(json, || table(context, &notes))
}

fn table(context: &Context, notes: &[Note]) -> Table {
    let mut table = Table::new([
        context.text("at", "时间"),
        context.text("who", "记录人"),
        context.text("for", "可见"),
        context.text("mentions", "提及"),
        context.text("note", "内容"),
    ]);
    for note in notes {
        let who = note.written_by.clone().unwrap_or_default();
        table.row([
            context.time(note.written_at.as_ref()),
            if who.name.is_empty() { who.id } else { who.name },
            audience(context, note.public).to_owned(),
            note.mention_ids.join(", "),
            note.text.clone(),
        ]);
    }
    table
}

/// Who may read it.
pub fn audience(context: &Context, public: bool) -> &str {
    if public { context.text("everybody", "公开") } else { context.text("staff", "内部") }
}
