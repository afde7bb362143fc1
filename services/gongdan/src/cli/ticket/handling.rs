//! Help of other units (协办), a pause (挂起), a later deadline (延时).

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use gongdan_proto::{
    tickets::v1::{
        ApproveExtensionRequest, ApproveSuspensionRequest, DeclineAssistRequest, ExtensionState,
        ListExtensionsRequest, RejectExtensionRequest, RejectSuspensionRequest, ReplyAssistRequest,
        RequestAssistRequest, RequestExtensionRequest, RequestSuspensionRequest, ResumeTicketRequest, Ticket,
        TicketExtension, WaiveAssistRequest, handling_service_client::HandlingServiceClient,
    },
    to_timestamp,
};
use serde_json::json;

use super::{
    super::{Channel, Context, Table},
    show,
};

/// Which ticket, and at which state.
#[derive(Debug, Args)]
pub struct On {
    /// Number or id
    ticket: String,
    /// Only if the ticket is still at this etag
    #[arg(long, default_value = "", hide_default_value = true)]
    etag: String,
}

#[derive(Debug, Subcommand)]
pub enum Suspend {
    /// Asks for it; the ticket is suspended when somebody else approves
    Request {
        #[command(flatten)]
        on: On,
        /// Why
        #[arg(long)]
        reason: String,
        /// When the ticket goes on by itself, `2026-12-01T09:00` or with zone; default: when somebody resumes it
        #[arg(long)]
        until: Option<String>,
    },
    /// Approves what somebody else asked for
    Approve(Decided),
    /// Refuses what somebody else asked for
    Reject(Refused),
}

#[derive(Debug, Args)]
pub struct Decided {
    #[command(flatten)]
    on: On,
    /// The record's id; default: the one that waits
    #[arg(long, default_value = "", hide_default_value = true)]
    id: String,
    /// A word on it
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
}

#[derive(Debug, Args)]
pub struct Refused {
    #[command(flatten)]
    on: On,
    /// The record's id; default: the one that waits
    #[arg(long, default_value = "", hide_default_value = true)]
    id: String,
    /// Why
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Args)]
pub struct Resume {
    #[command(flatten)]
    on: On,
    /// A word on it
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
}

