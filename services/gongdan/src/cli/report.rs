//! `gongdan report`: counts and rates; `gongdan report rebuild`: counts everything again.

use anyhow::{Context as _, bail};
use clap::{Subcommand, ValueEnum};
use gongdan_proto::{
    common::v1::Origin,
    reporting::v1::{
        Dimension, GetReportRequest, Measures, Rebuild, RebuildState, RegionLevel, Report,
        StartRebuildRequest, WatchRebuildRequest, rebuild_service_client::RebuildServiceClient,
        report_service_client::ReportServiceClient,
    },
    tickets::v1::TicketType,
};
use serde_json::{Map, Value, json};

use super::{Context, Table};

/// What to count.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// What a row stands for
    #[arg(long, value_enum, default_value_t = By::Month)]
    by: By,
    /// First day or month in Asia/Shanghai: 2026-11-01 or 2026-11
    #[arg(long, value_name = "DATE", default_value = "")]
    from: String,
    /// Last day or month, itself included
    #[arg(long, value_name = "DATE", default_value = "")]
    to: String,
    /// Only this area and below it: 440100
    #[arg(long, value_name = "CODE", default_value = "")]
    region: String,
    /// With `--by region`: sums up to this level
    #[arg(long, value_enum)]
    level: Option<Level>,
    /// Only this unit
    #[arg(long, value_name = "ID", default_value = "")]
    unit: String,
    /// Only this catalogue item and below it
    #[arg(long, value_name = "PATH", default_value = "")]
    item: String,
    /// Only this type of ticket: complaint, consultation, …
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Only live or only imported tickets
    #[arg(long, value_enum)]
    origin: Option<Source>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Counts everything again from the event logs of the other services
    Rebuild,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum By {
    Day,
    Month,
    Region,
    Unit,
    Item,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Level {
    Province,
    City,
    County,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Source {
    Live,
    Import,
}

impl By {
    fn dimension(self) -> Dimension {
        match self {
            Self::Day => Dimension::Day,
            Self::Month => Dimension::Month,
            Self::Region => Dimension::Region,
            Self::Unit => Dimension::Unit,
            Self::Item => Dimension::Item,
        }
    }

    /// The key's name in JSON, and its head in English and Chinese.
    fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Day => ("day", "Day", "日期"),
            Self::Month => ("month", "Month", "月份"),
            Self::Region => ("region", "Region", "地区"),
            Self::Unit => ("unit", "Unit", "单位"),
            Self::Item => ("item", "Item", "事项"),
        }
    }
}

pub async fn run(context: &Context, args: Args) -> anyhow::Result<()> {
    match args.command {
        Some(Command::Rebuild) => rebuild(context).await,
        None => report(context, args).await,
    }
}

async fn report(context: &Context, args: Args) -> anyhow::Result<()> {
    let by = args.by;
    let request = GetReportRequest {
        dimension: by.dimension().into(),
        from: args.from,
        to: args.to,
        region: args.region,
        region_level: match args.level {
            None => RegionLevel::Unspecified,
            Some(Level::Province) => RegionLevel::Province,
            Some(Level::City) => RegionLevel::City,
            Some(Level::County) => RegionLevel::County,
        }
        .into(),
        unit_id: args.unit,
        item: args.item,
        r#type: args.kind.as_deref().map_or(Ok(TicketType::Unspecified), ticket_type)?.into(),
        origin: match args.origin {
            None => Origin::Unspecified,
            Some(Source::Live) => Origin::Live,
            Some(Source::Import) => Origin::Import,
        }
        .into(),
    };
    let report =
        ReportServiceClient::new(context.channel("reporting")?).get_report(request).await?.into_inner();
    context.print(|| Ok(rows_json(by, &report)), || table(context, by, &report))
}

fn ticket_type(text: &str) -> anyhow::Result<TicketType> {
    let name = format!("TICKET_TYPE_{}", text.to_uppercase().replace('-', "_"));
    TicketType::from_str_name(&name)
        .filter(|kind| *kind != TicketType::Unspecified)
        .with_context(|| format!("--type: {text} is no type of ticket"))
}

/// An array of rows, each with the key under the dimension's name and every measure.
fn rows_json(by: By, report: &Report) -> Value {
    let (key, _, _) = by.names();
    let rows = report.rows.iter().map(|row| {
        let mut object = Map::new();
        object.insert(key.to_owned(), row.key.clone().into());
        if row.label != row.key {
            object.insert("label".to_owned(), row.label.clone().into());
        }
        object.extend(measures_json(row.measures.unwrap_or_default()));
        Value::Object(object)
    });
    Value::Array(rows.collect())
}

