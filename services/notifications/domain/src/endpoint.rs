//! Webhook endpoints: what they are told, their secret, and the body they get.

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use serde_json::{Value, json};

use crate::Happening;

const PREFIX: &str = "whsec_";

/// Event types that webhooks can be told.
const KNOWN: &[&str] = &[
    "tickets.submitted",
    "tickets.dispatched",
    "tickets.accepted",
    "tickets.claimed",
    "tickets.returned",
    "tickets.transferred",
    "tickets.pooled",
    "tickets.resolved",
    "tickets.callback_opened",
    "tickets.closed",
    "tickets.reopened",
    "tickets.cancelled",
    "tickets.suspension_requested",
    "tickets.suspended",
    "tickets.suspension_rejected",
    "tickets.resumed",
    "tickets.extension_requested",
    "tickets.extension_approved",
    "tickets.extension_rejected",
    "tickets.assist_requested",
    "tickets.assist_replied",
    "tickets.assist_declined",
    "tickets.assist_waived",
    "tickets.urged",
    "tickets.escalated",
    "tickets.answered",
    "tickets.visit_booked",
    "tickets.visit_moved",
    "tickets.visit_checked_in",
    "tickets.visit_reported",
    "tickets.visit_cancelled",
    "tickets.place_changed",
    "tickets.review_submitted",
    "tickets.review_approved",
    "tickets.review_rejected",
    "tickets.directive_issued",
    "tickets.directive_replied",
    "tickets.directive_accepted",
    "tickets.directive_rejected",
    "tickets.directive_withdrawn",
    "tickets.directive_late",
    "tickets.quality_error_marked",
    "tickets.quality_error_withdrawn",
    "tickets.handed_off",
    "tickets.noted",
    "tickets.attached",
    "tickets.detached",
    "tickets.linked",
    "tickets.unlinked",
    "tickets.split",
    "tickets.merged",
    "tickets.merge_undone",
    "tickets.quarantined",
    "tickets.verified",
    "tickets.call_linked",
    "tickets.advanced",
    "tickets.workflow_migrated",
    "sla.warned",
    "sla.breached",
];

/// The list of event types cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEventTypes {
    /// None or too many.
    #[error("1 to 50 event types")]
    Count,
    /// One that is never told.
    #[error("{0:?} is no event type; there are *, tickets.*, sla.*, {known}", known = KNOWN.join(", "))]
    Unknown(String),
}

/// What an endpoint is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTypes(Vec<String>);

impl EventTypes {
    /// # Errors
    /// When there is none, more than 50, or one that is never told.
    pub fn parse(patterns: Vec<String>) -> Result<Self, InvalidEventTypes> {
        if patterns.is_empty() || patterns.len() > 50 {
            return Err(InvalidEventTypes::Count);
        }
        let known = |p: &str| KNOWN.contains(&p) || matches!(p, "*" | "tickets.*" | "sla.*");
        if let Some(unknown) = patterns.iter().find(|p| !known(p)) {
            return Err(InvalidEventTypes::Unknown(unknown.clone()));
        }
        Ok(Self(patterns))
    }

    /// As they were stored.
    #[must_use]
    pub fn stored(patterns: Vec<String>) -> Self {
        Self(patterns)
    }

    /// The patterns.
    #[must_use]
    pub fn patterns(&self) -> &[String] {
        &self.0
    }

    /// Whether the event type is among them.
    #[must_use]
    pub fn contains(&self, event_type: &str) -> bool {
        self.0.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => event_type.starts_with(prefix),
            None => pattern == event_type,
        })
    }

    /// Whether webhooks are ever told of it.
    #[must_use]
    pub fn is_known(event_type: &str) -> bool {
        KNOWN.contains(&event_type)
    }
}

/// A text that is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a secret: `whsec_` and base64 of 24 to 64 bytes")]
pub struct InvalidSecret;

/// The key an endpoint verifies our signature with. Its `Debug` does not show it; its memory is wiped.
#[derive(Debug, Clone)]
pub struct Secret(SecretSlice<u8>);

impl Secret {
    /// From 32 random bytes.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self::from_bytes(random.to_vec())
    }

    /// From stored bytes.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }

    /// From its text.
    ///
    /// # Errors
    /// When it is not of that form.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let bytes =
            STANDARD.decode(text.strip_prefix(PREFIX).ok_or(InvalidSecret)?).map_err(|_| InvalidSecret)?;
        if (24..=64).contains(&bytes.len()) { Ok(Self::from_bytes(bytes)) } else { Err(InvalidSecret) }
    }

    /// The key itself.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// What is shown once.
    #[must_use]
    pub fn reveal(&self) -> SecretString {
        format!("{PREFIX}{}", STANDARD.encode(self.bytes())).into()
    }
}

/// The JSON object an endpoint gets: `type`, `timestamp`, `data`. Nothing personal, no free text.
#[must_use]
pub fn body(happening: &Happening) -> String {
    let ticket = &happening.ticket;
    let mut data = json!({
        "event_id": happening.event_id,
        "ticket_id": ticket.id,
        "ticket_number": ticket.number,
        "version": ticket.version,
        "unit_id": ticket.unit_id,
    });
    let mut put = |key: &str, value: Value| {
        if let Value::Object(map) = &mut data {
            map.insert(key.to_owned(), value);
        }
    };
    if let Some(region) = ticket.region {
        put("region", json!(region.to_string()));
    }
    if !ticket.phase.is_empty() {
        put("phase", json!(ticket.phase));
        put("ticket_type", json!(ticket.ticket_type));
        put("priority", json!(format!("P{}", ticket.priority)));
        put("item", json!(ticket.item));
    }
    if ticket.round > 0 {
        put("round", json!(ticket.round));
    }
    if let Some(deadline) = &happening.deadline {
        put("due_at", json!(deadline.due_at.to_string()));
        if !deadline.clock.is_empty() {
            put("clock", json!(deadline.clock));
            put("percent", json!(deadline.percent));
        }
    }
    json!({"type": happening.event_type, "timestamp": happening.occurred_at.to_string(), "data": data})
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_take_in_what_they_say() {
        let types = |list: &[&str]| EventTypes::parse(list.iter().map(|&t| t.to_owned()).collect());
        assert!(types(&["*"]).unwrap().contains("sla.breached"));
        assert!(types(&["tickets.*"]).unwrap().contains("tickets.closed"));
        assert!(!types(&["tickets.*"]).unwrap().contains("sla.breached"));
        assert!(!types(&["tickets.closed"]).unwrap().contains("tickets.urged"));
        assert_eq!(types(&[]), Err(InvalidEventTypes::Count));
        for unknown in ["tickets.saved", "tickets", "*.closed", ""] {
            assert_eq!(types(&[unknown]), Err(InvalidEventTypes::Unknown(unknown.to_owned())));
        }
    }

    #[test]
    fn a_secret_survives_its_text_and_does_not_show_in_logs() {
        let secret = Secret::new([7; 32]);
        let text = secret.reveal();
        assert_eq!(Secret::parse(text.expose_secret()).unwrap().bytes(), secret.bytes());
        let shown = format!("{secret:?} {text:?}");
        assert!(!shown.contains("7, 7") && !shown.contains("BwcH"), "{shown}");
        for text in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert!(Secret::parse(text).is_err(), "{text}");
        }
    }
}
