//! `tickets.v1.>`: who a ticket was given to, who lost it, who waits for it, and every webhook.
//!
//! Contiguous per ticket, so that nobody hears of a return before the dispatch. Which tickets are
//! sensitive is kept from here. A batch takes three reads and three writes, however many events it has; two more where a
//! ticket is sensitive.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use gongdan_outbox::{ApplyError, Event, Handler};
use sqlx::PgConnection;

use super::tell::Teller;
use crate::{
    Rooms,
    events::from_tickets,
    store::{erase, mark},
};

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
    "suspension_requested",
    "suspended",
    "suspension_rejected",
    "resumed",
    "extension_requested",
    "extension_approved",
    "extension_rejected",
    "assist_requested",
    "assist_replied",
    "assist_declined",
    "assist_waived",
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
        let happenings = happenings.collect::<Result<Vec<_>, _>>()?;
        mark(connection, happenings.iter().map(|happening| &happening.ticket)).await?;
        self.0.tell(connection, &happenings).await?;
        let sensitive: BTreeSet<_> =
            happenings.iter().map(|h| &h.ticket).filter(|t| t.sensitive).map(|t| t.id).collect();
        self.0.withdraw(connection, &Vec::from_iter(sensitive)).await?;
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
