//! `gongdan sla explain`: a clock's life as tables, and as a picture.

use super::{Context, Table, channel, length, mark, picture::picture};
use anyhow::{Context as _, Result, bail};
use gongdan_proto::sla::v1::{
    Clock, ClockKind, ClockTerms, ClockTurnKind, DueStep, ExplainClockRequest, ExplainClockResponse,
    clock_service_client::ClockServiceClient,
};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Number or id of the ticket
    ticket: String,
    /// Which clock: first-response, dispatch, accept, handling, assist, review, supervision, callback
    #[arg(long, value_name = "KIND", default_value = "handling", value_parser = kind)]
    clock: ClockKind,
    /// Of which round; default the latest
    #[arg(long, value_name = "N")]
    round: Option<i32>,
    /// Writes the picture to this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

fn kind(text: &str) -> Result<ClockKind, String> {
    let name = format!("CLOCK_KIND_{}", text.to_uppercase().replace('-', "_"));
    ClockKind::from_str_name(&name)
        .filter(|kind| *kind != ClockKind::Unspecified)
        .ok_or_else(|| format!("there is no clock {text}"))
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let mut client = ClockServiceClient::new(channel(context)?);
    let clocks = super::clocks::of_ticket(&mut client, &args.ticket).await?;
    let wanted =
        |clock: &&Clock| clock.kind() == args.clock && args.round.is_none_or(|round| clock.round == round);
    let Some(clock) = clocks.iter().filter(wanted).max_by_key(|clock| (clock.round, clock.id.clone())) else {
        bail!(
            "{} {} {}",
            args.ticket,
            context.text("has no clock", "没有时限"),
            context.name(args.clock.as_str_name())
        );
    };
    let answer = client.explain_clock(ExplainClockRequest { id: clock.id.clone() }).await?.into_inner();
    if let Some(file) = &args.svg {
        std::fs::write(file, picture(context, &answer))
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    show(context, &answer)?;
    match &args.svg {
        Some(file) => context.say(&format!("{}: {}", context.text("picture", "图"), file.display())),
        None => Ok(()),
    }
}

fn show(context: &Context, answer: &ExplainClockResponse) -> Result<()> {
    let json = || context.json("gongdan.sla.v1.ExplainClockResponse", answer);
    let clock = answer.clock.clone().unwrap_or_default();
    let lines = [
        (context.text("ticket", "工单"), clock.ticket_number.clone()),
        (context.text("round", "轮次"), clock.round.to_string()),
        (context.text("clock", "时限"), context.name(clock.kind().as_str_name())),
        (context.text("state", "状态"), context.name(clock.state().as_str_name())),
        (context.text("due", "到期"), context.time(clock.due_at.as_ref())),
        (context.text("breached", "超时"), mark(context, clock.breached)),
        (context.text("amount", "时长"), clock.amount.clone()),
        (context.text("policy", "策略"), rule(context, &clock.policy, clock.rule)),
        (context.text("calendar", "日历"), clock.calendar.clone()),
        (context.text("working time used", "已用工作时长"), length(answer.working_seconds)),
        (context.text("counted until", "统计至"), context.time(answer.counted_until.as_ref())),
    ];
    context.print_details(json, &lines)?;
    if context.is_json() {
        return Ok(());
    }
    context.say("")?;
    context.print(json, || steps(context, answer))?;
    context.say("")?;
    context.print(json, || stretches(context, answer))?;
    if answer.firings.is_empty() {
        return Ok(());
    }
    context.say("")?;
    context.print(json, || firings(context, answer))
}

/// The policy set, and which of its rules.
fn rule(context: &Context, policy: &str, rule: i32) -> String {
    match rule {
        0 => policy.to_owned(),
        rule => format!("{policy} ({} {rule})", context.text("rule", "规则")),
    }
}

/// What a step did, in words.
pub fn what(context: &Context, step: &DueStep) -> String {
    let terms = step.terms.clone().unwrap_or_default();
    let Some(turn) = &step.turn else {
        return format!("{} {}", context.text("begins:", "开始："), terms.amount);
    };
    let before = turn.before.as_ref().map(|before| before.amount.clone()).unwrap_or_default();
    match turn.kind() {
        ClockTurnKind::Paused => context.text("pauses", "暂停").to_owned(),
        ClockTurnKind::RanOn => context.text("ticket suspended, runs on", "工单挂起，继续计时").to_owned(),
        ClockTurnKind::Resumed => context.text("goes on", "恢复").to_owned(),
        ClockTurnKind::Moved => context.text("a deadline is set", "设定期限").to_owned(),
        ClockTurnKind::Recalculated => {
            format!("{} {before} → {}", context.text("recalculated:", "重算："), terms.amount)
        }
        ClockTurnKind::Restarted => context.text("begins anew", "重新计时").to_owned(),
        ClockTurnKind::Unspecified => String::new(),
    }
}

fn terms(context: &Context, terms: Option<&ClockTerms>) -> String {
    terms.map_or_else(String::new, |terms| {
        format!("{} {} {}", terms.amount, rule(context, &terms.policy, terms.rule), terms.calendar)
    })
}

fn steps(context: &Context, answer: &ExplainClockResponse) -> Table {
    let mut table = Table::new([
        context.text("when", "时间"),
        context.text("what", "事项"),
        context.text("due from then on", "此后到期"),
        context.text("terms", "依据"),
    ]);
    for step in &answer.steps {
        table.row([
            context.time(step.at.as_ref()),
            what(context, step),
            context.time(step.due_at.as_ref()),
            terms(context, step.terms.as_ref()),
        ]);
    }
    table
}

fn stretches(context: &Context, answer: &ExplainClockResponse) -> Table {
    let mut table = Table::new([
        context.text("from", "从"),
        context.text("to", "至"),
        context.text("clock", "计时"),
        context.text("working days", "工作日"),
        context.text("working time", "工作时长"),
        context.text("time", "时长"),
        context.text("terms", "依据"),
    ]);
    for stretch in &answer.stretches {
        let state = match (stretch.ran, stretch.suspended) {
            (true, false) => context.text("ran", "计时"),
            (true, true) => context.text("ran on, suspended", "挂起中计时"),
            (false, _) => context.text("paused", "暂停"),
        };
        let days = if stretch.working_days == 0 { String::new() } else { stretch.working_days.to_string() };
        table.row([
            context.time(stretch.from.as_ref()),
            context.time(stretch.to.as_ref()),
            state.to_owned(),
            days,
            length(stretch.working_seconds),
            length(stretch.elapsed_seconds),
            terms(context, stretch.terms.as_ref()),
        ]);
    }
    table
}

fn firings(context: &Context, answer: &ExplainClockResponse) -> Table {
    let mut table = Table::new([
        context.text("fired", "触发"),
        context.text("its time", "应触发"),
        context.text("told", "实际触发"),
        context.text("late", "延迟"),
    ]);
    for firing in &answer.firings {
        let what = match firing.percent {
            100 => context.text("breach", "超时").to_owned(),
            percent => format!("{percent}%"),
        };
        table.row([
            what,
            context.time(firing.planned_at.as_ref()),
            context.time(firing.fired_at.as_ref()),
            mark(context, firing.late),
        ]);
    }
    table
}
