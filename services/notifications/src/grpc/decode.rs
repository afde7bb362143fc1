//! Values that several requests have.

use gongdan_auth::Actor;
use gongdan_pg::RequestKey;
use uuid::Uuid;

/// The longest list of ids.
const MOST_IDS: usize = 500;

/// An id.
pub fn id(text: &str) -> Result<Uuid, &'static str> {
    Uuid::try_parse(text).map_err(|_| "a UUID")
}

/// A list of ids, not empty.
pub fn ids(texts: &[String]) -> Result<Vec<Uuid>, String> {
    if texts.is_empty() || texts.len() > MOST_IDS {
        return Err(format!("1 to {MOST_IDS} ids, or `all`"));
    }
    texts.iter().map(|text| id(text).map_err(str::to_owned)).collect()
}

/// Who asks what, once.
pub fn request_key(
    actor: &Actor,
    method: &'static str,
    request_id: &str,
    hash: [u8; 32],
) -> Result<RequestKey, &'static str> {
    Ok(RequestKey { caller: actor.principal_id.clone(), method, request_id: id(request_id)?, hash })
}

/// Up to `most` characters.
pub fn text(text: String, most: usize) -> Result<String, String> {
    if text.chars().count() > most { Err(format!("at most {most} characters")) } else { Ok(text) }
}
