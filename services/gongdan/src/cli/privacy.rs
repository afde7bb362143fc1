//! `gongdan privacy`: erasing what is personal, legal holds, retention. Source: X11.

use anyhow::Result;
use clap::{Args, Subcommand};
use gongdan_proto::{
    tickets::v1::{
        EraseCustomerRequest, EraseCustomerResponse, GetRetentionRequest, LegalHold, ListLegalHoldsRequest,
        PlaceLegalHoldRequest, ReleaseLegalHoldRequest, Retention, RunRetentionRequest,
        erase_customer_request::Subject as Erased, place_legal_hold_request::Subject as Held,
        privacy_service_client::PrivacyServiceClient,
    },
    to_timestamp,
};
use serde_json::json;

use super::{Context, Table};

const HOLD: &str = "gongdan.tickets.v1.LegalHold";
const PAGE: i32 = 200;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Erases what is personal of a customer, for good (删除)
    Erase {
        #[command(flatten)]
        whom: Whom,
        /// Why; kept
        #[arg(long)]
        reason: String,
        /// Also tickets that are not over
        #[arg(long)]
        force: bool,
    },
    /// Forbids to erase a ticket or a customer (法律保留)
    Hold {
        #[command(flatten)]
        whom: Whom,
        /// Why
        #[arg(long)]
        reason: String,
        /// When it ends by itself; default: only by release
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
    },
    /// Ends a legal hold
    Release {
        /// UUID of the hold
        hold: String,
        /// Why; kept
        #[arg(long)]
        reason: String,
    },
    /// Legal holds, newest first
    Holds {
        /// Also those that have ended
        #[arg(long)]
        all: bool,
    },
    /// How long what is kept, and what the last pass came to
    Retention {
        /// Erases now what was kept long enough
        #[arg(long)]
        run: bool,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Whom {
    /// A customer's id
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Number or id of a ticket
    #[arg(long)]
    ticket: Option<String>,
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let mut client = PrivacyServiceClient::new(context.channel("tickets")?);
    match command {
        Command::Erase { whom, reason, force } => {
            let subject = whom.customer.map(Erased::CustomerId).or(whom.ticket.map(Erased::Ticket));
            let request = EraseCustomerRequest { request_id: context.request_id(), subject, reason, force };
            erased(context, &client.erase_customer(request).await?.into_inner())
        }
        Command::Hold { whom, reason, until } => {
            let subject = whom.customer.map(Held::CustomerId).or(whom.ticket.map(Held::Ticket));
            let until = until.as_deref().map(|text| context.parse_time(text)).transpose()?.map(to_timestamp);
            let request = PlaceLegalHoldRequest { request_id: context.request_id(), subject, reason, until };
            hold(context, &client.place_legal_hold(request).await?.into_inner())
        }
        Command::Release { hold: id, reason } => {
            let request = ReleaseLegalHoldRequest { id, reason };
            hold(context, &client.release_legal_hold(request).await?.into_inner())
        }
        Command::Holds { all } => {
            let mut holds = Vec::new();
            let mut request =
                ListLegalHoldsRequest { include_ended: all, page_size: PAGE, ..Default::default() };
            loop {
                let page = client.list_legal_holds(request.clone()).await?.into_inner();
                holds.extend(page.holds);
                if page.next_page_token.is_empty() {
                    break;
                }
                request.page_token = page.next_page_token;
            }
            list(context, &holds)
        }
        Command::Retention { run } => {
            let retention = if run {
                client.run_retention(RunRetentionRequest {}).await?.into_inner()
            } else {
                client.get_retention(GetRetentionRequest {}).await?.into_inner()
            };
            show(context, &retention)
        }
    }
}

fn erased(context: &Context, answer: &EraseCustomerResponse) -> Result<()> {
    let held: Vec<String> =
        answer.held_tickets.iter().map(|held| format!("{} ({})", held.number, held.hold_id)).collect();
    let yes = if answer.customer_erased { context.text("yes", "是") } else { context.text("no", "否") };
    context.print_details(
        || context.json("gongdan.tickets.v1.EraseCustomerResponse", answer),
        &[
            (context.text("tickets erased", "已删除工单"), answer.tickets_erased.to_string()),
            (context.text("nothing of the customer is left", "客户信息已全部删除"), yes.to_owned()),
            (context.text("kept by a legal hold", "因法律保留未删除"), held.join("\n")),
        ],
    )
}

fn hold(context: &Context, hold: &LegalHold) -> Result<()> {
    context.print_details(
        || context.json(HOLD, hold),
        &[
            (context.text("hold", "保留"), hold.id.clone()),
            (context.text("ticket", "工单"), hold.ticket_id.clone()),
            (context.text("customer", "客户"), hold.customer_id.clone()),
            (context.text("reason", "原因"), hold.reason.clone()),
            (context.text("placed", "设置时间"), context.time(hold.placed_at.as_ref())),
            (context.text("placed by", "设置人"), hold.placed_by.clone()),
            (context.text("until", "截止"), context.time(hold.until.as_ref())),
            (context.text("released", "解除时间"), context.time(hold.released_at.as_ref())),
            (context.text("released by", "解除人"), hold.released_by.clone()),
            (context.text("why", "解除原因"), hold.release_reason.clone()),
        ],
    )
}

fn list(context: &Context, holds: &[LegalHold]) -> Result<()> {
    let json = || {
        let holds: Result<Vec<_>> = holds.iter().map(|hold| context.json(HOLD, hold)).collect();
        Ok(json!(holds?))
    };
    context.print(json, || {
        let mut table = Table::new([
            context.text("hold", "保留"),
            context.text("ticket or customer", "工单或客户"),
            context.text("reason", "原因"),
            context.text("placed", "设置时间"),
            context.text("by", "设置人"),
            context.text("until", "截止"),
            context.text("released", "解除时间"),
        ]);
        for hold in holds {
            let held = if hold.ticket_id.is_empty() { &hold.customer_id } else { &hold.ticket_id };
            table.row([
                hold.id.clone(),
                held.clone(),
                hold.reason.clone(),
                context.time(hold.placed_at.as_ref()),
                hold.placed_by.clone(),
                context.time(hold.until.as_ref()),
                context.time(hold.released_at.as_ref()),
            ]);
        }
        table
    })
}

fn show(context: &Context, retention: &Retention) -> Result<()> {
    let days = |days: i32| match days {
        0 => context.text("for ever", "永久").to_owned(),
        days => format!("{days} {}", context.text("days", "天")),
    };
    context.print_details(
        || context.json("gongdan.tickets.v1.Retention", retention),
        &[
            (context.text("contacts", "联系方式"), days(retention.contacts_days)),
            (context.text("texts", "文本"), days(retention.texts_days)),
            (context.text("who read in clear", "明文查看记录"), days(retention.contact_reads_days)),
            (context.text("last pass", "最近一次"), context.time(retention.last_run_at.as_ref())),
            (context.text("tickets erased", "已删除工单"), retention.tickets_erased.to_string()),
            (context.text("kept by a legal hold", "因法律保留未删除"), retention.tickets_held.to_string()),
            (context.text("it ended early", "未完成"), retention.error.clone()),
        ],
    )
}
