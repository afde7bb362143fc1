//! `gongdan sla schedule preview`

use anyhow::{Result, ensure};
use gongdan_proto::{
    sla::v1::{PreviewScheduleRequest, Schedule, preview_schedule_request::Schedule as Asked},
    to_timestamp,
};

use super::{super::mark, Context, Table, client, when::When};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Key of the schedule; or say when with the options below
    #[arg(conflicts_with = "when", required_unless_present = "when")]
    key: Option<String>,
    #[command(flatten)]
    when: When,
    /// After this time; default: now
    #[arg(long, value_name = "TIME")]
    after: Option<String>,
    /// How many, up to 100
    #[arg(long, default_value_t = 10, value_name = "N")]
    count: i32,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let asked = match args.key {
        Some(key) => {
            ensure!(!args.when.is_given(), "a key, or when it recurs");
            Asked::Key(key)
        }
        None => {
            let (recurrence, time_zone) = args.when.recurrence()?;
            Asked::Draft(Schedule { recurrence: Some(recurrence), time_zone, ..Schedule::default() })
        }
    };
    let after = args.after.map(|text| context.parse_time(&text)).transpose()?;
    let request =
        PreviewScheduleRequest { schedule: Some(asked), after: after.map(to_timestamp), count: args.count };
    let preview = client(context)?.preview_schedule(request).await?.into_inner();
    let json = || context.json("gongdan.sla.v1.PreviewScheduleResponse", &preview);
    context.print(json, || {
        let mut table = Table::new([
            context.text("planned", "计划时间"),
            context.text("clock change", "时制变更"),
            context.text("holidays not known", "节假日未知"),
        ]);
        for run in &preview.runs {
            table.row([
                run.local.clone(),
                context.name(run.clock_change().as_str_name()),
                mark(context, run.year_missing),
            ]);
        }
        table
    })
}
