//! URLs with passwords in them, for people.

use url::Url;

const HIDDEN: &str = "***";

/// One URL, or several separated by commas, without what opens the door: passwords, tokens in place of a user, and
/// everything behind a question mark. What is no URL is not shown at all.
#[must_use]
pub fn redacted(urls: &str) -> String {
    urls.split(',')
        .map(|text| one(text.trim()).unwrap_or_else(|| HIDDEN.to_owned()))
        .collect::<Vec<_>>()
        .join(",")
}

fn one(text: &str) -> Option<String> {
    let mut url = Url::parse(text).ok()?;
    url.host_str()?;
    if url.password().is_some() {
        url.set_password(Some(HIDDEN)).ok()?;
    } else if !url.username().is_empty() {
        // A user alone may be a token, as NATS has them.
        url.set_username(HIDDEN).ok()?;
    }
    url.set_query(None);
    url.set_fragment(None);
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn what_opens_the_door_is_hidden() {
        for (url, shown) in [
            (
                "postgres://tickets:hunter2@db.example.cn:5432/tickets",
                "postgres://tickets:***@db.example.cn:5432/tickets",
            ),
            ("postgres://u:hunter2@%2Fvar%2Frun:5432/x", "postgres://u:***@%2Fvar%2Frun:5432/x"),
            ("postgres://db/x?user=u&password=hunter2", "postgres://db/x"),
            ("nats://hunter2@a:4222, nats://u:hunter2@b:4222", "nats://***@a:4222,nats://u:***@b:4222"),
            ("nats://127.0.0.1:4222", "nats://127.0.0.1:4222"),
            ("u:hunter2@host", "***"),
            ("hunter2", "***"),
            ("postgres://u:hunter2@host:notaport/x", "***"),
        ] {
            assert_eq!(redacted(url), shown);
        }
    }
}
