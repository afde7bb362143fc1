//! `ticket amend`, `discard` and `answer`: before a ticket is submitted. Source: T2, T3.

use anyhow::Result;
use clap::Args;
use gongdan_proto::tickets::v1::{
    AnswerTicketRequest, DiscardDraftRequest, DraftFields, Ticket, UpdateDraftRequest,
    answer_ticket_request::Request, draft_service_client::DraftServiceClient,
};

use super::{
    super::Context,
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
    /// One line
    #[arg(long)]
    subject: Option<String>,
    /// The request in the citizen's words
    #[arg(long)]
    body: Option<String>,
    /// What kind of request
    #[arg(long = "type", value_enum)]
    kind: Option<Kind>,
    /// Key of a catalogue item
    #[arg(long)]
    item: Option<String>,
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
        "item" item = args.item;
        "region" region = args.region;
        "channel" channel = args.channel;
        "urgency" urgency = args.urgency;
        "impact" impact = args.impact;
        "sensitive" sensitive = args.sensitive;
        "reporter_confidential" reporter_confidential = args.confidential;
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
