//! What of a ticket stands in a file.

use super::words::{self, Language};
use gongdan_proto::{from_timestamp, tickets::v1 as pb};
use gongdan_sheet::{Cell, Sheet, SheetError};
use jiff::{civil::DateTime, tz::TimeZone};
use std::io::Write;

/// Heads and cells in a language and a zone.
pub(super) struct Columns {
    pub language: Language,
    pub zone: TimeZone,
}

/// A cell that owns its text.
enum Value {
    Text(String),
    Number(i32),
    Time(Option<DateTime>),
}

type Take = fn(&Columns, &pb::Ticket) -> Value;

/// Head in Chinese and in English, and the cell.
const COLUMNS: [(&str, &str, Take); 32] = [
    ("工单编号", "number", |_, t| Value::Text(t.number.clone())),
    ("主题", "subject", |_, t| Value::Text(t.subject.clone())),
    ("状态", "phase", |c, t| c.word(t.phase().as_str_name())),
    ("类型", "type", |c, t| c.word(t.r#type().as_str_name())),
    ("事项", "item", |_, t| Value::Text(t.item.clone())),
    ("地区编码", "region", |_, t| Value::Text(t.region.clone())),
    ("渠道", "channel", |c, t| c.word(t.channel().as_str_name())),
    ("优先级", "priority", |c, t| c.word(t.priority().as_str_name())),
    ("联系人", "contact name", |_, t| Value::Text(contact(t).name)),
    ("联系电话", "contact phone", |_, t| Value::Text(contact(t).phone)),
    ("敏感", "sensitive", |c, t| c.flag(t.sensitive)),
    ("保密", "confidential", |c, t| c.flag(t.confidential)),
    ("主办单位", "lead unit", |_, t| Value::Text(t.lead_unit_id.clone())),
    ("处理人", "handler", |_, t| Value::Text(t.handler_id.clone())),
    ("待领单位", "pool unit", |_, t| Value::Text(t.pool_unit_id.clone())),
    ("轮次", "round", |_, t| Value::Number(t.round)),
    ("退单次数", "returns", |_, t| Value::Number(t.return_count)),
    ("转派次数", "transfers", |_, t| Value::Number(t.transfer_count)),
    ("催单次数", "urges", |_, t| Value::Number(t.urge_count)),
    ("受理人", "created by", |_, t| {
        Value::Text(t.created_by.as_ref().map(|by| by.name.clone()).unwrap_or_default())
    }),
    ("受理时间", "received at", |c, t| c.time(t.received_at)),
    ("提交时间", "submitted at", |c, t| c.time(t.submitted_at)),
    ("首次派单时间", "first dispatched at", |c, t| c.time(t.first_dispatched_at)),
    ("接单时间", "accepted at", |c, t| c.time(t.accepted_at)),
    ("时限", "due at", |c, t| c.time(t.due_at)),
    ("超时", "overdue", |c, t| c.flag(t.overdue)),
    ("办结时间", "resolved at", |c, t| c.time(t.resolved_at)),
    ("归档时间", "closed at", |c, t| c.time(t.closed_at)),
    ("首次解决", "first contact", |c, t| c.flag(t.first_contact)),
    ("办理结果", "outcome", |c, t| match &t.resolution {
        Some(resolution) => c.word(resolution.outcome().as_str_name()),
        None => Value::Text(String::new()),
    }),
    ("答复内容", "reply", |_, t| {
        Value::Text(t.resolution.as_ref().map(|resolution| resolution.reply.clone()).unwrap_or_default())
    }),
    ("撤单原因", "cancel reason", |_, t| Value::Text(t.cancel_reason.clone())),
];

fn contact(ticket: &pb::Ticket) -> pb::MaskedContact {
    ticket.contact.clone().unwrap_or_default()
}

impl Columns {
    pub(super) fn title(&self) -> &'static str {
        self.language.choose("工单", "tickets")
    }

    pub(super) fn heads(&self) -> Vec<&'static str> {
        COLUMNS.iter().map(|(zh, en, _)| self.language.choose(zh, en)).collect()
    }

    pub(super) fn write<W: Write + Send>(
        &self,
        ticket: &pb::Ticket,
        sheet: &mut Sheet<W>,
    ) -> Result<(), SheetError> {
        let values = COLUMNS.map(|(_, _, take)| take(self, ticket));
        let cells: Vec<Cell<'_>> = values.iter().map(Value::cell).collect();
        sheet.row(&cells)
    }

    fn word(&self, value: &str) -> Value {
        Value::Text(words::of(self.language, value))
    }

    fn flag(&self, flag: bool) -> Value {
        Value::Text(if flag { self.language.choose("是", "yes") } else { "" }.to_owned())
    }

    fn time(&self, at: Option<prost_types::Timestamp>) -> Value {
        let at = at.and_then(|at| from_timestamp(&at).ok());
        Value::Time(at.map(|at| self.zone.to_datetime(at)))
    }
}

impl Value {
    fn cell(&self) -> Cell<'_> {
        match self {
            Self::Text(text) if text.is_empty() => Cell::Empty,
            Self::Text(text) => Cell::Text(text),
            Self::Number(number) => Cell::Number(i64::from(*number)),
            Self::Time(Some(at)) => Cell::Time(*at),
            Self::Time(None) => Cell::Empty,
        }
    }
}
