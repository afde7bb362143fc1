//! `gongdan route reassign`: a preview, a question, and how far it is until it is over.

use std::{
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    time::Duration,
};

use anyhow::{Result, bail};
use clap::ValueEnum;
use gongdan_proto::routing::v1::{
    AssignmentStrategy, PreviewReassignmentRequest, ReassignByStrategy, ReassignTo, ReassignToPerson,
    ReassignToStandIn, ReassignToUnit, ReassignedTicket, ReassignedTicketState, Reassignment,
    ReassignmentState, ReassignmentSummary, StartReassignmentRequest, WatchReassignmentRequest,
    preview_reassignment_response::Part, reassign_to::To,
};
use gongdan_region::{RegionCode, Regions};
use serde_json::json;
use tonic::{Code, Status};

use super::{Context, Table, reassignments};
use crate::cli::Lang;

/// Tickets that the preview shows as a table.
const SHOWN: usize = 50;
/// How often a broken watch is taken up again.
const AGAIN: usize = 30;

/// Gives the tickets that a person has in hand to others of the same units.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Whose tickets
    person: String,
    /// Who gets them; default: who stands in during the leave that runs, and the rest goes to the least loaded
    #[arg(long, value_name = "PERSON", group = "whom")]
    to: Option<String>,
    /// Somebody of each ticket's unit, chosen so
    #[arg(long, group = "whom")]
    strategy: Option<Strategy>,
    /// A skill that is needed, the most important first; may be given several times
    #[arg(long = "skill", value_name = "SKILL", requires = "strategy")]
    skills: Vec<String>,
    /// Only who stands in during the leave
    #[arg(long, group = "whom")]
    stand_in: bool,
    /// Back to the unit, without a person: anybody there accepts them. Suspended ones and those in review stay
    #[arg(long, group = "whom")]
    unit: bool,
    /// Only tickets that are with this unit
    #[arg(long, value_name = "UNIT", default_value = "")]
    of_unit: String,
    /// The leave whose stand-in is meant, by its id; default: the one that runs
    #[arg(long, value_name = "ID", default_value = "")]
    leave: String,
    /// Why, for the timeline of each ticket
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// Only shows what would happen
    #[arg(long)]
    preview: bool,
    /// Asks nothing
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Strategy {
    RoundRobin,
    LeastLoaded,
    SkillWeighted,
}

impl Args {
    fn to(&self) -> Option<ReassignTo> {
        let to = if let Some(person) = &self.to {
            To::Person(ReassignToPerson { person_id: person.clone() })
        } else if let Some(strategy) = self.strategy {
            let strategy = match strategy {
                Strategy::RoundRobin => AssignmentStrategy::RoundRobin,
                Strategy::LeastLoaded => AssignmentStrategy::LeastLoaded,
                Strategy::SkillWeighted => AssignmentStrategy::SkillWeighted,
            };
            To::Strategy(ReassignByStrategy { strategy: strategy.into(), skills: self.skills.clone() })
        } else if self.stand_in {
            To::StandIn(ReassignToStandIn {})
        } else if self.unit {
            To::Unit(ReassignToUnit {})
        } else {
            return None;
        };
        Some(ReassignTo { to: Some(to) })
    }
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let (tickets, summary) = look_ahead(context, &args).await?;
    if args.preview && context.is_json() {
        let tickets = tickets
            .iter()
            .map(|ticket| context.json("gongdan.routing.v1.ReassignedTicket", ticket))
            .collect::<Result<Vec<_>>>()?;
        let summary = context.json("gongdan.routing.v1.ReassignmentSummary", &summary)?;
        return context.print_json(&json!({ "tickets": tickets, "summary": summary }));
    }
    if !context.is_json() {
        show(context, &tickets, &summary)?;
    }
    if args.preview {
        return Ok(());
    }
    if !args.yes && !agreed(context, summary.tickets)? {
        bail!("{}", context.text("nothing was changed", "未作任何更改"));
    }
    let request = StartReassignmentRequest {
        request_id: context.request_id(),
        to: args.to(),
        person_id: args.person,
        unit_id: args.of_unit,
        leave_id: args.leave,
        reason: args.reason,
        expected_count: summary.tickets,
    };
    let mut client = reassignments::client(context)?;
    let begun = client.start_reassignment(request).await?.into_inner();
    let over = watch(context, begun).await?;
    if context.is_json() {
        return context.print_json(&context.json("gongdan.routing.v1.Reassignment", &over)?);
    }
    reassignments::show(context, &over)?;
    reassignments::stayed(context, &over).await
}

async fn look_ahead(context: &Context, args: &Args) -> Result<(Vec<ReassignedTicket>, ReassignmentSummary)> {
    let request = PreviewReassignmentRequest {
        person_id: args.person.clone(),
        unit_id: args.of_unit.clone(),
        to: args.to(),
        leave_id: args.leave.clone(),
    };
    let mut parts = reassignments::client(context)?.preview_reassignment(request).await?.into_inner();
    let mut tickets = Vec::new();
    loop {
        match parts.message().await?.and_then(|answer| answer.part) {
            Some(Part::Ticket(ticket)) => tickets.push(ticket),
            Some(Part::Summary(summary)) => return Ok((tickets, summary)),
            None => bail!("{}", context.text("the preview was cut off", "预览中断")),
        }
    }
}

