//! The variables of conditions. Documented in `rule_service.proto` and the service's README; a test keeps README equal.

use crate::TicketFacts;
use cel::{
    Value,
    common::{
        types::{CelBool, CelInt, CelString},
        value::{CowVal, Val},
    },
    context::VariableResolver,
};
use gongdan_region::Level;
use jiff::{Timestamp, Zoned, tz};

/// Root and fields.
pub(super) const VARIABLES: [(&str, &[&str]); 3] = [
    (
        "ticket",
        &[
            "type",
            "item",
            "item_path",
            "region",
            "province",
            "city",
            "county",
            "priority",
            "channel",
            "urgency",
            "impact",
            "subject",
            "body",
            "round",
            "return_count",
            "returned_by",
            "tier",
            "sensitive",
            "received_at",
        ],
    ),
    ("customer", &["known"]),
    ("time", &["now", "hour", "minute", "weekday", "day", "month", "date"]),
];

/// Answers conditions about one ticket at one instant; texts are lent, not copied.
pub(crate) struct Variables<'a> {
    ticket: &'a TicketFacts,
    civil: Zoned,
}

impl<'a> Variables<'a> {
    /// Civil time is that of Asia/Shanghai, which has had no other offset since 1991.
    pub(crate) fn new(ticket: &'a TicketFacts, at: Timestamp) -> Self {
        Self { ticket, civil: at.to_zoned(tz::TimeZone::fixed(tz::offset(8))) }
    }

    fn instant(&self, at: Timestamp) -> String {
        at.to_zoned(self.civil.time_zone().clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }
}

fn text<'b>(text: &'b str) -> CowVal<'b, 'b> {
    CowVal::owned(CelString::from(text))
}

fn made<'b>(text: String) -> CowVal<'b, 'b> {
    CowVal::owned(CelString::from(text))
}

fn number<'b>(number: impl Into<i64>) -> CowVal<'b, 'b> {
    CowVal::owned(CelInt::from(number.into()))
}

fn list<'b, 't>(texts: impl Iterator<Item = &'t str>) -> Option<CowVal<'b, 'b>> {
    let values: Vec<Value> = texts.map(Value::from).collect();
    let list: Box<dyn Val> = Value::from(values).try_into().ok()?;
    Some(CowVal::Owned(list))
}

impl VariableResolver for Variables<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let ticket = self.ticket;
        Some(match variable {
            "ticket.type" => text(ticket.ticket_type),
            "ticket.item" => text(&ticket.item),
            "ticket.item_path" => return list(ticket.item_path().into_iter()),
            "ticket.region" => made(ticket.region.to_string()),
            "ticket.province" => text(ticket.region_name(Level::Province)),
            "ticket.city" => text(ticket.region_name(Level::City)),
            "ticket.county" => text(ticket.region_name(Level::County)),
            "ticket.priority" => number(ticket.priority),
            "ticket.channel" => text(ticket.channel),
            "ticket.urgency" => text(ticket.urgency),
            "ticket.impact" => text(ticket.impact),
            "ticket.subject" => text(&ticket.subject),
            "ticket.body" => text(&ticket.body),
            "ticket.round" => number(ticket.round),
            "ticket.return_count" => number(ticket.return_count),
            "ticket.returned_by" => return list(ticket.returned_by.iter().map(String::as_str)),
            "ticket.tier" => number(ticket.tier),
            "ticket.sensitive" => CowVal::owned(CelBool::from(ticket.sensitive)),
            "ticket.received_at" => made(self.instant(ticket.received_at)),
            "customer.known" => CowVal::owned(CelBool::from(ticket.customer_known)),
            "time.now" => made(self.instant(self.civil.timestamp())),
            "time.hour" => number(self.civil.hour()),
            "time.minute" => number(self.civil.minute()),
            "time.weekday" => number(self.civil.weekday().to_monday_one_offset()),
            "time.day" => number(self.civil.day()),
            "time.month" => number(self.civil.month()),
            "time.date" => made(self.civil.date().to_string()),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_variable_has_a_value() {
        let ticket = super::super::check::sample().unwrap();
        let variables = Variables::new(&ticket, Timestamp::UNIX_EPOCH);
        for (root, fields) in VARIABLES {
            for field in fields {
                assert!(variables.resolve(&format!("{root}.{field}")).is_some(), "{root}.{field}");
            }
        }
        assert!(variables.resolve("ticket").is_none());
    }

    #[test]
    fn the_contract_names_every_variable() {
        let proto = include_str!("../../../../../proto/gongdan/routing/v1/rule_service.proto");
        for (root, fields) in VARIABLES {
            for field in fields {
                assert!(
                    proto.contains(&format!("`{root}.{field}`")),
                    "{root}.{field} is not in rule_service.proto"
                );
            }
        }
    }
}
