//! `ticket amend`, `discard` and `answer`: before a ticket is submitted. Source: T2, T3.

use anyhow::Result;
use clap::Args;
use gongdan_proto::tickets::v1::{
    AnswerTicketRequest, ContactInput, DiscardDraftRequest, DraftFields, Ticket, UpdateDraftRequest,
    answer_ticket_request::Request, draft_service_client::DraftServiceClient,
};

use super::{
    super::{
        Context,
        fields::{self, Field},
    },
    create::Create,
    words::{Channel, Impact, Kind, Outcome, Urgency},
};

#[derive(Debug, Args)]
pub struct Amend {
    /// Number or id of the draft
    ticket: String,
    /// Only if it is still at this etag
    #[arg(long, default_value = "", hide_default_value = true)]
    etag: String,
    /// One line; empty takes it out again, here and below
    #[arg(long)]
    subject: Option<String>,
    /// The request in the citizen's words
    #[arg(long)]
    body: Option<String>,
    /// What kind of request
    #[arg(long = "type", value_enum)]
    kind: Option<Kind>,
    /// The type by its key, also one of the house's own (`gongdan type list`)
    #[arg(long, value_name = "KEY")]
    type_key: Option<String>,
    /// Key of a catalogue item; with --field or --no-fields when it asks for another form
    #[arg(long)]
    item: Option<String>,
    /// What is filled into the item's form, in the place of what was, as in `ticket create`; may be repeated
    #[arg(long = "field", value_name = "PATH=VALUE")]
    fields: Vec<Field>,
    /// Nothing is filled into the form any more
    #[arg(long, conflicts_with = "fields")]
    no_fields: bool,
    /// The reporter's phone number, in any spelling
    #[arg(long)]
    phone: Option<String>,
    /// The reporter's name
    #[arg(long)]
    name: Option<String>,
    /// The reporter's identity number
    #[arg(long)]
    identity_number: Option<String>,
    /// The reporter's address
    #[arg(long)]
    address: Option<String>,
    /// Region code
    #[arg(long)]
    region: Option<String>,
    /// How it came in
    #[arg(long, value_enum)]
    channel: Option<Channel>,
    /// How soon it hurts
    #[arg(long, value_enum)]
    urgency: Option<Urgency>,
    /// How many it hurts
    #[arg(long, value_enum)]
    impact: Option<Impact>,
    /// Needs a right of its own to be seen
    #[arg(long)]
    sensitive: Option<bool>,
    /// The reporter is not to be known to those who handle it (保密)
    #[arg(long)]
    confidential: Option<bool>,
}

#[derive(Debug, Args)]
pub struct Discard {
    /// Number or id of the draft
    ticket: String,
}

#[derive(Debug, Args)]
pub struct AnswerDraft {
    /// Number or id of the draft
    ticket: String,
    #[command(flatten)]
    answer: Answer,
}

#[derive(Debug, Args)]
pub struct AnswerNew {
    #[command(flatten)]
    create: Create,
    #[command(flatten)]
    answer: Answer,
}

#[derive(Debug, Args)]
struct Answer {
    /// What came of it
    #[arg(long, value_enum)]
    outcome: Outcome,
    /// What the citizen was told
    #[arg(long)]
    reply: String,
}

fn client(context: &Context) -> Result<DraftServiceClient<super::super::Channel>> {
    Ok(DraftServiceClient::new(context.channel("tickets")?))
}

pub async fn amend(context: &Context, args: Amend) -> Result<Ticket> {
    let mut paths = Vec::new();
    let mut draft = DraftFields::default();
    macro_rules! take {
        ($($path:literal $field:ident = $value:expr;)+) => {
            $(if let Some(value) = $value {
                paths.push($path.to_owned());
                draft.$field = value.into();
            })+
        };
    }
    take! {
        "subject" subject = args.subject;
        "body" body = args.body;
        "type" r#type = args.kind;
        "type_key" type_key = args.type_key;
        "item" item = args.item;
        "region" region = args.region;
        "channel" channel = args.channel;
        "urgency" urgency = args.urgency;
        "impact" impact = args.impact;
        "sensitive" sensitive = args.sensitive;
        "reporter_confidential" reporter_confidential = args.confidential;
    }
    let mut contact = ContactInput::default();
    macro_rules! take_contact {
        ($($path:literal $field:ident;)+) => {
            $(if let Some(value) = args.$field {
                paths.push($path.to_owned());
                contact.$field = value;
            })+
        };
    }
    take_contact! {
        "contact.phone" phone;
        "contact.name" name;
        "contact.identity_number" identity_number;
        "contact.address" address;
    }
    draft.contact = (contact != ContactInput::default()).then_some(contact);
    if args.no_fields || !args.fields.is_empty() {
        paths.push("custom_fields".to_owned());
        draft.custom_fields = fields::message(&args.fields)?;
    }
    let request = UpdateDraftRequest {
        request_id: context.request_id(),
        ticket: args.ticket,
        etag: args.etag,
        draft: Some(draft),
        update_mask: Some(prost_types::FieldMask { paths }),
    };
    Ok(client(context)?.update_draft(request).await?.into_inner())
}

pub async fn discard(context: &Context, args: Discard) -> Result<Ticket> {
    let request =
        DiscardDraftRequest { request_id: context.request_id(), ticket: args.ticket, etag: String::new() };
    Ok(client(context)?.discard_draft(request).await?.into_inner())
}

pub async fn answer(context: &Context, args: AnswerDraft) -> Result<Ticket> {
    answered(context, Request::Ticket(args.ticket), args.answer).await
}

pub async fn answer_new(context: &Context, args: AnswerNew) -> Result<Ticket> {
    let create = args.create.request(context)?;
    let create = gongdan_proto::tickets::v1::CreateTicketRequest { request_id: String::new(), ..create };
    answered(context, Request::Create(create), args.answer).await
}

async fn answered(context: &Context, request: Request, answer: Answer) -> Result<Ticket> {
    let request = AnswerTicketRequest {
        request_id: context.request_id(),
        request: Some(request),
        etag: String::new(),
        outcome: answer.outcome.into(),
        reply: answer.reply,
    };
    Ok(client(context)?.answer_ticket(request).await?.into_inner())
}
