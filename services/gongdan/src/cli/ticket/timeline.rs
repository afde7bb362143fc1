//! `ticket timeline` (流转信息)

use anyhow::Result;
use gongdan_proto::{
    common::v1::{ActorRef, PrincipalKind},
    tickets::v1::{CloseReason, ListTimelineRequest, TicketEvent, ticket_event::Change},
};
use serde_json::json;

use super::{super::Context, Client, Table};

const PAGE: i32 = 500;

pub async fn run(context: &Context, mut client: Client, ticket: String) -> Result<()> {
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
    context.print(json, || {
        let mut table = Table::new([
            context.text("no.", "序"),
            context.text("at", "时间"),
            context.text("what", "动作"),
            context.text("who", "操作人"),
            context.text("from", "原状态"),
            context.text("details", "说明"),
        ]);
        for entry in &entries {
            let (what, details) = told(context, entry.change.as_ref());
            let actor = entry.actor.clone().unwrap_or_default();
            table.row([
                entry.version.to_string(),
                context.time(entry.occurred_at.as_ref()),
                what.to_owned(),
                who(context, actor),
                context.name(entry.from_phase().as_str_name()),
                details,
            ]);
        }
        table
    })
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
        Change::Returned(c) => (context.text("returned", "退单"), and(c.unit_id.clone(), &c.reason)),
        Change::Transferred(c) => (
            context.text("transferred", "转派"),
            and(format!("{} → {}", c.from_unit_id, to(&c.to_unit_id, &c.to_person_id)), &c.reason),
        ),
        Change::Resolved(_) => (context.text("resolved", "办结"), String::new()),
        Change::CallbackOpened(_) => (context.text("callback opened", "转回访"), String::new()),
        Change::Closed(c) => (context.text("closed", "归档"), closed(context, c.reason()).to_owned()),
        Change::Reopened(c) => (context.text("reopened", "重办"), c.reason.clone()),
        Change::Cancelled(c) => (context.text("cancelled", "撤单"), c.reason.clone()),
        Change::Urged(c) => (context.text("urged", "催单"), c.note.clone()),
        Change::DecisionRefused(c) => (context.text("decision refused", "派单未采纳"), c.reason.clone()),
        Change::Erased(_) => (context.text("personal data erased", "删除个人信息"), String::new()),
        Change::Pooled(c) => (context.text("pooled", "转人工"), and(c.unit_id.clone(), &c.reason)),
    }
}

fn closed(context: &Context, reason: CloseReason) -> &str {
    match reason {
        CloseReason::Unspecified => "",
        CloseReason::CallbackCompleted => context.text("callback completed", "回访完成"),
        CloseReason::CallbackSkipped => context.text("no callback", "免回访"),
        CloseReason::CallbackGivenUp => context.text("callback given up", "回访未果"),
        CloseReason::Timer => context.text("nothing heard for seven working days", "七个工作日无反馈"),
        CloseReason::Imported => context.text("recorded from the past", "历史导入"),
    }
}
