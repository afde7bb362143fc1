//! The texts that fields of conditions can have. A rule that compares with another one never holds, which nobody means.

use crate::Unit;
use gongdan_region::{Level, RegionCode, Regions};
use std::collections::HashMap;

/// `ticket.type`, in the order of the contract.
pub const TICKET_TYPES: [&str; 10] = [
    "consultation",
    "complaint",
    "report",
    "suggestion",
    "help",
    "praise",
    "incident",
    "business_processing",
    "maintenance",
    "other",
];

/// `ticket.channel`, in the order of the contract.
pub const CHANNELS: [&str; 13] = [
    "phone",
    "web",
    "app",
    "mini_program",
    "wechat",
    "weibo",
    "email",
    "fax",
    "walk_in",
    "api",
    "device",
    "handed_down",
    "sms",
];

/// `ticket.urgency` and `ticket.impact`, in the order of the contract.
pub const LEVELS: [&str; 4] = ["low", "medium", "high", "critical"];

/// Refuses a text that a field never has: a type, a region or a unit that nobody knows. Without units those are not
/// looked at.
pub(super) fn known(field: &str, text: &str, units: Option<&HashMap<String, Unit>>) -> Result<(), String> {
    match field {
        "ticket.type" => one_of(&TICKET_TYPES, text, "type of tickets"),
        "ticket.channel" => one_of(&CHANNELS, text, "channel"),
        "ticket.urgency" => one_of(&LEVELS, text, "urgency"),
        "ticket.impact" => one_of(&LEVELS, text, "impact"),
        "ticket.province" => named(Level::Province, text, "province"),
        "ticket.city" => named(Level::City, text, "city"),
        "ticket.county" => named(Level::County, text, "county"),
        "ticket.region" => region(text),
        "ticket.returned_by" if units.is_some_and(|units| !units.contains_key(text)) => {
            Err(format!("no unit `{text}`"))
        }
        _ => Ok(()),
    }
}

fn one_of(words: &[&str], text: &str, what: &str) -> Result<(), String> {
    if words.contains(&text) {
        return Ok(());
    }
    Err(format!("no {what} `{text}`; there are {}", words.join(", ")))
}

/// A name of the national table, or empty: a ticket of a province has no city.
fn named(level: Level, text: &str, what: &str) -> Result<(), String> {
    let regions = Regions::national();
    if text.is_empty() || regions.find_by_name(text).iter().any(|region| region.level == level) {
        return Ok(());
    }
    let close = ["省", "市", "区", "县", "自治区"].iter().find_map(|ending| {
        let name = format!("{text}{ending}");
        regions.find_by_name(&name).iter().any(|region| region.level == level).then_some(name)
    });
    Err(match close {
        Some(name) => format!("no {what} `{text}`; there is `{name}`"),
        None => format!("no {what} `{text}` in the national table"),
    })
}

fn region(text: &str) -> Result<(), String> {
    match RegionCode::parse(text) {
        Ok(code) if text.len() != 12 => Err(format!("a region has 12 digits here: `{code}`")),
        Ok(code) if Regions::national().knows(code) => Ok(()),
        _ => Err(format!("no region `{text}`")),
    }
}
