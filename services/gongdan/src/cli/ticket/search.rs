//! `ticket search`

use anyhow::Result;
use clap::Args;
use gongdan_proto::tickets::v1::{
    SearchHit, SearchTicketsRequest, search_service_client::SearchServiceClient,
};
use serde_json::json;

use super::{super::Context, Table, filter::Filter};

const PAGE: i32 = 100;

#[derive(Debug, Args)]
pub struct Search {
    /// Words, all of which must be there; or a ticket's number
    #[arg(default_value = "", hide_default_value = true)]
    text: String,
    /// A ticket's number, or its last six digits
    #[arg(long, default_value = "", hide_default_value = true)]
    number: String,
    /// The customer's phone, in any spelling
    #[arg(long, default_value = "", hide_default_value = true)]
    phone: String,
    /// The last four digits of the customer's phone
    #[arg(long, default_value = "", hide_default_value = true, value_name = "DIGITS")]
    last_four: String,
    #[command(flatten)]
    filter: Filter,
    /// At most so many
    #[arg(long, default_value_t = 20, value_name = "N")]
    limit: usize,
}

pub async fn run(context: &Context, args: Search) -> Result<()> {
    let mut client = SearchServiceClient::new(context.channel("tickets")?);
    let mut request = SearchTicketsRequest {
        text: args.text,
        number: args.number,
        phone: args.phone,
        phone_last_four: args.last_four,
        filter: Some(args.filter.message(context)?),
        page_size: i32::try_from(args.limit).unwrap_or(PAGE).clamp(1, PAGE),
        page_token: String::new(),
    };
    let mut hits: Vec<SearchHit> = Vec::new();
    while hits.len() < args.limit {
        let page = client.search_tickets(request.clone()).await?.into_inner();
        hits.extend(page.hits);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    hits.truncate(args.limit);
    let json = || {
        let hits: Result<Vec<_>> =
            hits.iter().map(|hit| context.json("gongdan.tickets.v1.SearchHit", hit)).collect();
        Ok(json!(hits?))
    };
    context.print(json, || {
        let mut table = Table::new([
            context.text("number", "编号"),
            context.text("phase", "状态"),
            context.text("received", "受理时间"),
            context.text("subject", "标题"),
            context.text("found", "匹配"),
        ]);
        for hit in &hits {
            let ticket = hit.ticket.clone().unwrap_or_default();
            table.row([
                ticket.number.clone(),
                context.name(ticket.phase().as_str_name()),
                context.time(ticket.received_at.as_ref()),
                ticket.subject,
                marked(hit),
            ]);
        }
        table
    })
}

/// The snippet with what was found in brackets.
fn marked(hit: &SearchHit) -> String {
    let mut text = String::new();
    for (at, c) in (0_i32..).zip(hit.snippet.chars()) {
        if hit.matches.iter().any(|found| found.start == at) {
            text.push('【');
        }
        text.push(c);
        if hit.matches.iter().any(|found| found.start + found.length == at + 1) {
            text.push('】');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_proto::tickets::v1::Match;

    #[test]
    fn what_was_found_is_marked() {
        let hit = SearchHit {
            snippet: "夜间噪音投诉".to_owned(),
            matches: vec![Match { start: 2, length: 4 }],
            ..SearchHit::default()
        };
        assert_eq!(marked(&hit), "夜间【噪音投诉】");
    }
}
