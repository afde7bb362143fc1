//! Callback tasks: take the next, call, say how it ended.

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use gongdan_proto::{
    callback::v1::{
        AttemptOutcome, CallbackAttempt, CallbackResult, CallbackTask, GetTaskContactRequest, GetTaskRequest,
        ListAttemptsRequest, ListTasksRequest, NextTaskRequest, RecordAttemptRequest, SkipTaskRequest,
        TaskState, callback_service_client::CallbackServiceClient,
    },
    tickets::v1::{GetTicketRequest, Ticket, ticket_service_client::TicketServiceClient},
    to_timestamp,
};
use serde_json::json;

use super::{Channel, Context, Table};

const TASK: &str = "gongdan.callback.v1.CallbackTask";
const PAGE: i32 = 200;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Takes the next task: the earliest due whose time has come; it is held for you for half an hour
    Next {
        /// Only about this unit
        #[arg(long, value_name = "UNIT")]
        unit: Option<String>,
    },
    /// Writes down how a call ended
    Record(Record),
    /// Says that the citizen is not to be called; the ticket closes
    Skip {
        /// Task, or number or id of a ticket
        task: String,
        /// Why
        #[arg(long)]
        reason: String,
        /// Only if the task is still at this etag
        #[arg(long, default_value = "")]
        etag: String,
    },
    /// Whom to call, in clear; for the agent who holds the task
    Contact {
        /// Task, or number or id of a ticket
        task: String,
    },
    /// One task with its attempts
    Get {
        /// Task, or number or id of a ticket
        task: String,
    },
    /// Tasks, newest first
    List(List),
}

#[derive(Debug, Args)]
pub struct Record {
    /// Task, or number or id of a ticket
    task: String,
    /// How the call ended
    #[arg(long, value_enum)]
    outcome: Outcome,
    /// With success: the unit had contacted the citizen
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    contacted: Option<bool>,
    /// With success: the matter is solved
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    solved: Option<bool>,
    /// With success: the citizen is satisfied
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    satisfied: Option<bool>,
    /// Without success: when to call again, inside the permitted hours
    #[arg(long, value_name = "TIME")]
    next: Option<String>,
    /// What is worth keeping
    #[arg(long, default_value = "")]
    note: String,
    /// Only if the task is still at this etag
    #[arg(long, default_value = "")]
    etag: String,
}

#[derive(Debug, Args)]
pub struct List {
    /// Where the task is
    #[arg(long, value_enum)]
    state: Option<State>,
    /// The unit asked about
    #[arg(long, value_name = "UNIT")]
    unit: Option<String>,
    /// One ticket's, by its number or id
    #[arg(long, value_name = "TICKET")]
    ticket: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Outcome {
    /// The citizen answered (成功)
    Success,
    /// Nobody picked up (无人接听)
    NoAnswer,
    /// The citizen did not want to (拒绝回访)
    Refused,
    /// Somebody else's number (号码错误)
    WrongNumber,
    /// Please later (稍后再访)
    CallLater,
}

/// Where a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum State {
    /// Waits to be called (待办)
    Open,
    /// An attempt failed, the next time is set (待回访)
    PendingCallback,
    /// Answered (已完成)
    Completed,
    /// Too many attempts (已放弃)
    GivenUp,
    /// Not to be called (免回访)
    Skipped,
    /// Recorded from the past (历史)
    Historical,
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let client = CallbackServiceClient::new(context.channel("callback")?);
    match command {
        Command::Next { unit } => next(context, client, unit).await,
        Command::Record(args) => record(context, client, args).await,
        Command::Skip { task, reason, etag } => {
            let request = SkipTaskRequest { request_id: context.request_id(), task, etag, reason };
            show(context, &client.clone().skip_task(request).await?.into_inner())
        }
        Command::Contact { task } => contact(context, client, task).await,
        Command::Get { task } => get(context, client, task).await,
        Command::List(args) => list(context, client, args).await,
    }
}

type Client = CallbackServiceClient<Channel>;

