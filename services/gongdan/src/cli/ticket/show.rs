//! A ticket as people read it.

use anyhow::Result;
use gongdan_proto::tickets::v1::{Ticket, TicketLink};
use gongdan_region::{RegionCode, Regions};

use super::super::{Context, Table, fields, visit::written};

/// The message's full name.
pub const TICKET: &str = "gongdan.tickets.v1.Ticket";

/// One ticket with all that is known of it.
pub fn ticket(context: &Context, ticket: &Ticket) -> Result<()> {
    context.print_details(
        || context.json(TICKET, ticket),
        &[
            lines(context, ticket),
            super::review::details(context, ticket),
            super::supervise::details(context, ticket),
        ]
        .concat(),
    )
}

/// A row a ticket.
pub fn table(context: &Context, tickets: &[Ticket]) -> Table {
    let mut table = Table::new([
        context.text("number", "编号"),
        context.text("phase", "状态"),
        context.text("priority", "优先级"),
        context.text("type", "类型"),
        context.text("region", "区域"),
        context.text("unit", "单位"),
        context.text("handler", "处理人"),
        context.text("received", "受理时间"),
        context.text("subject", "标题"),
    ]);
    for ticket in tickets {
        table.row([
            ticket.number.clone(),
            context.name(ticket.phase().as_str_name()),
            context.name(ticket.priority().as_str_name()),
            kind(context, ticket),
            place_of(ticket),
            ticket.lead_unit_id.clone(),
            ticket.handler_id.clone(),
            context.time(ticket.received_at.as_ref()),
            ticket.subject.clone(),
        ]);
    }
    table
}

fn lines<'a>(context: &'a Context, ticket: &Ticket) -> Vec<(&'a str, String)> {
    let masked = ticket.contact.clone().unwrap_or_default();
    let clear = ticket.contact_in_clear.clone();
    let identity = clear.clone().unwrap_or_default();
    let (name, phone) = clear.map_or((masked.name, masked.phone), |clear| (clear.name, clear.phone));
    let resolution = ticket.resolution.clone().unwrap_or_default();
    let counted = |count: i32| if count == 0 { String::new() } else { count.to_string() };
    let place = ticket.place.clone().unwrap_or_default();
    let point = place.point.map(|point| written(&point)).unwrap_or_default();
    let yes = |is: bool| if is { context.text("yes", "是").to_owned() } else { String::new() };
    vec![
        (context.text("number", "编号"), ticket.number.clone()),
        (context.text("phase", "状态"), context.name(ticket.phase().as_str_name())),
        (context.text("step", "环节"), step(ticket)),
        (context.text("round", "轮次"), ticket.round.to_string()),
        (context.text("subject", "标题"), ticket.subject.clone()),
        (context.text("request", "诉求"), ticket.body.clone()),
        (context.text("still to be said", "尚缺"), missing(context, ticket)),
        (context.text("type", "类型"), kind(context, ticket)),
        (context.text("own type", "自定义类型"), ticket.type_key.clone()),
        (context.text("item", "事项"), ticket.item.clone()),
        (context.text("form", "表单"), fields::form(ticket)),
        (context.text("fields", "表单内容"), fields::lines(ticket.custom_fields.as_ref())),
        (context.text("region", "区域"), place_of(ticket)),
        (context.text("grid", "网格"), ticket.grid.clone()),
        (context.text("asset", "资产"), ticket.asset.clone()),
        (context.text("place", "地点"), place.address),
        (context.text("point (WGS-84)", "坐标（WGS-84）"), point),
        (context.text("channel", "渠道"), context.name(ticket.channel().as_str_name())),
        (
            context.text("first response within", "首次响应时限"),
            match ticket.response_seconds {
                0 => String::new(),
                seconds => format!("{seconds} s"),
            },
        ),
        (context.text("customer tier", "客户等级"), ticket.customer_tier.clone()),
        (context.text("in quarantine until", "隔离至"), context.time(ticket.quarantined_until.as_ref())),
        (context.text("priority", "优先级"), context.name(ticket.priority().as_str_name())),
        (context.text("priority reason", "优先级理由"), ticket.priority_reason.clone()),
        (context.text("citizen", "市民"), format!("{name} {phone}").trim().to_owned()),
        (context.text("customer", "客户"), ticket.customer_id.clone()),
        (context.text("identity number", "证件号码"), identity.identity_number),
        (context.text("address", "地址"), identity.address),
        (context.text("sensitive", "敏感"), yes(ticket.sensitive)),
        (context.text("confidential reporter", "举报人保密"), yes(ticket.confidential)),
        (context.text("unit", "单位"), ticket.lead_unit_id.clone()),
        (context.text("handler", "处理人"), ticket.handler_id.clone()),
        (context.text("waits because", "待派原因"), ticket.pool_reason.clone()),
        (context.text("claimed by members of", "抢单单位"), ticket.pool_unit_id.clone()),
        (context.text("claim limit", "抢单上限"), counted(ticket.pool_claim_limit)),
        (
            context.text("claimed from the pool of", "抢自单位"),
            ticket.claimed_from.as_ref().map(|from| from.unit_id.clone()).unwrap_or_default(),
        ),
        (context.text("put back by", "放回人"), ticket.put_back_by_ids.join(", ")),
        (context.text("returned by", "退单单位"), ticket.returned_by_unit_ids.join(", ")),
        (context.text("returns", "退单次数"), counted(ticket.return_count)),
        (context.text("arbitration", "仲裁"), yes(ticket.arbitration)),
        (context.text("transfers", "转派次数"), counted(ticket.transfer_count)),
        (context.text("urges", "催单次数"), counted(ticket.urge_count)),
        (context.text("repeats", "重复件数"), counted(ticket.repeat_count)),
        (context.text("links", "关联工单"), links(context, ticket)),
        (context.text("help of others", "协办"), assists(context, ticket)),
        (context.text("suspensions", "挂起"), suspensions(context, ticket)),
        (context.text("extensions", "延时"), extensions(context, ticket)),
        (context.text("visits", "预约上门"), visits(context, ticket)),
        (context.text("notes", "备注"), counted(ticket.note_count)),
        (context.text("attachments", "附件"), counted(ticket.attachment_count)),
        (context.text("calls", "通话"), ticket.call_ids.join(", ")),
        (context.text("outcome", "办理结果"), context.name(resolution.outcome().as_str_name())),
        (context.text("solution", "办理情况"), resolution.solution.clone()),
        (context.text("root cause", "原因"), resolution.root_cause.clone()),
        (context.text("reply", "答复"), resolution.reply.clone()),
        (context.text("responsible unit", "责任单位"), resolution.responsible_unit_id),
        (context.text("cancelled because", "撤单原因"), ticket.cancel_reason.clone()),
        (context.text("due", "办理时限"), due(context, ticket)),
        (context.text("received", "受理时间"), context.time(ticket.received_at.as_ref())),
        (context.text("submitted", "提交时间"), context.time(ticket.submitted_at.as_ref())),
        (context.text("dispatched", "派单时间"), context.time(ticket.first_dispatched_at.as_ref())),
        (context.text("accepted", "接单时间"), context.time(ticket.accepted_at.as_ref())),
        (context.text("resolved", "办结时间"), context.time(ticket.resolved_at.as_ref())),
        (context.text("ended", "结束时间"), context.time(ticket.closed_at.as_ref())),
        (context.text("id", "标识"), ticket.id.clone()),
        ("etag", ticket.etag.clone()),
    ]
}

