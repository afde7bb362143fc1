//! `gongdan sla schedule`: recurring work. Source: S10.

mod preview;
mod put;
mod runs;
mod when;

use anyhow::Result;
use clap::Subcommand;
use gongdan_proto::sla::v1::{
    DeleteScheduleRequest, GetScheduleRequest, ListSchedulesRequest, PauseScheduleRequest,
    ResumeScheduleRequest, Schedule, ScheduleAction, schedule_action::Action,
    schedule_service_client::ScheduleServiceClient,
};
use serde_json::json;

use super::{super::Channel, Context, Table, channel};

const PAGE: i32 = 200;
const SCHEDULE: &str = "gongdan.sla.v1.Schedule";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes a schedule or changes one; with --subject it creates tickets, with --text it reminds people
    Put(Box<put::Args>),
    /// Shows a schedule
    Get {
        /// Its key
        key: String,
    },
    /// All schedules, with their next runs
    List,
    /// Takes a schedule away, with its runs; tickets that it created stay
    Delete(Named),
    /// Lets a schedule rest: what is planned meanwhile is neither run nor caught up
    Pause(Named),
    /// Lets a schedule run again
    Resume(Named),
    /// The next times of a schedule, or of one that is not put yet
    Preview(Box<preview::Args>),
    /// The runs of a schedule, newest first
    Runs(runs::Runs),
    /// Runs a schedule once, now, beside what is planned
    Run {
        /// Its key
        key: String,
    },
}

#[derive(Debug, clap::Args)]
pub struct Named {
    /// Its key
    key: String,
    /// Only if it is still as it was read
    #[arg(long, default_value = "", hide_default_value = true)]
    etag: String,
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Put(args) => put::run(context, *args).await,
        Command::Get { key } => {
            let schedule = client(context)?.get_schedule(GetScheduleRequest { key }).await?.into_inner();
            show(context, &schedule)
        }
        Command::List => list(context).await,
        Command::Delete(Named { key, etag }) => {
            let request = DeleteScheduleRequest { request_id: context.request_id(), key: key.clone(), etag };
            client(context)?.delete_schedule(request).await?;
            if context.is_json() {
                return context.print_json(&json!({ "key": key }));
            }
            context.say(&format!("{} {key}", context.text("taken away:", "已删除：")))
        }
        Command::Pause(Named { key, etag }) => {
            let request = PauseScheduleRequest { request_id: context.request_id(), key, etag };
            let schedule = client(context)?.pause_schedule(request).await?.into_inner();
            show(context, &schedule)
        }
        Command::Resume(Named { key, etag }) => {
            let request = ResumeScheduleRequest { request_id: context.request_id(), key, etag };
            let schedule = client(context)?.resume_schedule(request).await?.into_inner();
            show(context, &schedule)
        }
        Command::Preview(args) => preview::run(context, *args).await,
        Command::Runs(args) => runs::list(context, args).await,
        Command::Run { key } => runs::now(context, key).await,
    }
}

fn client(context: &Context) -> Result<ScheduleServiceClient<Channel>> {
    Ok(ScheduleServiceClient::new(channel(context)?))
}

fn show(context: &Context, schedule: &Schedule) -> Result<()> {
    let lines = [
        (context.text("schedule", "定时任务"), schedule.key.clone()),
        (context.text("name", "名称"), schedule.name.clone()),
        (context.text("when", "时间"), when::words(context, schedule)),
        (context.text("time zone", "时区"), schedule.time_zone.clone()),
        (context.text("catch up", "补跑"), context.name(schedule.catch_up().as_str_name())),
        (context.text("does", "动作"), does(context, schedule.action.as_ref())),
        (context.text("state", "状态"), context.name(schedule.state().as_str_name())),
        (context.text("next run", "下次运行"), context.time(schedule.next_run_at.as_ref())),
        (context.text("put", "修改时间"), context.time(schedule.put_at.as_ref())),
        (context.text("by", "修改人"), schedule.put_by.clone()),
        ("etag", schedule.etag.clone()),
    ];
    context.print_details(|| context.json(SCHEDULE, schedule), &lines)
}

/// What it does, in short.
fn does(context: &Context, action: Option<&ScheduleAction>) -> String {
    match action.and_then(|action| action.action.as_ref()) {
        None => String::new(),
        Some(Action::CreateTicket(ticket)) => {
            format!("{}: {}", context.text("ticket", "建单"), ticket.subject)
        }
        Some(Action::Remind(reminder)) => {
            let whom = if reminder.unit_id.is_empty() {
                reminder.person_ids.join(" ")
            } else {
                reminder.unit_id.clone()
            };
            format!("{} {whom}: {}", context.text("reminds", "提醒"), reminder.text)
        }
    }
}

async fn list(context: &Context) -> Result<()> {
    let mut client = client(context)?;
    let mut request = ListSchedulesRequest { page_size: PAGE, page_token: String::new() };
    let mut schedules: Vec<Schedule> = Vec::new();
    loop {
        let page = client.list_schedules(request.clone()).await?.into_inner();
        schedules.extend(page.schedules);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let json = || {
        let schedules: Result<Vec<_>> = schedules.iter().map(|s| context.json(SCHEDULE, s)).collect();
        Ok(json!(schedules?))
    };
    context.print(json, || {
        let mut table = Table::new([
            context.text("schedule", "定时任务"),
            context.text("name", "名称"),
            context.text("when", "时间"),
            context.text("time zone", "时区"),
            context.text("does", "动作"),
            context.text("state", "状态"),
            context.text("next run", "下次运行"),
        ]);
        for schedule in &schedules {
            table.row([
                schedule.key.clone(),
                schedule.name.clone(),
                when::words(context, schedule),
                schedule.time_zone.clone(),
                does(context, schedule.action.as_ref()),
                context.name(schedule.state().as_str_name()),
                context.time(schedule.next_run_at.as_ref()),
            ]);
        }
        table
    })
}