async fn next(context: &Context, mut client: Client, unit: Option<String>) -> Result<()> {
    let request = NextTaskRequest { request_id: context.request_id(), unit_id: unit.unwrap_or_default() };
    let answer = client.next_task(request).await?.into_inner();
    let Some(task) = answer.task.clone() else {
        let next = context.time(answer.next_task_at.as_ref());
        if context.is_json() {
            return context.print_json(&context.json("gongdan.callback.v1.NextTaskResponse", &answer)?);
        }
        return context.say(&match next.as_str() {
            "" => context.text("no task waits", "没有待回访的工单").to_owned(),
            next => format!(
                "{} {next}",
                context.text("no task to call now; the next at", "暂无到时的回访，下一个")
            ),
        });
    };
    let mut tickets = TicketServiceClient::new(context.channel("tickets")?);
    let ticket =
        tickets.get_ticket(GetTicketRequest { ticket: task.ticket_id.clone(), in_clear: false }).await;
    // The task is taken whether its ticket can be shown or not.
    let (ticket, unreadable) = match ticket {
        Ok(ticket) => (ticket.into_inner(), String::new()),
        Err(status) => (Ticket::default(), status.message().to_owned()),
    };
    let contact = ticket.contact.clone().unwrap_or_default();
    let resolution = ticket.resolution.clone().unwrap_or_default();
    let mut lines = lines(context, &task);
    lines.extend([
        (context.text("held until", "保留至"), context.time(answer.held_until.as_ref())),
        (context.text("subject", "标题"), ticket.subject.clone()),
        (context.text("citizen", "市民"), format!("{} {}", contact.name, contact.phone).trim().to_owned()),
        (context.text("request", "诉求"), ticket.body.clone()),
        (context.text("reply", "答复"), resolution.reply),
        (context.text("ticket unreadable", "工单无法读取"), unreadable),
    ]);
    let json = || {
        let mut json = context.json("gongdan.callback.v1.NextTaskResponse", &answer)?;
        json["ticket"] = context.json("gongdan.tickets.v1.Ticket", &ticket)?;
        Ok(json)
    };
    context.print_details(json, &lines)
}

async fn record(context: &Context, mut client: Client, args: Record) -> Result<()> {
    let outcome = match args.outcome {
        Outcome::Success => AttemptOutcome::Success,
        Outcome::NoAnswer => AttemptOutcome::NoAnswer,
        Outcome::Refused => AttemptOutcome::Refused,
        Outcome::WrongNumber => AttemptOutcome::WrongNumber,
        Outcome::CallLater => AttemptOutcome::CallLater,
    };
    let answers = [args.contacted, args.solved, args.satisfied];
    // A success without any of the three says no to all; another outcome says nothing, unless it was given one.
    let result =
        (outcome == AttemptOutcome::Success || answers.iter().any(Option::is_some)).then(|| CallbackResult {
            contacted: args.contacted.unwrap_or_default(),
            solved: args.solved.unwrap_or_default(),
            satisfied: args.satisfied.unwrap_or_default(),
        });
    let next = args.next.as_deref().map(|text| context.parse_time(text)).transpose()?;
    let request = RecordAttemptRequest {
        request_id: context.request_id(),
        task: args.task,
        etag: args.etag,
        outcome: outcome.into(),
        result,
        next_attempt_at: next.map(to_timestamp),
        note: args.note,
    };
    show(context, &client.record_attempt(request).await?.into_inner())
}

async fn contact(context: &Context, mut client: Client, task: String) -> Result<()> {
    let contact = client.get_task_contact(GetTaskContactRequest { task }).await?.into_inner();
    let lines = [
        (context.text("name", "姓名"), contact.name.clone()),
        (context.text("phone", "电话"), contact.phone.clone()),
    ];
    context.print_details(|| context.json("gongdan.callback.v1.TaskContact", &contact), &lines)
}

async fn get(context: &Context, mut client: Client, name: String) -> Result<()> {
    let task = client.get_task(GetTaskRequest { task: name }).await?.into_inner();
    let attempts =
        client.list_attempts(ListAttemptsRequest { task: task.id.clone() }).await?.into_inner().attempts;
    if context.is_json() {
        let mut json = context.json(TASK, &task)?;
        let attempts: Result<Vec<_>> =
            attempts.iter().map(|a| context.json("gongdan.callback.v1.CallbackAttempt", a)).collect();
        json["attempt_list"] = json!(attempts?);
        return context.print_json(&json);
    }
    show(context, &task)?;
    if attempts.is_empty() {
        return Ok(());
    }
    context.print(|| Ok(json!([])), || attempts_table(context, &attempts))
}

