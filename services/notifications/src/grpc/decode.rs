//! Values that several requests have.

use std::net::IpAddr;

use gongdan_auth::Actor;
use gongdan_notifications_domain::is_public;
use gongdan_pg::RequestKey;
use reqwest::Url;
use uuid::Uuid;

/// The longest list of ids.
const MOST_IDS: usize = 500;
/// The longest URL, in characters.
const LONGEST_URL: usize = 2_000;

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

/// Where an endpoint is. A private address or a name that is private by its form is refused here, a name that leads to
/// one when something is sent.
pub fn endpoint_url(text: &str, allow_private: bool) -> Result<String, String> {
    if text.chars().count() > LONGEST_URL {
        return Err(format!("at most {LONGEST_URL} characters"));
    }
    let url = Url::parse(text).map_err(|_| "a URL such as https://example.org/hooks".to_owned())?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err("https:// or http://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("without user and password".to_owned());
    }
    let host = url.host_str().unwrap_or_default();
    if !allow_private && is_private(host) {
        return Err("not an address of this machine or a private network".to_owned());
    }
    Ok(url.to_string())
}

fn is_private(host: &str) -> bool {
    if let Ok(address) = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        return !is_public(address);
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let ends = |suffix: &str| name == suffix[1..] || name.ends_with(suffix);
    !name.contains('.') || [".localhost", ".local", ".internal", ".home.arpa"].into_iter().any(ends)
}

/// Up to `most` characters.
pub fn text(text: String, most: usize) -> Result<String, String> {
    if text.chars().count() > most { Err(format!("at most {most} characters")) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::endpoint_url;

    #[test]
    fn private_endpoints_are_refused_unless_allowed() {
        for url in [
            "http://127.0.0.1:9000/hook",
            "http://127.1/hook",
            "http://2130706433/hook",
            "http://0x7f.1/hook",
            "http://[::1]/hook",
            "http://[::ffff:10.0.0.1]/hook",
            "http://localhost/hook",
            "http://LOCALHOST./hook",
            "https://db.internal/hook",
            "https://intranet/hook",
            "http://169.254.169.254/latest/meta-data",
        ] {
            assert!(endpoint_url(url, false).is_err(), "{url}");
            assert!(endpoint_url(url, true).is_ok(), "{url}");
        }
        assert!(endpoint_url("https://hooks.example.org/a?b=c", false).is_ok());
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        for url in [
            "",
            "hooks",
            "ftp://example.org/",
            "file:///etc/passwd",
            "https://user:pass@example.org/",
            "https://",
        ] {
            assert!(endpoint_url(url, true).is_err(), "{url}");
        }
    }
}
