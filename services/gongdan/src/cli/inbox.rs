//! The caller's notifications: `gongdan inbox`, `gongdan inbox --follow`, `gongdan inbox read`.

use anyhow::Result;
use clap::{Args, Subcommand};
use gongdan_proto::notifications::v1::{
    InboxItem, ListInboxRequest, MarkReadRequest, WatchInboxRequest, inbox_service_client::InboxServiceClient,
};
use serde_json::json;

use super::{Channel, Context, Table};

/// The most the service answers with at once.
const PAGE: i32 = 500;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Command {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Marks notifications as read
    Read(Read),
}

#[derive(Debug, Args)]
struct List {
    /// Only what is not read yet
    #[arg(long)]
    unread: bool,
    /// The most to show
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Print what arrives from now on, a line each, until stopped
    #[arg(long, conflicts_with = "unread")]
    follow: bool,
    /// With --follow: go on after this token of an earlier message
    #[arg(long, value_name = "TOKEN", default_value = "", hide_default_value = true, requires = "follow")]
    resume: String,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Read {
    /// Ids of notifications
    ids: Vec<String>,
    /// All of them
    #[arg(long)]
    all: bool,
}

type Client = InboxServiceClient<Channel>;

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let client = InboxServiceClient::new(context.channel("notifications")?);
    match command.action {
        Some(Action::Read(args)) => read(context, client, args).await,
        None if command.list.follow => follow(context, client, command.list).await,
        None => list(context, client, &command.list).await,
    }
}

async fn list(context: &Context, mut client: Client, args: &List) -> Result<()> {
    let mut items: Vec<InboxItem> = Vec::new();
    let mut request = ListInboxRequest { unread_only: args.unread, ..ListInboxRequest::default() };
    let unread = loop {
        request.page_size =
            i32::try_from(args.limit.saturating_sub(items.len())).unwrap_or(PAGE).clamp(1, PAGE);
        let page = client.list_inbox(request.clone()).await?.into_inner();
        items.extend(page.items);
        if page.next_page_token.is_empty() || items.len() >= args.limit {
            break page.unread;
        }
        request.page_token = page.next_page_token;
    };
    items.truncate(args.limit);
    let json = || {
        let items: Result<Vec<_>> =
            items.iter().map(|item| context.json("gongdan.notifications.v1.InboxItem", item)).collect();
        Ok(json!({ "items": items?, "unread": unread }))
    };
    context.print(json, || table(context, &items))
}

fn table(context: &Context, items: &[InboxItem]) -> Table {
    let mut table = Table::new([
        context.text("", ""),
        context.text("when", "时间"),
        context.text("ticket", "工单"),
        context.text("what", "内容"),
        context.text("id", "编号"),
    ]);
    for item in items {
        let mark = if item.read_at.is_none() { "*" } else { "" };
        table.row([
            mark.to_owned(),
            context.time(item.occurred_at.as_ref()),
            item.ticket_number.clone(),
            item.title.clone(),
            item.id.clone(),
        ]);
    }
    table
}

/// A line for each that arrives; JSON gives a message a line, with the token to go on after it.
async fn follow(context: &Context, mut client: Client, args: List) -> Result<()> {
    let mut arrivals =
        client.watch_inbox(WatchInboxRequest { resume_token: args.resume }).await?.into_inner();
    loop {
        let message = tokio::select! {
            message = arrivals.message() => message?,
            stopped = tokio::signal::ctrl_c() => return Ok(stopped?),
        };
        let Some(message) = message else { return Ok(()) };
        let Some(item) = &message.item else { continue };
        if context.is_json() {
            context.print_json(&context.json("gongdan.notifications.v1.WatchInboxResponse", &message)?)?;
        } else {
            let when = context.time(item.occurred_at.as_ref());
            context.say(&format!("{when}  {}\n{}", item.title, indented(&item.body)))?;
        }
    }
}

fn indented(body: &str) -> String {
    body.lines().map(|line| format!("    {line}\n")).collect()
}

async fn read(context: &Context, mut client: Client, args: Read) -> Result<()> {
    let answer = client.mark_read(MarkReadRequest { ids: args.ids, all: args.all }).await?.into_inner();
    if context.is_json() {
        return context.print_json(&context.json("gongdan.notifications.v1.MarkReadResponse", &answer)?);
    }
    context.say(&match context.lang() {
        super::context::Lang::En => format!("{} marked as read, {} unread", answer.marked, answer.unread),
        super::context::Lang::Zh => format!("已读 {} 条,未读 {} 条", answer.marked, answer.unread),
    })
}