fn attempts_table(context: &Context, attempts: &[CallbackAttempt]) -> Table {
    let heads = [
        context.text("no.", "次"),
        context.text("outcome", "结果"),
        context.text("agent", "坐席"),
        context.text("at", "时间"),
        context.text("next", "下次"),
        context.text("note", "备注"),
    ];
    let mut table = Table::new(heads);
    for attempt in attempts {
        table.row([
            attempt.number.to_string(),
            context.name(attempt.outcome().as_str_name()),
            attempt.agent_id.clone(),
            context.time(attempt.attempted_at.as_ref()),
            context.time(attempt.next_attempt_at.as_ref()),
            attempt.note.clone(),
        ]);
    }
    table
}

async fn list(context: &Context, mut client: Client, args: List) -> Result<()> {
    let state = args.state.map_or(TaskState::Unspecified, |state| match state {
        State::Open => TaskState::Open,
        State::PendingCallback => TaskState::PendingCallback,
        State::Completed => TaskState::Completed,
        State::GivenUp => TaskState::GivenUp,
        State::Skipped => TaskState::Skipped,
        State::Historical => TaskState::Historical,
    });
    let mut request = ListTasksRequest {
        state: state.into(),
        unit_id: args.unit.unwrap_or_default(),
        ticket: args.ticket.unwrap_or_default(),
        page_size: PAGE,
        page_token: String::new(),
    };
    let mut tasks: Vec<CallbackTask> = Vec::new();
    while tasks.len() < args.limit {
        let page = client.list_tasks(request.clone()).await?.into_inner();
        tasks.extend(page.tasks);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    tasks.truncate(args.limit);
    let json = || {
        let tasks: Result<Vec<_>> = tasks.iter().map(|task| context.json(TASK, task)).collect();
        Ok(json!(tasks?))
    };
    context.print(json, || {
        let heads = [
            context.text("ticket", "工单"),
            context.text("round", "轮次"),
            context.text("state", "状态"),
            context.text("unit", "单位"),
            context.text("attempts", "次数"),
            context.text("next", "下次"),
            context.text("due", "期限"),
            context.text("agent", "坐席"),
            context.text("result", "结果"),
            context.text("task", "任务"),
        ];
        let mut table = Table::new(heads);
        for task in &tasks {
            table.row([
                task.ticket_number.clone(),
                task.round.to_string(),
                context.name(task.state().as_str_name()),
                task.unit_id.clone(),
                task.attempts.to_string(),
                context.time(task.next_attempt_at.as_ref()),
                context.time(task.due_at.as_ref()),
                task.agent_id.clone(),
                result(context, task),
                task.id.clone(),
            ]);
        }
        table
    })
}

fn show(context: &Context, task: &CallbackTask) -> Result<()> {
    context.print_details(|| context.json(TASK, task), &lines(context, task))
}

fn lines<'a>(context: &'a Context, task: &CallbackTask) -> Vec<(&'a str, String)> {
    let reopen = if task.reopen { context.text("yes", "是") } else { "" };
    vec![
        (context.text("task", "任务"), task.id.clone()),
        (context.text("ticket", "工单"), task.ticket_number.clone()),
        (context.text("round", "轮次"), task.round.to_string()),
        (context.text("state", "状态"), context.name(task.state().as_str_name())),
        (context.text("unit", "单位"), task.unit_id.clone()),
        (context.text("attempts", "次数"), task.attempts.to_string()),
        (context.text("next attempt", "下次回访"), context.time(task.next_attempt_at.as_ref())),
        (context.text("due", "期限"), context.time(task.due_at.as_ref())),
        (context.text("agent", "坐席"), task.agent_id.clone()),
        (context.text("result", "结果"), result(context, task)),
        (context.text("reopens", "重办"), reopen.to_owned()),
        (context.text("reason", "原因"), task.reason.clone()),
        ("etag", task.etag.clone()),
    ]
}

/// The three answers in words; empty when there are none.
fn result(context: &Context, task: &CallbackTask) -> String {
    let Some(result) = &task.result else { return String::new() };
    let answers = [
        (result.contacted, context.text("contacted", "已联系"), context.text("not contacted", "未联系")),
        (result.solved, context.text("solved", "已解决"), context.text("unsolved", "未解决")),
        (result.satisfied, context.text("satisfied", "满意"), context.text("dissatisfied", "不满意")),
    ];
    answers.map(|(yes, positive, negative)| if yes { positive } else { negative }).join(", ")
}
