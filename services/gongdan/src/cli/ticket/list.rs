//! `ticket list`

use anyhow::Result;
use clap::Args;
use gongdan_proto::tickets::v1::{ListTicketsRequest, Ticket};
use serde_json::json;

use super::{super::Context, Client, filter::Filter, show};

const PAGE: i32 = 200;

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    filter: Filter,
    /// At most so many
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
}

pub async fn run(context: &Context, mut client: Client, args: List) -> Result<()> {
    let page_size = i32::try_from(args.limit).unwrap_or(PAGE).clamp(1, PAGE);
    let filter = Some(args.filter.message(context)?);
    let mut request = ListTicketsRequest { filter, page_size, page_token: String::new() };
    let mut tickets: Vec<Ticket> = Vec::new();
    while tickets.len() < args.limit {
        let page = client.list_tickets(request.clone()).await?.into_inner();
        tickets.extend(page.tickets);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    tickets.truncate(args.limit);
    let json = || {
        let tickets: Result<Vec<_>> =
            tickets.iter().map(|ticket| context.json(show::TICKET, ticket)).collect();
        Ok(json!(tickets?))
    };
    context.print(json, || show::table(context, &tickets))
}
