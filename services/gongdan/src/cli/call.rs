//! Calls, as a telephone system tells of them (话务).

use anyhow::Result;
use clap::{Subcommand, ValueEnum};
use gongdan_proto::{
    tickets::v1::{
        Call, CallResult, EndCallRequest, GetRecordingRequest, LinkCallRequest, ListCallsRequest,
        StartCallRequest, call_service_client::CallServiceClient,
    },
    to_timestamp,
};
use serde_json::json;

use super::{
    Context, Table,
    ticket::{self, lookup},
};

const CALL: &str = "gongdan.tickets.v1.Call";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// A call has begun: shows who rings (来电弹屏)
    Start {
        /// The call's id in the telephone system
        call: String,
        /// The caller's number in any spelling; left out when it is withheld
        #[arg(long, default_value = "", hide_default_value = true)]
        phone: String,
        /// Where it is taken
        #[arg(long, default_value = "", hide_default_value = true)]
        seat: String,
        /// Who takes it; default: you
        #[arg(long, default_value = "", hide_default_value = true)]
        agent: String,
    },
    /// A call belongs to a ticket
    Link {
        /// The call's id
        call: String,
        /// Number or id of the ticket
        ticket: String,
    },
    /// A call has ended (话后处理)
    End {
        /// The call's id
        call: String,
        /// How
        #[arg(long, value_enum, default_value_t = Ended::Answered)]
        result: Ended,
        /// What is noted of it
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
        /// Where its recording is
        #[arg(long, default_value = "", hide_default_value = true, value_name = "URL")]
        recording: String,
        /// When; default: now
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    /// Calls of a ticket
    List {
        /// Number or id of the ticket
        ticket: String,
        /// Instead: calls from its reporter's number that belong to no ticket (未关联的来电)
        #[arg(long)]
        unlinked: bool,
    },
    /// Where the recording of a call is; a right of its own, and noted
    Recording {
        /// Number or id of the ticket
        ticket: String,
        /// The call's id
        call: String,
        /// Why
        #[arg(long)]
        purpose: String,
    },
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Ended {
    /// Somebody spoke with the caller
    Answered,
    /// The caller gave up
    Abandoned,
    /// Handed on
    Transferred,
    /// The line broke
    Failed,
}

impl From<Ended> for i32 {
    fn from(ended: Ended) -> i32 {
        match ended {
            Ended::Answered => CallResult::Answered,
            Ended::Abandoned => CallResult::Abandoned,
            Ended::Transferred => CallResult::Transferred,
            Ended::Failed => CallResult::Failed,
        }
        .into()
    }
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let mut client = CallServiceClient::new(context.channel("tickets")?);
    match command {
        Command::Start { call, phone, seat, agent } => {
            let request = StartCallRequest { call_id: call, seat, agent_id: agent, phone, started_at: None };
            let answer = client.start_call(request).await?.into_inner();
            if context.is_json() {
                let json = context.json("gongdan.tickets.v1.StartCallResponse", &answer)?;
                return context.print_json(&json);
            }
            if answer.customers.is_empty() {
                context.say(context.text("nobody that is known", "未知来电"))?;
            }
            answer.customers.iter().try_for_each(|known| lookup::profile(context, known))?;
            if !answer.earlier.is_empty() {
                context.say(context.text("earlier calls of no ticket", "此前未关联工单的来电"))?;
                context.print(|| Ok(json!([])), || table(context, &answer.earlier))?;
            }
            Ok(())
        }
        Command::Link { call, ticket } => {
            let request = LinkCallRequest {
                request_id: context.request_id(),
                ticket,
                etag: String::new(),
                call_id: call,
            };
            let linked = client.link_call(request).await?.into_inner();
            ticket::show(context, &linked)
        }
        Command::End { call, result, note, recording, at } => {
            let ended_at = at.map(|at| context.parse_time(&at)).transpose()?.map(to_timestamp);
            let result = result.into();
            let request = EndCallRequest { call_id: call, ended_at, result, note, recording_url: recording };
            let call = client.end_call(request).await?.into_inner();
            context.print(|| context.json(CALL, &call), || table(context, std::slice::from_ref(&call)))
        }
        Command::List { ticket, unlinked } => {
            let mut request =
                ListCallsRequest { ticket, page_size: 200, page_token: String::new(), unlinked };
            let mut calls = Vec::new();
            loop {
                let page = client.list_calls(request.clone()).await?.into_inner();
                calls.extend(page.calls);
                if page.next_page_token.is_empty() {
                    break;
                }
                request.page_token = page.next_page_token;
            }
            let json = || {
                let calls: Result<Vec<_>> = calls.iter().map(|call| context.json(CALL, call)).collect();
                Ok(json!(calls?))
            };
            context.print(json, || table(context, &calls))
        }
        Command::Recording { ticket, call, purpose } => {
            let request = GetRecordingRequest { ticket, call_id: call, purpose };
            let recording = client.get_recording(request).await?.into_inner();
            if context.is_json() {
                return context.print_json(&json!({ "url": recording.url }));
            }
            context.say(&recording.url)
        }
    }
}

fn table(context: &Context, calls: &[Call]) -> Table {
    let mut table = Table::new([
        context.text("call", "通话"),
        context.text("phone", "号码"),
        context.text("seat", "坐席"),
        context.text("agent", "话务员"),
        context.text("started", "开始"),
        context.text("ended", "结束"),
        context.text("result", "结果"),
        context.text("recorded", "录音"),
        context.text("note", "备注"),
    ]);
    for call in calls {
        let recorded = if call.recorded { context.text("yes", "有") } else { "" };
        table.row([
            call.call_id.clone(),
            call.phone.clone(),
            call.seat.clone(),
            call.agent_id.clone(),
            context.time(call.started_at.as_ref()),
            context.time(call.ended_at.as_ref()),
            context.name(call.result().as_str_name()),
            recorded.to_owned(),
            call.note.clone(),
        ]);
    }
    table
}
