//! `gongdan sla clocks`

use anyhow::Result;
use gongdan_proto::sla::v1::{Clock, ListClocksRequest, clock_service_client::ClockServiceClient};
use serde_json::json;

use super::{Context, Table, channel, mark};

const PAGE: i32 = 200;

/// The service's client.
pub(super) type Client = ClockServiceClient<super::Channel>;

pub async fn run(context: &Context, ticket: String) -> Result<()> {
    let clocks = of_ticket(&mut ClockServiceClient::new(channel(context)?), &ticket).await?;
    let json = || {
        let clocks: Result<Vec<_>> =
            clocks.iter().map(|clock| context.json("gongdan.sla.v1.Clock", clock)).collect();
        Ok(json!(clocks?))
    };
    context.print(json, || table(context, &clocks))
}

/// All clocks of a ticket, in the order they started.
pub(super) async fn of_ticket(client: &mut Client, ticket: &str) -> Result<Vec<Clock>> {
    let mut request = ListClocksRequest { ticket: ticket.to_owned(), page_size: PAGE, ..Default::default() };
    let mut clocks: Vec<Clock> = Vec::new();
    loop {
        let page = client.list_clocks(request.clone()).await?.into_inner();
        clocks.extend(page.clocks);
        if page.next_page_token.is_empty() {
            return Ok(clocks);
        }
        request.page_token = page.next_page_token;
    }
}

fn table(context: &Context, clocks: &[Clock]) -> Table {
    let mut table = Table::new([
        context.text("round", "轮次"),
        context.text("clock", "时限"),
        context.text("state", "状态"),
        context.text("amount", "时长"),
        context.text("started", "开始"),
        context.text("due", "到期"),
        context.text("stopped", "停止"),
        context.text("warned", "预警"),
        context.text("breached", "超时"),
        context.text("unit", "单位"),
        context.text("policy", "策略"),
        context.text("calendar", "日历"),
    ]);
    for clock in clocks {
        let warned: Vec<String> = clock.warned_percent.iter().map(|percent| format!("{percent}%")).collect();
        table.row([
            clock.round.to_string(),
            context.name(clock.kind().as_str_name()),
            context.name(clock.state().as_str_name()),
            clock.amount.clone(),
            context.time(clock.started_at.as_ref()),
            context.time(clock.due_at.as_ref()),
            context.time(clock.stopped_at.as_ref()),
            warned.join(" "),
            mark(context, clock.breached),
            clock.unit_id.clone(),
            clock.policy.clone(),
            clock.calendar.clone(),
        ]);
    }
    table
}
