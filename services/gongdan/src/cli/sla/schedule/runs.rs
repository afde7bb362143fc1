//! `gongdan sla schedule runs` and `run`

use anyhow::Result;
use clap::ValueEnum;
use gongdan_proto::sla::v1::{ListScheduleRunsRequest, RunScheduleNowRequest, ScheduleRun, ScheduleRunState};
use serde_json::json;

use super::{super::mark, Context, Table, client};

const RUN: &str = "gongdan.sla.v1.ScheduleRun";
const PAGE: i32 = 200;

#[derive(Debug, clap::Args)]
pub struct Runs {
    /// Key of the schedule
    key: String,
    /// Only these; may be given more than once
    #[arg(long, value_enum)]
    state: Vec<State>,
    /// How many
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

/// Where a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum State {
    /// It waits, or is tried again
    Pending,
    /// Done
    Done,
    /// Given up
    Failed,
    /// Missed
    Skipped,
}

impl From<State> for i32 {
    fn from(state: State) -> i32 {
        match state {
            State::Pending => ScheduleRunState::Pending,
            State::Done => ScheduleRunState::Done,
            State::Failed => ScheduleRunState::Failed,
            State::Skipped => ScheduleRunState::Skipped,
        }
        .into()
    }
}

pub async fn list(context: &Context, args: Runs) -> Result<()> {
    let limit = usize::try_from(args.limit)?;
    let mut client = client(context)?;
    let mut request = ListScheduleRunsRequest {
        key: args.key,
        states: args.state.into_iter().map(Into::into).collect(),
        page_size: i32::try_from(args.limit).unwrap_or(PAGE).min(PAGE),
        page_token: String::new(),
    };
    let mut runs: Vec<ScheduleRun> = Vec::new();
    loop {
        let page = client.list_schedule_runs(request.clone()).await?.into_inner();
        runs.extend(page.runs);
        if page.next_page_token.is_empty() || runs.len() >= limit {
            break;
        }
        request.page_token = page.next_page_token;
    }
    runs.truncate(limit);
    let json = || {
        let runs: Result<Vec<_>> = runs.iter().map(|run| context.json(RUN, run)).collect();
        Ok(json!(runs?))
    };
    context.print(json, || {
        let mut table = Table::new([
            context.text("planned", "计划时间"),
            context.text("state", "状态"),
            context.text("by hand", "手动"),
            context.text("ended", "结束时间"),
            context.text("attempts", "尝试"),
            context.text("ticket", "工单"),
            context.text("skipped", "跳过次数"),
            context.text("reason", "原因"),
        ]);
        for run in &runs {
            let skipped = if run.skipped == 0 { String::new() } else { run.skipped.to_string() };
            table.row([
                context.time(run.planned_at.as_ref()),
                context.name(run.state().as_str_name()),
                mark(context, run.by_hand),
                context.time(run.ended_at.as_ref()),
                run.attempts.to_string(),
                run.ticket_number.clone(),
                skipped,
                run.reason.clone(),
            ]);
        }
        table
    })
}

pub async fn now(context: &Context, key: String) -> Result<()> {
    let request = RunScheduleNowRequest { request_id: context.request_id(), key };
    let run = client(context)?.run_schedule_now(request).await?.into_inner();
    let lines = [
        (context.text("schedule", "定时任务"), run.schedule.clone()),
        (context.text("planned", "计划时间"), context.time(run.planned_at.as_ref())),
        (context.text("state", "状态"), context.name(run.state().as_str_name())),
        (context.text("run", "运行"), run.id.clone()),
    ];
    context.print_details(|| context.json(RUN, &run), &lines)
}
