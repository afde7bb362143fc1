//! `gongdan leave`

use anyhow::Result;
use clap::Subcommand;
use gongdan_proto::{
    routing::v1::{CancelLeaveRequest, Leave, ListLeavesRequest, RecordLeaveRequest},
    to_timestamp,
};
use serde_json::json;

use super::{Context, Table, client};

const LEAVE: &str = "gongdan.routing.v1.Leave";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Records that a person is away
    Add {
        /// Who
        person: String,
        /// From when on: 2026-12-05T08:00
        #[arg(long, value_name = "TIME")]
        from: String,
        /// Until when, excluded
        #[arg(long, value_name = "TIME")]
        until: String,
        /// Who has their shifts meanwhile
        #[arg(long, value_name = "PERSON", default_value = "")]
        stand_in: String,
        /// For people
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Takes a leave back
    Cancel {
        /// Its id
        id: String,
    },
    /// Leave, newest first
    List {
        /// Only of this person
        #[arg(long, value_name = "PERSON", default_value = "")]
        person: String,
        /// Those too that are over or were taken back
        #[arg(long)]
        all: bool,
    },
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let mut client = client(context)?;
    match command {
        Command::Add { person, from, until, stand_in, reason } => {
            let request = RecordLeaveRequest {
                request_id: context.request_id(),
                person_id: person,
                from: Some(to_timestamp(context.parse_time(&from)?)),
                until: Some(to_timestamp(context.parse_time(&until)?)),
                stand_in_id: stand_in,
                reason,
            };
            let leave = client.record_leave(request).await?.into_inner();
            show(context, std::slice::from_ref(&leave))?;
            still_in_hand(context, &leave.person_id, leave.tickets_in_hand, Some(&leave.id))
        }
        Command::Cancel { id } => {
            let request = CancelLeaveRequest { request_id: context.request_id(), id };
            show(context, &[client.cancel_leave(request).await?.into_inner()])
        }
        Command::List { person, all } => {
            let mut request =
                ListLeavesRequest { person_id: person, all, page_size: 500, page_token: String::new() };
            let mut leaves = Vec::new();
            loop {
                let page = client.list_leaves(request.clone()).await?.into_inner();
                leaves.extend(page.leaves);
                if page.next_page_token.is_empty() {
                    break;
                }
                request.page_token = page.next_page_token;
            }
            show(context, &leaves)
        }
    }
}

/// Says that nobody else gets somebody's tickets by itself, and what to do.
fn still_in_hand(context: &Context, person: &str, tickets: i32, leave: Option<&str>) -> Result<()> {
    if tickets == 0 {
        return Ok(());
    }
    let leave = leave.map(|id| format!(" --leave {id}")).unwrap_or_default();
    let next = format!("gongdan route reassign {person}{leave}");
    let (english, chinese) = if tickets == 1 {
        (format!("{person} has 1 ticket in hand: {next}"), format!("{person} 有 1 件在办工单：{next}"))
    } else {
        (
            format!("{person} has {tickets} tickets in hand: {next}"),
            format!("{person} 有 {tickets} 件在办工单：{next}"),
        )
    };
    context.say(context.text(&english, &chinese))
}

fn show(context: &Context, leaves: &[Leave]) -> Result<()> {
    let json = || {
        let leaves = leaves.iter().map(|leave| context.json(LEAVE, leave)).collect::<Result<Vec<_>>>()?;
        Ok(json!({ "leaves": leaves }))
    };
    context.print(json, || {
        let heads = [
            ("id", "编号"),
            ("person", "人员"),
            ("from", "起"),
            ("until", "止"),
            ("stand-in", "替班"),
            ("reason", "原因"),
            ("taken back", "撤销"),
        ];
        let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
        for leave in leaves {
            table.row([
                leave.id.clone(),
                leave.person_id.clone(),
                context.time(leave.from.as_ref()),
                context.time(leave.until.as_ref()),
                leave.stand_in_id.clone(),
                leave.reason.clone(),
                context.time(leave.cancelled_at.as_ref()),
            ]);
        }
        table
    })
}