#[derive(Debug, Subcommand)]
pub enum Extend {
    /// Asks for a later deadline, before the present one
    Request {
        #[command(flatten)]
        on: On,
        /// The deadline asked for, `2026-12-01T18:00` or with zone
        #[arg(long)]
        until: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Grants what somebody else asked for
    Approve {
        #[command(flatten)]
        decided: Decided,
        /// An earlier deadline than was asked for
        #[arg(long)]
        until: Option<String>,
    },
    /// Refuses what somebody else asked for
    Reject(Refused),
    /// What was asked for and granted, the newest first
    List {
        /// Only in these states; default: requested and approved
        #[arg(long, value_enum, value_delimiter = ',')]
        state: Vec<State>,
        /// Only of tickets that these units hold
        #[arg(long, value_delimiter = ',')]
        unit: Vec<String>,
        /// How many at most
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
}

/// Where an extension is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum State {
    /// Waits for approval
    Requested,
    /// The deadline moved
    Approved,
    /// Refused
    Rejected,
    /// The round was over before it was decided
    Lapsed,
}

#[derive(Debug, Subcommand)]
pub enum Assist {
    /// Asks another unit to help
    Request {
        #[command(flatten)]
        on: On,
        /// The unit
        #[arg(long)]
        unit: String,
        /// What for
        #[arg(long)]
        request: String,
        /// By when, `2026-12-01T18:00` or with zone; default: by the SLA policy
        #[arg(long)]
        due: Option<String>,
    },
    /// Replies for the unit that was asked
    Reply {
        #[command(flatten)]
        on: On,
        /// The record's id; default: the one your unit owes
        #[arg(long, default_value = "", hide_default_value = true)]
        id: String,
        /// What was done
        #[arg(long)]
        reply: String,
    },
    /// Declines for the unit that was asked
    Decline(Refused),
    /// Does without the unit that was asked
    Waive(Refused),
}

type Client = HandlingServiceClient<Channel>;

fn client(context: &Context) -> Result<Client> {
    Ok(HandlingServiceClient::new(context.channel("tickets")?))
}

fn time(context: &Context, text: Option<&String>) -> Result<Option<prost_types::Timestamp>> {
    text.map(|text| context.parse_time(text).map(to_timestamp)).transpose()
}

/// `ticket suspend` (挂起)
pub async fn suspend(context: &Context, command: Suspend) -> Result<()> {
    let (mut client, request_id) = (client(context)?, context.request_id());
    let ticket = match command {
        Suspend::Request { on: On { ticket, etag }, reason, until } => {
            let until = time(context, until.as_ref())?;
            client
                .request_suspension(RequestSuspensionRequest { request_id, ticket, etag, until, reason })
                .await?
        }
        Suspend::Approve(Decided { on: On { ticket, etag }, id: suspension_id, note: decision }) => {
            let request = ApproveSuspensionRequest { request_id, ticket, etag, suspension_id, decision };
            client.approve_suspension(request).await?
        }
        Suspend::Reject(Refused { on: On { ticket, etag }, id: suspension_id, reason: decision }) => {
            let request = RejectSuspensionRequest { request_id, ticket, etag, suspension_id, decision };
            client.reject_suspension(request).await?
        }
    };
    show::ticket(context, &ticket.into_inner())
}

/// `ticket resume` (恢复)
pub async fn resume(context: &Context, command: Resume) -> Result<()> {
    let Resume { on: On { ticket, etag }, note } = command;
    let request = ResumeTicketRequest { request_id: context.request_id(), ticket, etag, note };
    show::ticket(context, &client(context)?.resume_ticket(request).await?.into_inner())
}

/// `ticket extend` (延时申请)
pub async fn extend(context: &Context, command: Extend) -> Result<()> {
    let (mut client, request_id) = (client(context)?, context.request_id());
    let ticket: Ticket = match command {
        Extend::Request { on: On { ticket, etag }, until, reason } => {
            let until = time(context, Some(&until))?;
            let request = RequestExtensionRequest { request_id, ticket, etag, until, reason };
            client.request_extension(request).await?.into_inner()
        }
        Extend::Approve { decided: Decided { on: On { ticket, etag }, id, note }, until } => {
            let until = time(context, until.as_ref())?;
            let request =
                ApproveExtensionRequest { request_id, ticket, etag, extension_id: id, until, decision: note };
            client.approve_extension(request).await?.into_inner()
        }
        Extend::Reject(Refused { on: On { ticket, etag }, id: extension_id, reason: decision }) => {
            let request = RejectExtensionRequest { request_id, ticket, etag, extension_id, decision };
            client.reject_extension(request).await?.into_inner()
        }
        Extend::List { state, unit, limit } => return list(context, client, &state, unit, limit).await,
    };
    show::ticket(context, &ticket)
}

async fn list(
    context: &Context,
    mut client: Client,
    states: &[State],
    unit_ids: Vec<String>,
    limit: usize,
) -> Result<()> {
    let states = states.iter().map(|state| ExtensionState::from(*state).into()).collect();
    let page_size = i32::try_from(limit.clamp(1, 500))?;
    let mut request = ListExtensionsRequest { states, unit_ids, page_size, page_token: String::new() };
    let mut found: Vec<TicketExtension> = Vec::new();
    while found.len() < limit {
        let page = client.list_extensions(request.clone()).await?.into_inner();
        found.extend(page.extensions);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    found.truncate(limit);
    let json = || {
        let all: Result<Vec<_>> =
            found.iter().map(|one| context.json("gongdan.tickets.v1.TicketExtension", one)).collect();
        Ok(json!(all?))
    };
    context.print(json, || table(context, &found))
}

fn table(context: &Context, found: &[TicketExtension]) -> Table {
    let mut table = Table::new([
        context.text("number", "编号"),
        context.text("state", "状态"),
        context.text("unit", "单位"),
        context.text("due before", "原时限"),
        context.text("asked for", "申请时限"),
        context.text("approved", "批准时限"),
        context.text("by", "申请人"),
        context.text("at", "申请时间"),
        context.text("reason", "理由"),
    ]);
    for one in found {
        let extension = one.extension.clone().unwrap_or_default();
        table.row([
            one.ticket_number.clone(),
            context.name(extension.state().as_str_name()),
            one.lead_unit_id.clone(),
            context.time(extension.due_before.as_ref()),
            context.time(extension.requested_until.as_ref()),
            context.time(extension.approved_until.as_ref()),
            extension.requested_by.map(|by| by.name).unwrap_or_default(),
            context.time(extension.requested_at.as_ref()),
            extension.reason,
        ]);
    }
    table
}

/// `ticket assist` (协办)
pub async fn assist(context: &Context, command: Assist) -> Result<()> {
    let (mut client, request_id) = (client(context)?, context.request_id());
    let ticket = match command {
        Assist::Request { on: On { ticket, etag }, unit: unit_id, request, due } => {
            let due_at = time(context, due.as_ref())?;
            let request = RequestAssistRequest { request_id, ticket, etag, unit_id, due_at, request };
            client.request_assist(request).await?
        }
        Assist::Reply { on: On { ticket, etag }, id: assist_id, reply } => {
            client.reply_assist(ReplyAssistRequest { request_id, ticket, etag, assist_id, reply }).await?
        }
        Assist::Decline(Refused { on: On { ticket, etag }, id: assist_id, reason }) => {
            client
                .decline_assist(DeclineAssistRequest { request_id, ticket, etag, assist_id, reason })
                .await?
        }
        Assist::Waive(Refused { on: On { ticket, etag }, id: assist_id, reason }) => {
            client.waive_assist(WaiveAssistRequest { request_id, ticket, etag, assist_id, reason }).await?
        }
    };
    show::ticket(context, &ticket.into_inner())
}

impl From<State> for ExtensionState {
    fn from(state: State) -> Self {
        match state {
            State::Requested => Self::Requested,
            State::Approved => Self::Approved,
            State::Rejected => Self::Rejected,
            State::Lapsed => Self::Lapsed,
        }
    }
}
