//! Directives of supervisors (督办): those one gave, one's unit owes, are late; reply and judge. Source: T23.

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use gongdan_proto::{
    tickets::v1::{
        AcceptDirectiveRequest, DirectiveEntry, DirectiveView, ListDirectivesRequest, RejectDirectiveRequest,
        ReplyDirectiveRequest, WithdrawDirectiveRequest,
        supervision_service_client::SupervisionServiceClient,
    },
    to_timestamp,
};
use serde_json::json;

use super::{Context, Table, ticket::show};

const PAGE: i32 = 200;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Directives, the earliest deadline first
    List {
        /// Which
        #[arg(value_enum, default_value = "owed")]
        view: View,
    },
    /// Says what the unit did about one
    Reply {
        #[command(flatten)]
        on: On,
        /// What to say
        #[arg(long)]
        reply: String,
    },
    /// Says that the reply will do
    Accept {
        #[command(flatten)]
        on: On,
        /// What to say
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
    },
    /// Says that the reply will not do: another is owed
    Reject {
        #[command(flatten)]
        on: On,
        /// By when: `2026-12-01T18:00`, with or without offset
        #[arg(long, value_name = "TIME")]
        due: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Takes one back
    Withdraw {
        #[command(flatten)]
        on: On,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

/// Which directive of which ticket.
#[derive(Debug, Args)]
pub struct On {
    /// Number or id of the ticket
    ticket: String,
    /// UUID of the directive
    directive: String,
    /// Only if the ticket is still at this etag
    #[arg(long, default_value = "", hide_default_value = true)]
    etag: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum View {
    /// Those that you gave
    Issued,
    /// Those that your units owe a reply to
    Owed,
    /// Those that are late
    Late,
}

impl From<View> for DirectiveView {
    fn from(view: View) -> Self {
        match view {
            View::Issued => Self::Issued,
            View::Owed => Self::Owed,
            View::Late => Self::Late,
        }
    }
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let mut client = SupervisionServiceClient::new(context.channel("tickets")?);
    let request_id = context.request_id();
    let answer = match command {
        Command::List { view } => {
            let view = DirectiveView::from(view).into();
            let mut request = ListDirectivesRequest { view, page_size: PAGE, page_token: String::new() };
            let mut entries = Vec::new();
            loop {
                let page = client.list_directives(request.clone()).await?.into_inner();
                entries.extend(page.entries);
                if page.next_page_token.is_empty() {
                    return list(context, &entries);
                }
                request.page_token = page.next_page_token;
            }
        }
        Command::Reply { on: On { ticket, directive, etag }, reply } => {
            let request = ReplyDirectiveRequest { request_id, ticket, etag, directive_id: directive, reply };
            client.reply_directive(request).await?
        }
        Command::Accept { on: On { ticket, directive, etag }, note } => {
            let request = AcceptDirectiveRequest { request_id, ticket, etag, directive_id: directive, note };
            client.accept_directive(request).await?
        }
        Command::Reject { on: On { ticket, directive, etag }, due, reason } => {
            let due_at = Some(to_timestamp(context.parse_time(&due)?));
            let request =
                RejectDirectiveRequest { request_id, ticket, etag, directive_id: directive, due_at, reason };
            client.reject_directive(request).await?
        }
        Command::Withdraw { on: On { ticket, directive, etag }, reason } => {
            let request =
                WithdrawDirectiveRequest { request_id, ticket, etag, directive_id: directive, reason };
            client.withdraw_directive(request).await?
        }
    };
    show::ticket(context, &answer.into_inner())
}

fn list(context: &Context, entries: &[DirectiveEntry]) -> Result<()> {
    let json = || {
        let entries: Result<Vec<_>> =
            entries.iter().map(|entry| context.json("gongdan.tickets.v1.DirectiveEntry", entry)).collect();
        Ok(json!(entries?))
    };
    context.print(json, || {
        let mut table = Table::new([
            context.text("ticket", "工单"),
            context.text("due", "期限"),
            context.text("unit", "单位"),
            context.text("state", "状态"),
            context.text("late", "超时级别"),
            context.text("directive", "督办要求"),
            context.text("id", "编号"),
        ]);
        for entry in entries {
            let directive = entry.directive.clone().unwrap_or_default();
            let late =
                if directive.late_level == 0 { String::new() } else { directive.late_level.to_string() };
            table.row([
                entry.ticket_number.clone(),
                context.time(directive.due_at.as_ref()),
                directive.unit_id.clone(),
                context.name(directive.state().as_str_name()),
                late,
                directive.directive.clone(),
                directive.id,
            ]);
        }
        table
    })
}
