//! What several requests have in common.

use crate::store::DecisionName;
use gongdan_errors::Violations;
use gongdan_pg::{RequestKey, requests::hash_of};
use gongdan_proto::from_timestamp;
use gongdan_region::{RegionCode, Regions};
use jiff::Timestamp;
use prost::Message;
use uuid::Uuid;

/// Longest number or id that is looked at.
const NAME_MAX: usize = 64;
/// Longest note.
const NOTE_MAX: usize = 500;

/// A `request_id`.
pub fn request_id(text: &str) -> Result<Uuid, &'static str> {
    match Uuid::try_parse(text) {
        Ok(id) if !id.is_nil() => Ok(id),
        _ => Err("required, a UUID"),
    }
}

/// What a request is remembered by; `canonical` is without `request_id` and `etag`.
pub fn request_key(
    caller: &str,
    method: &'static str,
    request_id: Uuid,
    canonical: &impl Message,
) -> RequestKey {
    RequestKey { caller: caller.to_owned(), method, request_id, hash: hash_of(canonical) }
}

/// The revision an etag names; one that is no etag of ours names a revision that is not there. Empty: no guard.
pub fn etag(text: &str) -> Option<i64> {
    (!text.is_empty()).then(|| text.parse().unwrap_or(-1))
}

/// A number from 1 to `most`; 0 stands for the default.
pub fn within(number: i32, most: i32, default: usize) -> Result<usize, String> {
    match usize::try_from(number) {
        Ok(0) => Ok(default),
        Ok(given) if number <= most => Ok(given),
        _ => Err(format!("1 to {most}")),
    }
}

/// What is said about an act.
pub fn note(text: &str) -> Result<(), String> {
    let plain = |c: char| !c.is_control() || c == '\n';
    if text.chars().count() <= NOTE_MAX && text.chars().all(plain) {
        Ok(())
    } else {
        Err(format!("up to {NOTE_MAX} characters"))
    }
}

/// A ticket by id or number.
pub fn ticket(text: &str) -> Result<DecisionName, &'static str> {
    const RULE: &str = "the id or number of a ticket";
    if let Ok(id) = Uuid::try_parse(text) {
        return Ok(DecisionName::Ticket(id));
    }
    let number =
        !text.is_empty() && text.len() <= NAME_MAX && text.bytes().all(|b| b.is_ascii_alphanumeric());
    if number { Ok(DecisionName::Number(text.to_ascii_uppercase())) } else { Err(RULE) }
}

/// The instant that is asked about, or none when it is now; none at all, and noted, when it is no instant.
pub fn at(at: Option<prost_types::Timestamp>, violations: &mut Violations) -> Option<Option<Timestamp>> {
    at.map_or(Some(None), |at| violations.field("at", from_timestamp(&at)).map(Some))
}

/// A region code, or none when empty.
pub fn region(text: &str) -> Result<Option<RegionCode>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let code = RegionCode::parse(text).map_err(|rule| rule.to_string())?;
    if Regions::national().knows(code) { Ok(Some(code)) } else { Err(format!("no region {code} is known")) }
}

/// The text, or none when empty.
pub fn given(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_have_ids_and_numbers() {
        assert_eq!(ticket("gd2611220000000123"), Ok(DecisionName::Number("GD2611220000000123".into())));
        assert!(matches!(ticket("0192aaaa-bbbb-7000-8000-000000000001"), Ok(DecisionName::Ticket(_))));
        assert!(ticket("").is_err() && ticket("工单").is_err() && ticket("a b").is_err());
    }

    #[test]
    fn what_is_no_etag_guards_against_everything() {
        assert_eq!((etag(""), etag("7"), etag("x")), (None, Some(7), Some(-1)));
    }
}