/// The type; none while a draft does not say it.
fn kind(context: &Context, ticket: &Ticket) -> String {
    if is_missing(ticket, "type") { String::new() } else { context.name(ticket.r#type().as_str_name()) }
}

/// The region; none while a draft does not say it.
fn place_of(ticket: &Ticket) -> String {
    if is_missing(ticket, "region") { String::new() } else { region(&ticket.region) }
}

fn is_missing(ticket: &Ticket, field: &str) -> bool {
    ticket.missing_fields.iter().any(|missing| missing == field)
}

/// What a draft has to say before it is submitted.
fn missing(context: &Context, ticket: &Ticket) -> String {
    let name = |field: &String| match field.as_str() {
        "subject" => context.text("subject", "标题").to_owned(),
        "body" => context.text("request", "诉求").to_owned(),
        "type" => context.text("type", "类型").to_owned(),
        "region" => context.text("region", "区域").to_owned(),
        other => other.to_owned(),
    };
    ticket.missing_fields.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Other tickets it belongs with, how and by number.
fn links(context: &Context, ticket: &Ticket) -> String {
    let one =
        |link: &TicketLink| format!("{} {}", context.name(link.kind().as_str_name()), link.ticket_number);
    ticket.links.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// Where it is in the workflow that it follows.
fn step(ticket: &Ticket) -> String {
    if ticket.step.is_empty() {
        return String::new();
    }
    format!("{} ({} {})", ticket.step, ticket.workflow, ticket.workflow_version)
}

/// By when, and whether that is over.
fn due(context: &Context, ticket: &Ticket) -> String {
    let overdue = if ticket.overdue { context.text("(overdue)", "（已超时）") } else { "" };
    joined([&context.time(ticket.due_at.as_ref()), overdue])
}

/// A line for each visit.
fn visits(context: &Context, ticket: &Ticket) -> String {
    let lines = ticket.visits.iter().map(|visit| {
        let state = context.name(visit.state().as_str_name());
        let (from, to) = (context.time(visit.window_start.as_ref()), context.time(visit.window_end.as_ref()));
        let result = context.name(visit.result().as_str_name());
        joined([&visit.id, &state, &format!("{from} – {to}"), &visit.person_id, &result, &visit.report])
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A line for each unit that was asked to help.
fn assists(context: &Context, ticket: &Ticket) -> String {
    let lines = ticket.assists.iter().map(|assist| {
        let due = context.time(assist.due_at.as_ref());
        joined([
            &assist.unit_id,
            &context.name(assist.state().as_str_name()),
            &due,
            &assist.request,
            &assist.reply,
        ])
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A line for each suspension.
fn suspensions(context: &Context, ticket: &Ticket) -> String {
    let lines = ticket.suspensions.iter().map(|suspension| {
        let until = context.time(suspension.until.as_ref());
        let state = context.name(suspension.state().as_str_name());
        joined([&suspension.id, &state, &until, &suspension.reason, &suspension.decision])
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A line for each extension.
fn extensions(context: &Context, ticket: &Ticket) -> String {
    let lines = ticket.extensions.iter().map(|extension| {
        let until = extension.approved_until.or(extension.requested_until);
        let state = context.name(extension.state().as_str_name());
        let until = context.time(until.as_ref());
        joined([&extension.id, &state, &until, &extension.reason, &extension.decision])
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn joined<const N: usize>(parts: [&str; N]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ")
}

/// Names from the province down; the code when the table does not have it.
pub fn region(code: &str) -> String {
    RegionCode::parse(code)
        .map(|code| Regions::national().path_name(code))
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| code.to_owned())
}
