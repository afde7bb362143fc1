//! `tickets.v1.>`: who a ticket was given to, who lost it, who waits for it, and every webhook.
//!
//! Contiguous per ticket, so that nobody hears of a return before the dispatch. A batch takes three reads and two writes,
//! however many events it has.

use std::sync::Arc;

use async_trait::async_trait;
use gongdan_outbox::{ApplyError, Event, Handler};
use sqlx::PgConnection;

use super::tell::Teller;
use crate::{Rooms, events::from_tickets, store::erase};

/// The types it asks for.
pub const KINDS: &[&str] = &[
    "submitted",
    "dispatched",
    "accepted",
    "claimed",
    "returned",
    "transferred",
    "pooled",
    "resolved",
    "callback_opened",
    "closed",
    "reopened",
    "cancelled",
    "urged",
    "erased",
];

/// Tells what happened.
pub struct Tickets(Teller);

impl Tickets {
    /// With what telling needs.
    pub const fn new(rooms: Arc<Rooms>) -> Self {
        Self(Teller::new(rooms))
    }
}

#[async_trait]
impl Handler for Tickets {
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        let happenings = events.iter().filter_map(|event| from_tickets(event).transpose());
        self.0.tell(connection, &happenings.collect::<Result<Vec<_>, _>>()?).await?;
        // After what came before it in the batch was written.
        let erased: Vec<_> =
            events.iter().filter(|event| event.kind == "erased").map(|event| event.aggregate_id).collect();
        if !erased.is_empty() {
            erase(connection, &erased).await?;
            gongdan_outbox::forget_discarded(connection, &erased).await?;
        }
        Ok(())
    }

    async fn committed(&self, _: &[Event]) {
        self.0.committed();
    }
}
