//! What is shown inside one's units (传阅, 公告), and who has read it. Source: T34.

use anyhow::Result;
use clap::Subcommand;
use gongdan_proto::tickets::v1::{
    CirculateAnnouncementRequest, Circulation, ListCirculationsRequest, MarkCirculationReadRequest,
    circulation_service_client::CirculationServiceClient,
};
use serde_json::json;

use super::{Context, Table};

const PAGE: i32 = 200;
const CIRCULATION: &str = "gongdan.tickets.v1.Circulation";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// What is shown to you, newest first
    List {
        /// Only of this ticket (number or id)
        #[arg(long, default_value = "", hide_default_value = true)]
        ticket: String,
        /// Only what you have not read
        #[arg(long)]
        unread: bool,
    },
    /// Says that you have read one
    Read {
        /// UUID
        id: String,
    },
    /// Shows an announcement to a unit of yours (公告)
    Announce {
        /// The unit
        #[arg(long)]
        unit: String,
        /// One line
        #[arg(long)]
        title: String,
        /// What it says
        #[arg(long)]
        text: String,
    },
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let mut client = CirculationServiceClient::new(context.channel("tickets")?);
    let answer = match command {
        Command::List { ticket, unread } => {
            let mut request = ListCirculationsRequest {
                ticket,
                unread_only: unread,
                page_size: PAGE,
                page_token: String::new(),
            };
            let mut all = Vec::new();
            loop {
                let page = client.list_circulations(request.clone()).await?.into_inner();
                all.extend(page.circulations);
                if page.next_page_token.is_empty() {
                    return list(context, &all);
                }
                request.page_token = page.next_page_token;
            }
        }
        Command::Read { id } => client.mark_circulation_read(MarkCirculationReadRequest { id }).await?,
        Command::Announce { unit, title, text } => {
            let request =
                CirculateAnnouncementRequest { request_id: context.request_id(), unit_id: unit, title, text };
            client.circulate_announcement(request).await?
        }
    };
    let circulation = answer.into_inner();
    if context.is_json() {
        return context.print_json(&context.json(CIRCULATION, &circulation)?);
    }
    list(context, &[circulation])
}

fn list(context: &Context, circulations: &[Circulation]) -> Result<()> {
    let json = || {
        let all: Result<Vec<_>> = circulations.iter().map(|one| context.json(CIRCULATION, one)).collect();
        Ok(json!(all?))
    };
    context.print(json, || {
        let mut table = Table::new([
            context.text("", ""),
            context.text("when", "时间"),
            context.text("ticket", "工单"),
            context.text("unit", "单位"),
            context.text("by", "传阅人"),
            context.text("what", "内容"),
            context.text("read", "已读"),
            context.text("unread", "未读"),
            context.text("id", "编号"),
        ]);
        for one in circulations {
            let mark = if one.read_at.is_none() { "*" } else { "" };
            let by = one.circulated_by.clone().unwrap_or_default();
            let what = [one.title.as_str(), one.text.as_str()];
            let what: Vec<_> = what.into_iter().filter(|text| !text.is_empty()).collect();
            table.row([
                mark.to_owned(),
                context.time(one.circulated_at.as_ref()),
                one.ticket_number.clone(),
                one.unit_id.clone(),
                if by.name.is_empty() { by.id } else { by.name },
                what.join(": "),
                one.reads.len().to_string(),
                one.unread_person_ids.len().to_string(),
                one.id.clone(),
            ]);
        }
        table
    })
}
