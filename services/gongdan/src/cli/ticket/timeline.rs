//! `ticket timeline` (流转信息)

use anyhow::Result;
use gongdan_proto::{
    common::v1::{ActorRef, PrincipalKind},
    tickets::v1::{
        CloseReason, GetTicketRequest, ListTimelineRequest, Phase, PlaceChanged, Ticket, TicketEvent,
        TicketLink, ticket_event::Change,
    },
};
use serde_json::json;

use super::{
    super::{Context, handover},
    Client, Table,
};

const PAGE: i32 = 500;

pub async fn run(context: &Context, mut client: Client, ticket: String) -> Result<()> {
    // Before its entries: who has all of them up to this one knows where they led.
    let now = if context.is_json() {
        Ticket::default()
    } else {
        client.get_ticket(GetTicketRequest { ticket: ticket.clone(), in_clear: false }).await?.into_inner()
    };
    let mut request = ListTimelineRequest { ticket, page_size: PAGE, page_token: String::new() };
    let mut entries: Vec<TicketEvent> = Vec::new();
    loop {
        let page = client.list_timeline(request.clone()).await?.into_inner();
        entries.extend(page.entries);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let json = || {
        let entries: Result<Vec<_>> =
            entries.iter().map(|entry| context.json("gongdan.tickets.v1.TicketEvent", entry)).collect();
        Ok(json!(entries?))
    };
    context.print(json, || table(context, &entries, &now))
}

fn table(context: &Context, entries: &[TicketEvent], now: &Ticket) -> Table {
    let mut table = Table::new([
        context.text("no.", "序"),
        context.text("at", "时间"),
        context.text("what", "动作"),
        context.text("who", "操作人"),
        context.text("from", "原状态"),
        context.text("to", "新状态"),
        context.text("details", "说明"),
    ]);
    for (entry, to) in entries.iter().zip(phases_after(entries, now)) {
        let (what, details) = told(context, entry.change.as_ref());
        let actor = entry.actor.clone().unwrap_or_default();
        table.row([
            entry.version.to_string(),
            context.time(entry.occurred_at.as_ref()),
            what.to_owned(),
            who(context, actor),
            context.name(entry.from_phase().as_str_name()),
            context.name(to.as_str_name()),
            details,
        ]);
    }
    table
}

/// The phase after each entry: the one before the next entry; after the last one the ticket's, unless it went on meanwhile.
/// Entries that are not for who looks change no phase.
fn phases_after(entries: &[TicketEvent], now: &Ticket) -> Vec<Phase> {
    let next = entries.iter().skip(1).map(TicketEvent::from_phase);
    let last = entries.last().filter(|last| last.version <= now.version).map(|_| now.phase());
    next.chain([last.unwrap_or_default()]).take(entries.len()).collect()
}

/// Who did it; citizens who are not named are citizens.
fn who(context: &Context, actor: ActorRef) -> String {
    if !actor.name.is_empty() {
        actor.name
    } else if actor.id.is_empty() && actor.kind() == PrincipalKind::Citizen {
        context.text("a citizen", "市民").to_owned()
    } else {
        actor.id
    }
}

/// What happened, in words, and its details.
fn told<'a>(context: &'a Context, change: Option<&Change>) -> (&'a str, String) {
    let to = |unit: &str, person: &str| {
        [unit, person].iter().filter(|t| !t.is_empty()).copied().collect::<Vec<_>>().join(" / ")
    };
    let and = |first: String, second: &str| {
        [first.as_str(), second].iter().filter(|t| !t.is_empty()).copied().collect::<Vec<_>>().join(": ")
    };
    let Some(change) = change else { return ("", String::new()) };
    match change {
        Change::Saved(_) => (context.text("saved", "存盘"), String::new()),
        Change::Amended(_) => (context.text("amended", "修改"), String::new()),
        Change::Submitted(c) => (context.text("submitted", "提交"), c.subject.clone()),
        Change::Dispatched(c) => {
            (context.text("dispatched", "派单"), and(to(&c.unit_id, &c.person_id), &c.note))
        }
        Change::Accepted(_) => (context.text("accepted", "接单"), String::new()),
        Change::Claimed(c) => (context.text("claimed", "抢单"), c.unit_id.clone()),
        Change::Returned(c) if c.to_pool => {
            (context.text("put back into the pool", "放回抢单池"), and(c.unit_id.clone(), &c.reason))
        }
        Change::Returned(c) => (context.text("returned", "退单"), and(c.unit_id.clone(), &c.reason)),
        Change::Transferred(c) if c.decision_id.is_empty() => (
            context.text("transferred", "转派"),
            and(format!("{} → {}", c.from_unit_id, to(&c.to_unit_id, &c.to_person_id)), &c.reason),
        ),
        Change::Transferred(c) => (context.text("handed over", "移交"), handover::told(context.lang(), c)),
        Change::Resolved(_) => (context.text("resolved", "办结"), String::new()),
        Change::CallbackOpened(_) => (context.text("callback opened", "转回访"), String::new()),
        Change::Closed(c) => (context.text("closed", "归档"), closed(context, c.reason()).to_owned()),
        Change::Reopened(c) => (context.text("reopened", "重办"), c.reason.clone()),
        Change::Cancelled(c) => (context.text("cancelled", "撤单"), c.reason.clone()),
        Change::Urged(c) => (context.text("urged", "催单"), c.note.clone()),
        Change::DecisionRefused(c) => (context.text("decision refused", "派单未采纳"), c.reason.clone()),
        Change::Erased(_) => (context.text("personal data erased", "删除个人信息"), String::new()),
        Change::Pooled(c) => (context.text("pooled", "转人工"), and(c.unit_id.clone(), &c.reason)),
        Change::Answered(c) => (context.text("answered at intake", "直接答复"), c.subject.clone()),
        Change::Escalated(c) => (
            context.text("escalated", "升级"),
            and(
                format!("{} → {} {}", c.from_tier, c.tier, to(&c.to_unit_id, &c.to_person_id))
                    .trim()
                    .to_owned(),
                &c.reason,
            ),
        ),
        other => records(context, other),
    }
}

