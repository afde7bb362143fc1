//! `ticket watch`: a line a change; JSON gives a message a line.

use anyhow::Result;
use clap::Args;
use gongdan_proto::tickets::v1::{WatchTicketsRequest, WatchTicketsResponse, watch_tickets_response::Kind};

use super::{super::Context, Client, filter::Filter};

#[derive(Debug, Args)]
pub struct Watch {
    #[command(flatten)]
    filter: Filter,
    /// Go on after this token of an earlier message
    #[arg(long, value_name = "TOKEN", default_value = "", hide_default_value = true)]
    resume: String,
    /// First print what matches now
    #[arg(long)]
    current: bool,
    /// Stop after so many messages
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

pub async fn run(context: &Context, mut client: Client, args: Watch) -> Result<()> {
    let filter = Some(args.filter.message(context)?);
    let request = WatchTicketsRequest { filter, resume_token: args.resume, include_current: args.current };
    let mut changes = client.watch_tickets(request).await?.into_inner();
    let mut printed = 0;
    while args.limit.is_none_or(|limit| printed < limit) {
        let message = tokio::select! {
            message = changes.message() => message?,
            stopped = tokio::signal::ctrl_c() => return Ok(stopped?),
        };
        let Some(message) = message else { break };
        if message.kind() == Kind::Heartbeat {
            continue;
        }
        print(context, &message)?;
        printed += 1;
    }
    Ok(())
}

fn print(context: &Context, message: &WatchTicketsResponse) -> Result<()> {
    if context.is_json() {
        return context.print_json(&context.json("gongdan.tickets.v1.WatchTicketsResponse", message)?);
    }
    let ticket = message.ticket.clone().unwrap_or_default();
    let mark = match message.kind() {
        Kind::Left => "-",
        Kind::Current => " ",
        _ => "+",
    };
    context.say(&format!(
        "{mark} {} {:<16} {} {} {}",
        ticket.number,
        message.change,
        context.name(ticket.phase().as_str_name()),
        ticket.lead_unit_id,
        ticket.subject,
    ))
}
