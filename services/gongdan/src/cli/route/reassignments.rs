//! `gongdan route reassignments`

use anyhow::Result;
use clap::Subcommand;
use gongdan_proto::routing::v1::{
    GetReassignmentRequest, ListReassignmentTicketsRequest, ListReassignmentsRequest, ReassignedTicket,
    ReassignedTicketState, Reassignment, ReassignmentCourse, ReassignmentState, StopReassignmentRequest,
    reassign_to::To, reassignment_service_client::ReassignmentServiceClient,
};
use serde_json::json;

use super::{Channel, Context, Table, people, tree::Tree};
use crate::cli::{Lang, handover};

const REASSIGNMENT: &str = "gongdan.routing.v1.Reassignment";
const TICKET: &str = "gongdan.routing.v1.ReassignedTicket";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Reassignments, newest first
    List {
        /// Only of this person's tickets
        #[arg(long, value_name = "PERSON", default_value = "")]
        person: String,
        /// Only those that are not over
        #[arg(long)]
        running: bool,
        /// How many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i32).range(1..=200))]
        limit: i32,
    },
    /// One, with what became of each ticket
    Show {
        /// Its id
        id: String,
    },
    /// Ends one early: what is not decided yet stays where it is
    Stop {
        /// Its id
        id: String,
    },
}

pub fn client(context: &Context) -> Result<ReassignmentServiceClient<Channel>> {
    Ok(ReassignmentServiceClient::new(context.channel("routing")?))
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let mut client = client(context)?;
    match command {
        Command::List { person, running, limit } => {
            let request = ListReassignmentsRequest {
                person_id: person,
                running,
                page_size: limit,
                page_token: String::new(),
            };
            list(context, &client.list_reassignments(request).await?.into_inner().reassignments)
        }
        Command::Show { id } => {
            let request = GetReassignmentRequest { id: id.clone() };
            let one = client.get_reassignment(request).await?.into_inner();
            let all = tickets(context, &id).await?;
            if context.is_json() {
                let tickets =
                    all.iter().map(|ticket| context.json(TICKET, ticket)).collect::<Result<Vec<_>>>()?;
                let one = context.json(REASSIGNMENT, &one)?;
                return context.print_json(&json!({ "reassignment": one, "tickets": tickets }));
            }
            show(context, &one)?;
            context.say(&format!("\n{}", table(context, &all)))?;
            reasons(context, &all)
        }
        Command::Stop { id } => {
            let request = StopReassignmentRequest { request_id: context.request_id(), id };
            show(context, &client.stop_reassignment(request).await?.into_inner())
        }
    }
}

/// After one is over: tickets that stayed, and why.
pub async fn stayed(context: &Context, one: &Reassignment) -> Result<()> {
    let far = one.progress.unwrap_or_default();
    if far.nobody_able + far.refused + far.moved_on == 0 {
        return Ok(());
    }
    let mut all = tickets(context, &one.id).await?;
    all.retain(|ticket| ticket.state() != ReassignedTicketState::Transferred);
    context.say(&format!("\n{}", table(context, &all)))?;
    reasons(context, &all)
}

async fn tickets(context: &Context, id: &str) -> Result<Vec<ReassignedTicket>> {
    let mut client = client(context)?;
    let mut request = ListReassignmentTicketsRequest {
        id: id.to_owned(),
        page_size: 500,
        ..ListReassignmentTicketsRequest::default()
    };
    let mut all = Vec::new();
    loop {
        let page = client.list_reassignment_tickets(request.clone()).await?.into_inner();
        all.extend(page.tickets);
        if page.next_page_token.is_empty() {
            return Ok(all);
        }
        request.page_token = page.next_page_token;
    }
}

/// One in a few lines.
pub fn show(context: &Context, one: &Reassignment) -> Result<()> {
    let far = one.progress.unwrap_or_default();
    let named = |english: &str, chinese: &str, number: i32| {
        (number > 0).then(|| format!("{} {number}", context.text(english, chinese)))
    };
    let progress = [
        named("transferred", "已改派", far.transferred),
        named("waiting", "待处理", far.waiting),
        named("open", "待答复", far.open),
        named("nobody able", "无人可接", far.nobody_able),
        named("refused", "被拒绝", far.refused),
        named("moved on", "已另行流转", far.moved_on),
        named("stopped", "已停止", far.stopped),
    ];
    let progress: Vec<String> = progress.into_iter().flatten().collect();
    let progress = match context.lang() {
        Lang::En => format!("{} of {}", progress.join(", "), far.total),
        Lang::Zh => format!("{}，共 {}", progress.join("，"), far.total),
    };
    let left_out = if one.left_out > 0 { one.left_out.to_string() } else { String::new() };
    let name = if one.person_name.is_empty() { &one.person_id } else { &one.person_name };
    let lines = [
        (context.text("id", "编号"), one.id.clone()),
        (context.text("person", "人员"), format!("{} {}", one.person_id, one.person_name).trim().to_owned()),
        (context.text("to", "改派给"), to(context, one)),
        (context.text("reason", "原因"), handover::why(context.lang(), one.cause(), name, &one.reason)),
        (context.text("state", "状态"), state(context, one.state()).to_owned()),
        (context.text("tickets", "工单"), progress),
        (context.text("left out", "未纳入"), left_out),
        (
            context.text("began", "开始"),
            format!("{} {} {}", context.time(one.started_at.as_ref()), one.started_by, one.started_by_name)
                .trim()
                .to_owned(),
        ),
        (context.text("over", "结束"), context.time(one.finished_at.as_ref())),
        (context.text("stopped by", "停止人"), one.stopped_by.clone()),
    ];
    context.print_details(|| context.json(REASSIGNMENT, one), &lines)
}