/// What happened to a record of the ticket, in words, and its details.
fn records<'a>(context: &'a Context, change: &Change) -> (&'a str, String) {
    let and = |first: &str, second: &str| {
        [first, second].iter().filter(|t| !t.is_empty()).copied().collect::<Vec<_>>().join(": ")
    };
    let link = |link: Option<&TicketLink>, reason: &str| {
        and(link.map(|link| link.ticket_number.as_str()).unwrap_or_default(), reason)
    };
    match change {
        Change::AssistRequested(c) => {
            (context.text("assist requested", "请求协办"), and(&c.unit_id, &c.request))
        }
        Change::AssistReplied(c) => (context.text("assist replied", "协办回复"), and(&c.unit_id, &c.reply)),
        Change::AssistDeclined(c) => {
            (context.text("assist declined", "协办谢绝"), and(&c.unit_id, &c.reason))
        }
        Change::AssistWaived(c) => (context.text("assist waived", "免予协办"), and(&c.unit_id, &c.reason)),
        Change::VisitBooked(c) => (context.text("visit booked", "预约上门"), and(&c.person_id, &c.note)),
        Change::VisitMoved(c) => (context.text("visit moved", "改约"), and(&c.person_id, &c.reason)),
        Change::VisitCheckedIn(_) => (context.text("visit checked in", "上门签到"), String::new()),
        Change::VisitReported(c) => (context.text("visit reported", "上门反馈"), c.report.clone()),
        Change::VisitCancelled(c) => (context.text("visit cancelled", "取消上门"), c.reason.clone()),
        Change::SuspensionRequested(c) => {
            (context.text("suspension requested", "申请挂起"), c.reason.clone())
        }
        Change::SuspensionRejected(c) => {
            (context.text("suspension rejected", "挂起未批准"), c.decision.clone())
        }
        Change::Suspended(c) => (context.text("suspended", "挂起"), and(&c.reason, &c.decision)),
        Change::Resumed(c) => (context.text("resumed", "恢复"), c.note.clone()),
        Change::ExtensionRequested(c) => (context.text("extension requested", "延时申请"), c.reason.clone()),
        Change::ExtensionApproved(c) => (context.text("extension approved", "延时批准"), c.decision.clone()),
        Change::ExtensionRejected(c) => {
            (context.text("extension rejected", "延时未批准"), c.decision.clone())
        }
        Change::ReviewSubmitted(c) => (context.text("review submitted", "提交审核"), c.waits_at.clone()),
        Change::ReviewApproved(c) => {
            (context.text("review approved", "审核通过"), and(&c.approved_at, &c.note))
        }
        Change::ReviewRejected(c) => {
            (context.text("review rejected", "审核退回"), and(&c.back_to, &c.reason))
        }
        Change::DirectiveIssued(c) => (context.text("directive", "督办"), and(&c.unit_id, &c.directive)),
        Change::DirectiveReplied(c) => (context.text("directive replied", "督办回复"), c.reply.clone()),
        Change::DirectiveAccepted(c) => (context.text("directive accepted", "督办办结"), c.note.clone()),
        Change::DirectiveRejected(c) => {
            (context.text("directive reply rejected", "督办回复退回"), c.reason.clone())
        }
        Change::DirectiveWithdrawn(c) => (context.text("directive withdrawn", "督办撤销"), c.reason.clone()),
        Change::DirectiveLate(c) => (context.text("directive late", "督办超时"), c.level.to_string()),
        Change::Tracked(c) => (context.text("tracked", "跟踪"), and(&c.person_id, &c.note)),
        Change::Untracked(c) => (context.text("untracked", "取消跟踪"), c.person_id.clone()),
        Change::Reminded(c) => (context.text("reminded", "跟踪提醒"), c.person_id.clone()),
        Change::Noted(c) => (context.text("note", "备注"), c.text.clone()),
        Change::Attached(c) => (context.text("attached", "上传附件"), c.name.clone()),
        Change::Detached(c) => (context.text("attachment removed", "删除附件"), c.reason.clone()),
        Change::QualityErrorMarked(c) => (context.text("quality error", "差错"), c.note.clone()),
        Change::QualityErrorWithdrawn(c) => {
            (context.text("quality error withdrawn", "撤销差错"), c.reason.clone())
        }
        Change::Circulated(c) => (context.text("circulated", "传阅"), and(&c.unit_id, &c.note)),
        Change::Linked(c) => (context.text("linked", "关联"), link(c.link.as_ref(), &c.reason)),
        Change::Unlinked(c) => (context.text("unlinked", "取消关联"), link(c.link.as_ref(), &c.reason)),
        Change::Split(c) => (context.text("split", "拆分"), c.reason.clone()),
        Change::Merged(c) => (context.text("merged", "合并"), and(&c.into_number, &c.reason)),
        Change::MergeUndone(c) => (context.text("merge undone", "撤销合并"), c.reason.clone()),
        Change::Quarantined(_) => (context.text("quarantined", "隔离"), String::new()),
        Change::Verified(c) => (context.text("verified", "核实"), c.unit_id.clone()),
        Change::HandedOff(c) => {
            (context.text("handed to emergency services", "应急移交"), and(&c.reference, &c.note))
        }
        Change::PlaceChanged(c) => (context.text("another place", "地点变更"), placed(context, c)),
        Change::CallLinked(c) => (context.text("call", "来电"), c.call_id.clone()),
        Change::Advanced(c) => (context.text("advanced", "推进"), and(&c.from_step, &c.note)),
        Change::WorkflowMigrated(c) => (
            context.text("workflow migrated", "流程迁移"),
            format!("{} {} → {}", c.workflow, c.from_version, c.to_version),
        ),
        _ => ("", String::new()),
    }
}

