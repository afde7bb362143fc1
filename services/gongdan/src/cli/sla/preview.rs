//! `gongdan sla preview`

use anyhow::Result;
use clap::{ArgGroup, ValueEnum};
use gongdan_proto::{
    sla::v1::{
        PolicyAttributes, PreviewDeadlineRequest, PreviewDeadlineResponse,
        clock_service_client::ClockServiceClient, preview_deadline_request::Amount,
    },
    tickets::v1::{Priority, TicketType, Urgency},
    to_timestamp,
};
use jiff::Timestamp;

use super::{Context, Table, channel, length, mark};

#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("amount").required(true))]
pub struct Args {
    /// Key of the calendar, or key@version; default: that of the policy set, or cn
    #[arg(long, default_value = "")]
    calendar: String,
    /// When it begins: 2026-02-13T16:30:00+08:00, or without offset in the calendar's zone
    #[arg(long, value_name = "TIME")]
    start: String,
    /// So many working days, to the close of the last one
    #[arg(long, value_name = "N", group = "amount", allow_negative_numbers = true)]
    working_days: Option<i32>,
    /// So many working hours
    #[arg(long, value_name = "N", group = "amount", allow_negative_numbers = true)]
    working_hours: Option<f64>,
    /// So many hours on the wall
    #[arg(long, value_name = "N", group = "amount", allow_negative_numbers = true)]
    clock_hours: Option<f64>,
    /// What this policy set gives a ticket of the type, priority, urgency and item below
    #[arg(long, value_name = "SET", group = "amount")]
    policy: Option<String>,
    /// With --policy: ticket type, for example complaint
    #[arg(long = "type", value_name = "TYPE", requires = "policy")]
    kind: Option<String>,
    /// With --policy: P1 to P5
    #[arg(long, requires = "policy")]
    priority: Option<PriorityArg>,
    /// With --policy: how soon it hurts
    #[arg(long, requires = "policy")]
    urgency: Option<UrgencyArg>,
    /// With --policy: catalogue item
    #[arg(long, requires = "policy", default_value = "")]
    item: String,
    /// Region code, for days of its own
    #[arg(long, default_value = "", value_name = "CODE")]
    region: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PriorityArg {
    P1,
    P2,
    P3,
    P4,
    P5,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum UrgencyArg {
    Low,
    Medium,
    High,
    Critical,
}

/// Hours, also parts of one; whole seconds, as the service counts.
fn hours(hours: f64) -> prost_types::Duration {
    prost_types::Duration { seconds: (hours * 3_600.0).round() as i64, nanos: 0 }
}

fn attributes(args: &Args, policy_set: String) -> Result<PolicyAttributes> {
    let kind = match &args.kind {
        None => TicketType::Unspecified,
        Some(kind) => {
            let name = format!("TICKET_TYPE_{}", kind.to_uppercase().replace('-', "_"));
            TicketType::from_str_name(&name)
                .ok_or_else(|| anyhow::anyhow!("there is no ticket type {kind}"))?
        }
    };
    let priority = args.priority.map_or(Priority::Unspecified, |priority| match priority {
        PriorityArg::P1 => Priority::P1,
        PriorityArg::P2 => Priority::P2,
        PriorityArg::P3 => Priority::P3,
        PriorityArg::P4 => Priority::P4,
        PriorityArg::P5 => Priority::P5,
    });
    let urgency = args.urgency.map_or(Urgency::Unspecified, |urgency| match urgency {
        UrgencyArg::Low => Urgency::Low,
        UrgencyArg::Medium => Urgency::Medium,
        UrgencyArg::High => Urgency::High,
        UrgencyArg::Critical => Urgency::Critical,
    });
    Ok(PolicyAttributes {
        policy_set,
        r#type: kind.into(),
        priority: priority.into(),
        urgency: urgency.into(),
        item: args.item.clone(),
        region: args.region.clone(),
        ..Default::default()
    })
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let amount = match (args.working_days, args.working_hours, args.clock_hours, &args.policy) {
        (Some(days), ..) => Amount::WorkingDays(days),
        (_, Some(n), ..) => Amount::WorkingHours(hours(n)),
        (_, _, Some(n), _) => Amount::ClockHours(hours(n)),
        (.., policy) => Amount::Attributes(attributes(&args, policy.clone().unwrap_or_default())?),
    };
    let (start, local_start) = match args.start.parse::<Timestamp>() {
        Ok(at) => (Some(to_timestamp(at)), String::new()),
        Err(_) => (None, args.start),
    };
    let request = PreviewDeadlineRequest {
        calendar: args.calendar,
        start,
        local_start,
        region: args.region,
        amount: Some(amount),
    };
    let answer = ClockServiceClient::new(channel(context)?).preview_deadline(request).await?.into_inner();
    show(context, &answer)
}

fn show(context: &Context, answer: &PreviewDeadlineResponse) -> Result<()> {
    let json = || context.json("gongdan.sla.v1.PreviewDeadlineResponse", answer);
    let missing: Vec<String> = answer.missing_years.iter().map(ToString::to_string).collect();
    let warnings: Vec<String> = answer.warn_at.iter().map(|at| context.time(Some(at))).collect();
    let lines = [
        (context.text("due", "到期"), context.time(answer.due_at.as_ref())),
        (context.text("start", "开始"), context.time(answer.start.as_ref())),
        (context.text("amount", "时限"), answer.amount.clone()),
        (context.text("policy", "策略"), answer.policy.clone()),
        (context.text("calendar", "日历"), format!("{} ({})", answer.calendar, answer.time_zone)),
        (context.text("working time", "工作时长"), length(answer.working_seconds)),
        (context.text("warnings", "预警"), warnings.join("\n")),
        (context.text("no holidays known for", "缺少节假日数据的年份"), missing.join(", ")),
    ];
    context.print_details(json, &lines)?;
    if context.is_json() { Ok(()) } else { context.print(json, || days(context, answer)) }
}

/// Every day from start to due: what counted and what was skipped, and why.
fn days(context: &Context, answer: &PreviewDeadlineResponse) -> Table {
    let mut table = Table::new([
        context.text("from", "从"),
        context.text("to", "至"),
        context.text("days", "天数"),
        context.text("kind", "类别"),
        context.text("why", "说明"),
        context.text("counted", "计入"),
        context.text("working time", "工作时长"),
    ]);
    for span in &answer.days {
        table.row([
            span.from.clone(),
            span.to.clone(),
            span.days.to_string(),
            context.name(span.kind().as_str_name()),
            span.name.clone(),
            mark(context, span.counted),
            length(span.working_seconds),
        ]);
    }
    table
}
