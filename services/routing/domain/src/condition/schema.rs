//! The variables of conditions. Documented in `rule_service.proto` and the service's README; a test keeps the
//! contract equal.

use crate::TicketFacts;
use gongdan_cel::{Fact, Facts};
use gongdan_region::Level;
use jiff::{Timestamp, Zoned, tz};
use std::sync::OnceLock;

/// Root and fields.
pub(super) const VARIABLES: [(&str, &[&str]); 3] = [
    (
        "ticket",
        &[
            "type",
            "type_key",
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
            "repeat_count",
            "returned_by",
            "tier",
            "sensitive",
            "received_at",
        ],
    ),
    ("customer", &["known", "tier"]),
    ("time", &["now", "hour", "minute", "weekday", "day", "month", "date", "working"]),
];

/// Answers conditions about one ticket at one instant; texts are lent, what has to be made for many rules is made once.
pub(crate) struct Variables<'a> {
    ticket: &'a TicketFacts,
    civil: Zoned,
    region: OnceLock<String>,
    names: [OnceLock<&'static str>; 3],
    working: OnceLock<bool>,
}

impl<'a> Variables<'a> {
    /// Civil time is that of Asia/Shanghai, which has had no other offset since 1991.
    pub(crate) fn new(ticket: &'a TicketFacts, at: Timestamp) -> Self {
        Self {
            ticket,
            civil: at.to_zoned(tz::TimeZone::fixed(tz::offset(8))),
            region: OnceLock::new(),
            names: Default::default(),
            working: OnceLock::new(),
        }
    }

    fn instant(&self, at: Timestamp) -> String {
        at.to_zoned(self.civil.time_zone().clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    fn name(&self, level: Level) -> Fact<'_> {
        let [province, city, county] = &self.names;
        let name = match level {
            Level::Province => province,
            Level::City => city,
            Level::County => county,
        };
        Fact::Text(name.get_or_init(|| self.ticket.region_name(level)))
    }

    /// By the national calendar that ships with the product, where the ticket lies.
    fn is_working(&self) -> bool {
        *self.working.get_or_init(|| {
            let table = gongdan_calendar::national().table(Some(self.ticket.region));
            table.works_at(self.civil.timestamp()).unwrap_or(false)
        })
    }
}

impl Facts for Variables<'_> {
    fn fact(&self, name: &str) -> Option<Fact<'_>> {
        let ticket = self.ticket;
        Some(match name {
            "ticket.type" => Fact::Text(ticket.ticket_type),
            "ticket.type_key" => Fact::Text(&ticket.type_key),
            "ticket.item" => Fact::Text(&ticket.item),
            "ticket.item_path" => Fact::List(ticket.item_path()),
            "ticket.region" => Fact::Text(self.region.get_or_init(|| ticket.region.to_string())),
            "ticket.province" => self.name(Level::Province),
            "ticket.city" => self.name(Level::City),
            "ticket.county" => self.name(Level::County),
            "ticket.priority" => Fact::Number(ticket.priority.into()),
            "ticket.channel" => Fact::Text(ticket.channel),
            "ticket.urgency" => Fact::Text(ticket.urgency),
            "ticket.impact" => Fact::Text(ticket.impact),
            "ticket.subject" => Fact::Text(&ticket.subject),
            "ticket.body" => Fact::Text(&ticket.body),
            "ticket.round" => Fact::Number(ticket.round.into()),
            "ticket.return_count" => Fact::Number(ticket.return_count.into()),
            "ticket.repeat_count" => Fact::Number(ticket.repeat_count.into()),
            "ticket.returned_by" => Fact::List(ticket.returned_by.iter().map(String::as_str).collect()),
            "ticket.tier" => Fact::Number(ticket.tier.into()),
            "ticket.sensitive" => Fact::Flag(ticket.sensitive),
            "ticket.received_at" => Fact::Made(self.instant(ticket.received_at)),
            "customer.known" => Fact::Flag(ticket.customer_known),
            "customer.tier" => Fact::Text(&ticket.customer_tier),
            "time.now" => Fact::Made(self.instant(self.civil.timestamp())),
            "time.hour" => Fact::Number(self.civil.hour().into()),
            "time.minute" => Fact::Number(self.civil.minute().into()),
            "time.weekday" => Fact::Number(self.civil.weekday().to_monday_one_offset().into()),
            "time.day" => Fact::Number(self.civil.day().into()),
            "time.month" => Fact::Number(self.civil.month().into()),
            "time.date" => Fact::Made(self.civil.date().to_string()),
            "time.working" => Fact::Flag(self.is_working()),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_variable_has_a_value() {
        let ticket = super::super::sample_ticket();
        let variables = Variables::new(&ticket, Timestamp::UNIX_EPOCH);
        for (root, fields) in VARIABLES {
            for field in fields {
                assert!(variables.fact(&format!("{root}.{field}")).is_some(), "{root}.{field}");
            }
        }
        assert!(variables.fact("ticket").is_none());
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
