//! Messages to events; what is no event goes to the dead stream.

use crate::{Event, Inbox};
use gongdan_bus::{AckKind, Bus, DeadReport, NotAnEvent, from_headers, jetstream::Message};
use std::time::Duration;

const LATER: Duration = Duration::from_secs(10);

/// The events of a batch, and the messages to acknowledge once they are applied.
pub(super) async fn decode(inbox: &Inbox, bus: &Bus, batch: Vec<Message>) -> (Vec<Event>, Vec<Message>) {
    let mut events = Vec::with_capacity(batch.len());
    let mut messages = Vec::with_capacity(batch.len());
    for message in batch {
        match from_headers(bus.root(), &message.subject, message.headers.as_ref(), message.payload.clone()) {
            Ok(event) => {
                events.push(event);
                messages.push(message);
            }
            Err(error) => set_aside(inbox, bus, &message, error).await,
        }
    }
    (events, messages)
}

async fn set_aside(inbox: &Inbox, bus: &Bus, message: &Message, error: NotAnEvent) {
    let error = error.to_string();
    let report = DeadReport {
        service: &inbox.service,
        consumer: &inbox.name,
        error: &error,
        subject: &message.subject,
    };
    let published = bus.publish_dead(&report, message.headers.as_ref(), message.payload.clone()).await;
    let kind = match &published {
        Ok(()) => {
            tracing::error!(consumer = inbox.name(), subject = %message.subject, error, "a message is no event");
            AckKind::Ack
        }
        Err(_) => AckKind::Nak(Some(LATER)),
    };
    message.ack_with(kind).await.ok();
}