/// What of the place is another, and why: grids and assets; address and point are nobody's in a timeline.
fn placed(context: &Context, change: &PlaceChanged) -> String {
    let known = |grid: &str| if grid.is_empty() { "-".to_owned() } else { grid.to_owned() };
    let mut parts = Vec::new();
    if change.from_grid != change.grid {
        let grid = context.text("grid", "网格");
        parts.push(format!("{grid} {} → {}", known(&change.from_grid), known(&change.grid)));
    }
    if change.from_asset != change.asset {
        let asset = context.text("asset", "资产");
        parts.push(format!("{asset} {} → {}", known(&change.from_asset), known(&change.asset)));
    }
    if change.address_changed {
        parts.push(context.text("address", "地址").to_owned());
    }
    if change.point_changed {
        parts.push(context.text("point", "坐标").to_owned());
    }
    let what = parts.join(", ");
    [what.as_str(), &change.reason].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(": ")
}

fn closed(context: &Context, reason: CloseReason) -> &str {
    match reason {
        CloseReason::Unspecified => "",
        CloseReason::CallbackCompleted => context.text("callback completed", "回访完成"),
        CloseReason::CallbackSkipped => context.text("no callback", "免回访"),
        CloseReason::CallbackGivenUp => context.text("callback given up", "回访未果"),
        CloseReason::Timer => context.text("nothing heard for seven working days", "七个工作日无反馈"),
        CloseReason::Imported => context.text("recorded from the past", "历史导入"),
        CloseReason::Answered => context.text("answered at intake", "直接答复"),
        CloseReason::Merged => context.text("merged into another", "合并"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entry_leads_to_where_the_next_one_begins() {
        let entry =
            |version, from: Phase| TicketEvent { version, from_phase: from.into(), ..TicketEvent::default() };
        let entries =
            [entry(1, Phase::Unspecified), entry(2, Phase::PendingDispatch), entry(3, Phase::Dispatched)];
        let now = |version, phase: Phase| Ticket { version, phase: phase.into(), ..Ticket::default() };
        let known = [Phase::PendingDispatch, Phase::Dispatched, Phase::InProgress];
        assert_eq!(phases_after(&entries, &now(3, Phase::InProgress)), known);
        assert_eq!(phases_after(&entries, &now(4, Phase::InProgress)), known, "one was not for who looks");
        let gone_on = [Phase::PendingDispatch, Phase::Dispatched, Phase::Unspecified];
        assert_eq!(phases_after(&entries, &now(2, Phase::Dispatched)), gone_on);
        assert_eq!(phases_after(&[], &now(4, Phase::Closed)), []);
    }
}
