//! What several requests have in common.

use crate::store::TaskName;
use gongdan_pg::{RequestKey, requests::hash_of};
use prost::Message;
use uuid::Uuid;

/// Longest number or id that is looked at.
const NAME_MAX: usize = 64;

/// A `request_id`.
pub fn request_id(text: &str) -> Result<Uuid, &'static str> {
    match Uuid::try_parse(text) {
        Ok(id) if !id.is_nil() => Ok(id),
        _ => Err("required, a UUID"),
    }
}

/// A task's name.
pub fn task_name(text: &str) -> Result<TaskName, &'static str> {
    const RULE: &str = "required: the id of a task, or the id or number of a ticket";
    if let Ok(id) = Uuid::try_parse(text) {
        return if id.is_nil() { Err(RULE) } else { Ok(TaskName::Id(id)) };
    }
    let number =
        !text.is_empty() && text.len() <= NAME_MAX && text.bytes().all(|b| b.is_ascii_alphanumeric());
    if number { Ok(TaskName::Number(text.to_ascii_uppercase())) } else { Err(RULE) }
}

/// A free text of at most `max` characters, trimmed, without control characters other than line breaks.
pub fn text(text: &str, max: usize) -> Result<String, String> {
    let text = text.trim();
    if text.chars().count() > max {
        return Err(format!("at most {max} characters"));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err("no control characters".to_owned());
    }
    Ok(text.to_owned())
}

/// The same, and not empty.
pub fn required_text(value: &str, max: usize) -> Result<String, String> {
    match text(value, max)? {
        empty if empty.is_empty() => Err(format!("required, 1 to {max} characters")),
        text => Ok(text),
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