fn list(context: &Context, all: &[Reassignment]) -> Result<()> {
    let json = || {
        let all = all.iter().map(|one| context.json(REASSIGNMENT, one)).collect::<Result<Vec<_>>>()?;
        Ok(json!({ "reassignments": all }))
    };
    context.print(json, || {
        let heads = [
            ("id", "编号"),
            ("began", "开始"),
            ("person", "人员"),
            ("to", "改派给"),
            ("state", "状态"),
            ("transferred", "已改派"),
            ("of", "共"),
        ];
        let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
        for one in all {
            let far = one.progress.unwrap_or_default();
            table.row([
                one.id.clone(),
                context.time(one.started_at.as_ref()),
                one.person_id.clone(),
                to(context, one),
                state(context, one.state()).to_owned(),
                far.transferred.to_string(),
                far.total.to_string(),
            ]);
        }
        table
    })
}

fn table(context: &Context, all: &[ReassignedTicket]) -> Table {
    let heads = [("ticket", "工单"), ("unit", "单位"), ("to", "改派给"), ("state", "状态"), ("why", "依据")];
    let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
    for ticket in all {
        table.row([
            ticket.ticket_number.clone(),
            ticket.unit_id.clone(),
            ticket.to_person_id.clone(),
            ticket_state(context, ticket.state()).to_owned(),
            why(context, ticket),
        ]);
    }
    table
}

/// Why it goes there, or why it stays, as far as it is told in codes.
pub fn why(context: &Context, ticket: &ReassignedTicket) -> String {
    let (course, strategy) = (ticket.course(), ticket.strategy());
    if context.lang() == Lang::En {
        ticket.why.clone()
    } else if !ticket.courses.is_empty() {
        let ways: Vec<String> = ticket.courses.iter().map(|trial| people::reasons(context, trial)).collect();
        format!("无人可接：{}", ways.join("；"))
    } else if course == ReassignmentCourse::Strategy {
        format!("{}，{} 人可接", people::strategy(context, strategy), ticket.able)
    } else if course != ReassignmentCourse::Unspecified {
        people::way(context, course, strategy).to_owned()
    } else {
        ticket.why.clone()
    }
}

/// Person by person, why nobody could take a ticket; the same reasons are told once.
fn reasons(context: &Context, all: &[ReassignedTicket]) -> Result<()> {
    let mut told: Vec<String> = Vec::new();
    for ticket in all.iter().filter(|ticket| !ticket.courses.is_empty()) {
        let mut tree = Tree::new(why(context, ticket));
        for trial in &ticket.courses {
            tree.add(people::course(context, trial));
        }
        let text = tree.to_string();
        if !told.contains(&text) {
            context.say(&text)?;
            told.push(text);
        }
    }
    Ok(())
}

fn to(context: &Context, one: &Reassignment) -> String {
    let person = &one.to_person_id;
    match one.to.as_ref().and_then(|to| to.to.as_ref()) {
        Some(To::Person(_)) => person.clone(),
        Some(To::StandIn(_)) => format!("{} {person}", context.text("stand-in", "替班")),
        Some(To::Strategy(by)) => people::strategy(context, by.strategy()).to_owned(),
        Some(To::Unit(_)) => context.text("the unit", "单位").to_owned(),
        None if one.state() == ReassignmentState::Unreadable => "?".to_owned(),
        None if person.is_empty() => context.text("least loaded", "负荷最小").to_owned(),
        None => format!(
            "{} {person}, {}",
            context.text("stand-in", "替班"),
            context.text("then least loaded", "其次负荷最小")
        ),
    }
}

fn state(context: &Context, state: ReassignmentState) -> &str {
    match state {
        ReassignmentState::Unspecified => "",
        ReassignmentState::Running => context.text("running", "进行中"),
        ReassignmentState::Stopping => context.text("stopping", "停止中"),
        ReassignmentState::Finished => context.text("finished", "已完成"),
        ReassignmentState::Stopped => context.text("stopped", "已停止"),
        ReassignmentState::Unreadable => context.text("cannot be read", "无法读取"),
    }
}

fn ticket_state(context: &Context, state: ReassignedTicketState) -> &str {
    match state {
        ReassignedTicketState::Unspecified => "",
        ReassignedTicketState::Waiting => context.text("waiting", "待处理"),
        ReassignedTicketState::Open => context.text("not answered yet", "待答复"),
        ReassignedTicketState::Transferred => context.text("transferred", "已改派"),
        ReassignedTicketState::Refused => context.text("refused", "被拒绝"),
        ReassignedTicketState::NobodyAble => context.text("nobody can take it", "无人可接"),
        ReassignedTicketState::MovedOn => context.text("moved on", "已另行流转"),
        ReassignedTicketState::Stopped => context.text("stopped before", "已停止"),
    }
}
