//! CloudEvents 1.0, NATS binding, binary mode: attributes in `ce-*` headers, the payload is the body.

use crate::{Event, Origin};
use async_nats::HeaderMap;
use bytes::Bytes;
use jiff::Timestamp;
use std::str::FromStr;

const SPEC: &str = "1.0";
const CONTENT_TYPE: &str = "application/protobuf";

/// A message without the attributes an event must have; holds the first that is missing or wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an event: attribute {0} is missing or wrong")]
pub struct NotAnEvent(pub &'static str);

/// The headers of an event. `Nats-Msg-Id` is its id, by which the bus drops repetitions.
#[must_use]
pub fn to_headers(event: &Event, traceparent: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Msg-Id", event.id.to_string());
    headers.insert("ce-specversion", SPEC);
    headers.insert("ce-id", event.id.to_string());
    headers.insert("ce-source", format!("/gongdan/{}", event.source));
    headers.insert("ce-type", event.full_type());
    headers.insert("ce-time", event.occurred_at.to_string());
    headers.insert("ce-subject", event.aggregate_id.to_string());
    headers.insert("ce-datacontenttype", CONTENT_TYPE);
    headers.insert("ce-aggregateversion", event.version.to_string());
    headers.insert("ce-recordedtime", event.recorded_at.to_string());
    headers.insert("ce-origin", event.origin.as_str());
    if let Some(traceparent) = traceparent.or(event.traceparent.as_deref()) {
        headers.insert("traceparent", traceparent);
    }
    headers
}

/// The event of a message; `root` is taken off its subject.
///
/// # Errors
/// Names the first attribute that is missing or wrong.
pub fn from_headers(
    root: &str,
    subject: &str,
    headers: Option<&HeaderMap>,
    payload: Bytes,
) -> Result<Event, NotAnEvent> {
    let headers = headers.ok_or(NotAnEvent("headers"))?;
    if text(headers, "ce-specversion")? != SPEC {
        return Err(NotAnEvent("ce-specversion"));
    }
    let source = text(headers, "ce-source")?.strip_prefix("/gongdan/").ok_or(NotAnEvent("ce-source"))?;
    let full = text(headers, "ce-type")?;
    let kind = full
        .strip_prefix("gongdan.")
        .and_then(|rest| rest.strip_prefix(source))
        .and_then(|rest| rest.strip_prefix(".v1."))
        .filter(|kind| !kind.is_empty())
        .ok_or(NotAnEvent("ce-type"))?;
    let version: i64 = parsed(headers, "ce-aggregateversion")?;
    if version < 1 {
        return Err(NotAnEvent("ce-aggregateversion"));
    }
    Ok(Event {
        id: parsed(headers, "ce-id")?,
        source: source.to_owned(),
        kind: kind.to_owned(),
        aggregate_id: parsed(headers, "ce-subject")?,
        version,
        occurred_at: parsed::<Timestamp>(headers, "ce-time")?,
        recorded_at: parsed::<Timestamp>(headers, "ce-recordedtime")?,
        origin: Origin::parse(text(headers, "ce-origin")?).ok_or(NotAnEvent("ce-origin"))?,
        subject: subject
            .strip_prefix(root)
            .and_then(|rest| rest.strip_prefix('.'))
            .ok_or(NotAnEvent("subject"))?
            .to_owned(),
        traceparent: headers.get("traceparent").map(|value| value.as_str().to_owned()),
        payload,
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, NotAnEvent> {
    headers.get(name).map(|value| value.as_str()).ok_or(NotAnEvent(name))
}

fn parsed<T: FromStr>(headers: &HeaderMap, name: &'static str) -> Result<T, NotAnEvent> {
    text(headers, name)?.parse().map_err(|_| NotAnEvent(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn event() -> Event {
        Event {
            id: Uuid::from_u128(1),
            source: "tickets".into(),
            kind: "submitted".into(),
            aggregate_id: Uuid::from_u128(2),
            version: 3,
            occurred_at: "2013-05-06T07:08:09.123456Z".parse().unwrap(),
            recorded_at: "2026-11-22T09:00:00Z".parse().unwrap(),
            origin: Origin::Import,
            subject: "tickets.v1.submitted.44.01.06.17".into(),
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
            payload: Bytes::from_static(b"\x00\xff"),
        }
    }

    #[test]
    fn an_event_survives_the_bus() {
        let event = event();
        let headers = to_headers(&event, None);
        let back = from_headers("r", &format!("r.{}", event.subject), Some(&headers), event.payload.clone());
        assert_eq!(back, Ok(event));
    }

    #[test]
    fn an_event_survives_grpc_and_rows() {
        assert_eq!(Event::from_proto(event().to_proto("r")), Ok(event()));
    }

    #[test]
    fn what_lacks_an_attribute_is_named() {
        for name in ["ce-id", "ce-subject", "ce-aggregateversion", "ce-type", "ce-source", "ce-origin"] {
            let mut headers = to_headers(&event(), None);
            headers.insert(name, "?");
            let refused = from_headers("r", "r.tickets.v1.x", Some(&headers), Bytes::new());
            assert!(matches!(refused, Err(NotAnEvent(attribute)) if attribute.starts_with("ce-")), "{name}");
        }
        assert_eq!(from_headers("r", "r.x", None, Bytes::new()), Err(NotAnEvent("headers")));
        let headers = to_headers(&event(), None);
        assert_eq!(from_headers("r", "other.x", Some(&headers), Bytes::new()), Err(NotAnEvent("subject")));
    }
}
