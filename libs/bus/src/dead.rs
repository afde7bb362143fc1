//! The stream of what no consumer could apply.

use crate::{Bus, BusError};
use async_nats::HeaderMap;
use bytes::Bytes;

const DEAD: &str = "dead";

/// Why a message was set aside, and by whom; the message itself travels unchanged.
#[derive(Debug, Clone)]
pub struct DeadReport<'a> {
    /// The consumer's service: `sla`.
    pub service: &'a str,
    /// The consumer: `sla-tickets`.
    pub consumer: &'a str,
    /// What went wrong, without personal data.
    pub error: &'a str,
    /// The subject it came on.
    pub subject: &'a str,
}

impl Bus {
    /// Makes `<ROOT>_DEAD` on `<root>.dead.>`.
    ///
    /// # Errors
    /// When the bus is away or refuses.
    pub async fn ensure_dead_stream(&self) -> Result<(), BusError> {
        self.ensure(DEAD, format!("{}.{DEAD}.>", self.root())).await
    }

    /// Puts a message on `<root>.dead.<service>.<consumer>` and waits until the bus has it.
    ///
    /// # Errors
    /// When the bus is away.
    pub async fn publish_dead(
        &self,
        report: &DeadReport<'_>,
        headers: Option<&HeaderMap>,
        payload: Bytes,
    ) -> Result<(), BusError> {
        let mut with = HeaderMap::new();
        let original =
            headers.and_then(|headers| headers.get("Nats-Msg-Id")).map(|id| id.as_str().to_owned());
        for (name, values) in headers.iter().flat_map(|headers| headers.iter()) {
            let name: &str = name.as_ref();
            // The bus's own headers speak of the message that came, not of this one.
            if !name.starts_with("Nats-") {
                for value in values {
                    with.append(name, value.as_str());
                }
            }
        }
        if let Some(id) = original {
            with.insert("Nats-Msg-Id", format!("{}/{id}", report.consumer));
        }
        with.insert("gongdan-consumer", report.consumer);
        with.insert("gongdan-error", one_line(report.error));
        with.insert("gongdan-subject", report.subject);
        let consumer = report.consumer.replace('.', "_");
        let subject = format!("{}.{DEAD}.{}.{consumer}", self.root(), report.service);
        let ack = self.context().publish_with_headers(subject, with, payload).await.map_err(BusError::new)?;
        ack.await.map_err(BusError::new)?;
        Ok(())
    }
}

/// A header holds one line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect()
}