fn measures_json(m: Measures) -> Map<String, Value> {
    let fields = json!({
        "received": m.received,
        "cancelled": m.cancelled,
        "merged": m.merged,
        "first_contact": m.first_contact,
        "first_contact_rate": m.first_contact_rate,
        "repeats": m.repeats,
        "repeat_rate": m.repeat_rate,
        "quality_errors": m.quality_errors,
        "resolved": m.resolved,
        "on_time": m.on_time,
        "timed": m.timed,
        "on_time_rate": m.on_time_rate,
        "in_flight": m.in_flight,
        "overdue": m.overdue,
        "handling_mean_seconds": m.handling_mean_seconds,
        "handling_p50_seconds": m.handling_p50_seconds,
        "handling_p90_seconds": m.handling_p90_seconds,
        "elapsed_mean_seconds": m.elapsed_mean_seconds,
        "elapsed_p50_seconds": m.elapsed_p50_seconds,
        "elapsed_p90_seconds": m.elapsed_p90_seconds,
        "dispatched": m.dispatched,
        "returned": m.returned,
        "return_rate": m.return_rate,
        "reopened": m.reopened,
        "reopen_rate": m.reopen_rate,
        "urges": m.urges,
        "urged": m.urged,
        "urge_rate": m.urge_rate,
        "callbacks": m.callbacks,
        "contacted": m.contacted,
        "response_rate": m.response_rate,
        "solved": m.solved,
        "resolution_rate": m.resolution_rate,
        "satisfied": m.satisfied,
        "satisfaction_rate": m.satisfaction_rate,
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn table(context: &Context, by: By, report: &Report) -> Table {
    let (_, english, chinese) = by.names();
    let heads = [
        context.text(english, chinese),
        context.text("Received", "受理"),
        context.text("Resolved", "办结"),
        context.text("On time", "按时"),
        context.text("On-time rate", "按时率"),
        context.text("In flight", "在办"),
        context.text("Overdue", "超时"),
        context.text("Handling p50", "办理中位"),
        context.text("Handling p90", "办理九分位"),
        context.text("First contact", "首次解决率"),
        context.text("Return rate", "退单率"),
        context.text("Reopen rate", "重办率"),
        context.text("Urge rate", "催单率"),
        context.text("Repeat rate", "重复率"),
        context.text("Quality errors", "差错"),
        context.text("Satisfaction", "满意率"),
    ];
    let mut table = Table::new(heads);
    for row in &report.rows {
        let label = if row.label.is_empty() {
            context.text("(none)", "（无）").to_owned()
        } else {
            row.label.clone()
        };
        table.row(cells(context, label, row.measures.unwrap_or_default()));
    }
    table.row(cells(context, context.text("Total", "合计").to_owned(), report.total.unwrap_or_default()));
    table
}

fn cells(context: &Context, label: String, m: Measures) -> [String; 16] {
    [
        label,
        m.received.to_string(),
        m.resolved.to_string(),
        m.on_time.to_string(),
        percent(m.on_time_rate),
        m.in_flight.to_string(),
        m.overdue.to_string(),
        hours(context, m.handling_p50_seconds),
        hours(context, m.handling_p90_seconds),
        percent(m.first_contact_rate),
        percent(m.return_rate),
        percent(m.reopen_rate),
        percent(m.urge_rate),
        percent(m.repeat_rate),
        m.quality_errors.to_string(),
        percent(m.satisfaction_rate),
    ]
}

fn percent(rate: Option<f64>) -> String {
    rate.map_or_else(|| "–".to_owned(), |rate| format!("{:.1} %", rate * 100.0))
}

fn hours(context: &Context, seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "–".to_owned(), |s| format!("{:.1} {}", s / 3600.0, context.text("h", "小时")))
}

async fn rebuild(context: &Context) -> anyhow::Result<()> {
    let mut client = RebuildServiceClient::new(context.channel("reporting")?);
    let request = StartRebuildRequest { request_id: context.request_id() };
    let started = client.start_rebuild(request).await?.into_inner();
    let bar = context.progress(expected(&started), context.text("rebuild", "重建"));
    let mut changes =
        client.watch_rebuild(WatchRebuildRequest { id: started.id.clone() }).await?.into_inner();
    let mut last = started;
    while let Some(rebuild) = changes.message().await? {
        bar.set_length(expected(&rebuild).unwrap_or_default().max(applied(&rebuild)));
        bar.set_position(applied(&rebuild));
        last = rebuild;
    }
    bar.finish_and_clear();
    match last.state() {
        RebuildState::Succeeded => {
            let done = context.text("events counted again", "个事件已重新统计");
            if context.is_json() {
                context.print_json(&context.json("gongdan.reporting.v1.Rebuild", &last)?)
            } else {
                context.say(&format!("{} {done}", applied(&last)))
            }
        }
        RebuildState::Failed => bail!("{}", last.error),
        _ => bail!("{}", context.text("the rebuild goes on without us", "重建仍在进行")),
    }
}

fn applied(rebuild: &Rebuild) -> u64 {
    rebuild.sources.iter().map(|source| u64::try_from(source.applied).unwrap_or_default()).sum()
}

fn expected(rebuild: &Rebuild) -> Option<u64> {
    Some(rebuild.sources.iter().map(|source| u64::try_from(source.expected).unwrap_or_default()).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_proto::reporting::v1::ReportRow;

    #[test]
    fn a_row_for_programs_names_its_key_after_the_dimension() {
        let measures =
            Measures { received: 3, resolved: 2, on_time: 1, on_time_rate: Some(0.5), ..Measures::default() };
        let row = ReportRow { key: "2026-11".into(), label: "2026-11".into(), measures: Some(measures) };
        let rows = rows_json(By::Month, &Report { rows: vec![row], ..Report::default() });
        assert_eq!(rows[0]["month"], "2026-11");
        assert_eq!(
            (&rows[0]["received"], &rows[0]["resolved"], &rows[0]["on_time"]),
            (&json!(3), &json!(2), &json!(1))
        );
        assert_eq!(rows[0]["on_time_rate"], 0.5);
        assert_eq!(rows[0]["satisfaction_rate"], Value::Null);
        assert!(rows[0].get("label").is_none());
    }

    #[test]
    fn types_are_given_by_their_names() {
        assert_eq!(ticket_type("business-processing").ok(), Some(TicketType::BusinessProcessing));
        assert!(ticket_type("unspecified").is_err() && ticket_type("sorrow").is_err());
    }
}
