//! `audit list`

use anyhow::Result;
use clap::Args;
use gongdan_errors::{Code, code_name};
use gongdan_proto::common::v1::{
    AuditEntry, AuditResource, AuditStage, ChainedAuditEntry, ListAuditEntriesRequest,
};

use super::{CHAINED, Context, Table, client, filter::FilterArgs, named};

const PAGE: usize = 500;

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    filter: FilterArgs,
    /// The most that are shown
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

pub(super) async fn run(context: &Context, args: List) -> Result<()> {
    let filter = args.filter.decode(context)?;
    let limit = usize::try_from(args.limit)?;
    let mut entries: Vec<ChainedAuditEntry> = Vec::new();
    for service in named(args.filter.service.as_ref())? {
        let mut client = client(context, service)?;
        let mut page_token = String::new();
        let mut left = limit;
        loop {
            let page_size = i32::try_from(left.min(PAGE))?;
            let request = ListAuditEntriesRequest { filter: Some(filter.clone()), page_size, page_token };
            let page = client.list_audit_entries(request).await?.into_inner();
            left = left.saturating_sub(page.entries.len());
            entries.extend(page.entries);
            page_token = page.next_page_token;
            if page_token.is_empty() || left == 0 {
                break;
            }
        }
    }
    // Each service's are in order; together they are sorted.
    entries.sort_by_key(|entry| std::cmp::Reverse(began(entry)));
    entries.truncate(limit);
    context.print(
        || entries.iter().map(|entry| context.json(CHAINED, entry)).collect(),
        || table(context, &entries),
    )
}

fn began(entry: &ChainedAuditEntry) -> (i64, i32) {
    let at = entry.entry.as_ref().and_then(|entry| entry.at.as_ref());
    at.map(|at| (at.seconds, at.nanos)).unwrap_or_default()
}

fn table(context: &Context, entries: &[ChainedAuditEntry]) -> Table {
    let mut table = Table::new([
        context.text("at", "时间"),
        context.text("who", "操作人"),
        context.text("from", "来源地址"),
        context.text("service", "服务"),
        context.text("what", "操作"),
        context.text("of", "对象"),
        context.text("outcome", "结果"),
        context.text("trace", "追踪"),
        context.text("no.", "序"),
    ]);
    for chained in entries {
        let entry = chained.entry.clone().unwrap_or_default();
        table.row([
            context.time(entry.at.as_ref()),
            who(&entry),
            entry.peer.clone(),
            entry.service.clone(),
            what(context, &entry),
            of(&entry.resources),
            outcome(&entry),
            entry.trace_id.clone(),
            chained.number.to_string(),
        ]);
    }
    table
}

fn who(entry: &AuditEntry) -> String {
    match entry.on_behalf_of.as_str() {
        "" => entry.principal_id.clone(),
        other => format!("{} ({other})", entry.principal_id),
    }
}

fn what(context: &Context, entry: &AuditEntry) -> String {
    let name = entry.method.rsplit('/').next().unwrap_or_default();
    match entry.stage() {
        AuditStage::Begun => format!("{name} {}", context.text("begun", "开始")),
        AuditStage::Ended => format!("{name} {} ({})", context.text("ended", "结束"), entry.messages),
        AuditStage::Call | AuditStage::Unspecified => name.to_owned(),
    }
}

/// The first, and how many more.
fn of(resources: &[AuditResource]) -> String {
    match resources {
        [] => String::new(),
        [one] => format!("{} {}", one.kind, one.id),
        [one, rest @ ..] => format!("{} {} +{}", one.kind, one.id, rest.len()),
    }
}

fn outcome(entry: &AuditEntry) -> String {
    let code = code_name(Code::from_i32(entry.code));
    if entry.reason.is_empty() || entry.reason == code {
        code.to_owned()
    } else {
        format!("{code} {}", entry.reason)
    }
}