fn show(context: &Context, tickets: &[ReassignedTicket], summary: &ReassignmentSummary) -> Result<()> {
    let heads = [("ticket", "工单"), ("region", "区划"), ("item", "目录"), ("to", "改派给"), ("why", "依据")];
    let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
    for ticket in tickets.iter().take(SHOWN) {
        table.row([
            ticket.ticket_number.clone(),
            region(&ticket.region),
            ticket.item.clone(),
            to(context, ticket),
            reassignments::why(context, ticket),
        ]);
    }
    context.say(&table.to_string())?;
    let rest = tickets.len().saturating_sub(SHOWN);
    if rest > 0 {
        context.say(&match context.lang() {
            Lang::En => format!("and {rest} more (-o json shows all)"),
            Lang::Zh => format!("另有 {rest} 件（-o json 显示全部）"),
        })?;
    }
    let heads = [
        ("person", "人员"),
        ("tickets", "件数"),
        ("load before", "现在办"),
        ("after", "改派后"),
        ("capacity", "容量"),
    ];
    let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
    for share in &summary.people {
        let tickets = if share.person_id == summary.people[0].person_id {
            format!("{} {}", context.text("keeps", "保留"), share.tickets)
        } else {
            format!("+{}", share.tickets)
        };
        table.row([
            format!("{} {}", share.person_id, share.person_name).trim().to_owned(),
            tickets,
            share.load_before.to_string(),
            share.load_after.to_string(),
            share.capacity.to_string(),
        ]);
    }
    context.say(&format!("\n{table}"))?;
    let ReassignmentSummary { tickets, to_people, to_units, nobody_able, left_out, .. } = summary;
    context.say(&match context.lang() {
        Lang::En => format!(
            "{tickets} tickets: {to_people} to people, {to_units} to units, {nobody_able} that nobody can take"
        ),
        Lang::Zh => {
            format!("共 {tickets} 件：改派给人员 {to_people} 件，退回单位 {to_units} 件，无人可接 {nobody_able} 件")
        }
    })?;
    if *left_out > 0 {
        context.say(&match context.lang() {
            Lang::En => format!("{left_out} others stay: they are not yours to reassign"),
            Lang::Zh => format!("另有 {left_out} 件不变：您无权改派"),
        })?;
    }
    Ok(())
}

fn to(context: &Context, ticket: &ReassignedTicket) -> String {
    if ticket.state() == ReassignedTicketState::NobodyAble {
        context.text("stays", "不变").to_owned()
    } else if ticket.to_person_id.is_empty() {
        ticket.unit_id.clone()
    } else {
        ticket.to_person_id.clone()
    }
}

fn region(code: &str) -> String {
    RegionCode::parse(code).map(|code| Regions::national().path_name(code)).unwrap_or_default()
}

/// Asks a person; who is no person has to say so beforehand.
fn agreed(context: &Context, tickets: i32) -> Result<bool> {
    if context.is_json() || !io::stdin().is_terminal() {
        bail!(
            "{}",
            context.text(
                "nothing was changed: --yes starts it, --preview only shows it",
                "未作任何更改：加 --yes 执行，加 --preview 仅预览"
            )
        );
    }
    let question = match context.lang() {
        Lang::En => format!("Reassign {tickets} tickets? [y/N] "),
        Lang::Zh => format!("改派这 {tickets} 件工单？[y/N] "),
    };
    let mut out = io::stderr().lock();
    out.write_all(question.as_bytes())?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "是"))
}

/// Shows how far it is until it is over; it goes on whether anybody watches or not.
async fn watch(context: &Context, begun: Reassignment) -> Result<Reassignment> {
    let number = |number: i32| u64::try_from(number).unwrap_or(0);
    let bar = context.progress(Some(0), context.text("tickets", "工单"));
    let mut last = begun;
    for n in 0..AGAIN {
        if n > 0 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let request = WatchReassignmentRequest { id: last.id.clone() };
        let mut answers = match reassignments::client(context)?.watch_reassignment(request).await {
            Ok(answers) => answers.into_inner(),
            Err(status) if passes(&status) => continue,
            Err(status) => return Err(status.into()),
        };
        loop {
            match answers.message().await {
                Ok(Some(answer)) => last = answer.reassignment.unwrap_or(last),
                Ok(None) => break,
                Err(status) if passes(&status) => break,
                Err(status) => return Err(status.into()),
            }
            let far = last.progress.unwrap_or_default();
            bar.set_length(number(far.total));
            bar.set_position(number(far.total - far.waiting - far.open));
            bar.set_message(
                context.text(&format!("{} open", far.open), &format!("{} 件待答复", far.open)).to_owned(),
            );
        }
        if matches!(last.state(), ReassignmentState::Finished | ReassignmentState::Stopped) {
            bar.finish_and_clear();
            return Ok(last);
        }
    }
    bar.finish_and_clear();
    let id = &last.id;
    bail!(
        "{}",
        context.text(
            &format!("the service does not answer; how far it is: gongdan route reassignments show {id}"),
            &format!("服务无应答；查看进度：gongdan route reassignments show {id}"),
        )
    )
}

/// The service is away for a moment.
fn passes(status: &Status) -> bool {
    matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled)
}
