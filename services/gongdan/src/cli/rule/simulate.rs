//! `gongdan rule simulate`

use anyhow::{Result, bail};
use gongdan_proto::{
    routing::v1::{
        SimulateRulesRequest, SimulatedRule, SimulationOutcome, SimulationPlace,
        simulate_rules_response::Step,
    },
    to_timestamp,
};
use std::fmt::Write as _;

use super::{Context, Table, sets_client};

/// Pairs that the table shows.
const PAIRS: usize = 20;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A published set; default: the draft
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    set: Option<i64>,
    /// How many of the last tickets
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=100_000))]
    tickets: i32,
    /// Tickets shown for each pair of places
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=20))]
    examples: i32,
    /// When units and people have to be there; default: now
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let at = args.at.map(|at| context.parse_time(&at)).transpose()?.map(to_timestamp);
    let request = SimulateRulesRequest {
        number: args.set.unwrap_or(0),
        tickets: args.tickets,
        at,
        examples: args.examples,
    };
    let mut steps = sets_client(context)?.simulate_rules(request).await?.into_inner();
    let bar = context.progress(Some(0), context.text("tickets", "工单"));
    let number = |number: i32| u64::try_from(number).unwrap_or(0);
    let outcome = loop {
        match steps.message().await?.and_then(|answer| answer.step) {
            Some(Step::Progress(step)) => {
                bar.set_length(number(step.of));
                bar.set_position(number(step.tickets));
                let elsewhere = step.elsewhere;
                bar.set_message(
                    context
                        .text(&format!("{elsewhere} elsewhere"), &format!("{elsewhere} 件去向不同"))
                        .to_owned(),
                );
            }
            Some(Step::Outcome(outcome)) => break outcome,
            None => bail!("the simulation was cut off; nothing was changed"),
        }
    };
    bar.finish_and_clear();
    if context.is_json() {
        return context.print_json(&context.json("gongdan.routing.v1.SimulationOutcome", &outcome)?);
    }
    context.say(&head(context, &outcome))?;
    if !outcome.pairs.is_empty() {
        context.say(&pairs(context, &outcome).to_string())?;
        context.say(&examples(context, &outcome))?;
    }
    context.say(&rules(context, &outcome.rules).to_string())
}

fn head(context: &Context, outcome: &SimulationOutcome) -> String {
    let SimulationOutcome { tickets, elsewhere, other_marks, unreadable, .. } = outcome;
    let mut text = context
        .text(
            &format!(
                "{elsewhere} of {tickets} tickets would go elsewhere, {other_marks} more would have other marks"
            ),
            &format!("{tickets} 件工单中 {elsewhere} 件去向不同，另有 {other_marks} 件标记不同"),
        )
        .to_owned();
    if *unreadable > 0 {
        let more = format!("; {unreadable} could not be read");
        text.push_str(context.text(&more, &format!("；{unreadable} 件无法读取")));
    }
    if !outcome.draft_etag.is_empty() {
        let etag = &outcome.draft_etag;
        let _ = write!(
            text,
            "\n{}",
            context.text(
                &format!("to publish just this: gongdan rule publish --etag {etag}"),
                &format!("发布此草稿：gongdan rule publish --etag {etag}")
            )
        );
    }
    text
}

fn pairs(context: &Context, outcome: &SimulationOutcome) -> Table {
    let heads = [("tickets", "件数"), ("from", "现去向"), ("to", "新去向")];
    let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
    for pair in outcome.pairs.iter().take(PAIRS) {
        table.row([
            pair.tickets.to_string(),
            place(context, pair.from.as_ref()),
            place(context, pair.to.as_ref()),
        ]);
    }
    let rest: i32 = outcome.pairs.iter().skip(PAIRS).map(|pair| pair.tickets).sum();
    if rest + outcome.in_other_pairs > 0 {
        let other = context.text("other pairs", "其他");
        table.row([(rest + outcome.in_other_pairs).to_string(), other.to_owned(), String::new()]);
    }
    table
}

fn examples(context: &Context, outcome: &SimulationOutcome) -> String {
    let mut text = String::new();
    for pair in outcome.pairs.iter().take(PAIRS) {
        let (from, to) = (place(context, pair.from.as_ref()), place(context, pair.to.as_ref()));
        let _ = writeln!(text, "{from} → {to}");
        for example in &pair.examples {
            let _ = writeln!(
                text,
                "  {}\n    {} {}\n    {} {}",
                example.ticket_number,
                context.text("now: ", "现："),
                example.before,
                context.text("then:", "新："),
                example.after
            );
        }
    }
    text.trim_end().to_owned()
}

fn rules(context: &Context, rules: &[SimulatedRule]) -> Table {
    let heads = [
        ("place", "顺序"),
        ("id", "编号"),
        ("name", "名称"),
        ("tried", "尝试"),
        ("decided", "决定"),
        ("marked", "加标记"),
        ("passed over", "跳过"),
        ("failed", "出错"),
        ("", ""),
    ];
    let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
    for rule in rules {
        let silent = rule.decided + rule.marked + rule.passed_over == 0;
        let note = match rule {
            _ if !rule.failure.is_empty() => rule.failure.clone(),
            rule if rule.tried == 0 => context.text("never tried", "从未轮到").to_owned(),
            _ if silent => context.text("never fired", "从未命中").to_owned(),
            _ => String::new(),
        };
        table.row([
            rule.position.to_string(),
            rule.rule_id.clone(),
            rule.name.clone(),
            rule.tried.to_string(),
            rule.decided.to_string(),
            rule.marked.to_string(),
            rule.passed_over.to_string(),
            rule.failed.to_string(),
            note,
        ]);
    }
    table
}

fn place(context: &Context, place: Option<&SimulationPlace>) -> String {
    let Some(place) = place else { return String::new() };
    match (place.unit_id.as_str(), place.person_id.as_str()) {
        ("", _) => context.text("manual pool", "人工派单池").to_owned(),
        (unit, _) if place.pool => format!("{} {unit}", context.text("pool of", "抢单池")),
        (unit, "") => unit.to_owned(),
        (unit, person) => format!("{person} ({unit})"),
    }
}
