//! Who is erased is nobody's responsibility any more. Source: R5, X11.
//!
//! Only tickets knows whether a customer has a ticket left: here one may be on its way, or have come without saying whose it was.

use crate::store::responsibilities;
use async_trait::async_trait;
use gongdan_outbox::{ApplyError, Event, Handler};
use gongdan_proto::tickets::v1::{TicketEvent, ticket_event::Change};
use sqlx::PgConnection;
use std::sync::Arc;

/// Around the handler that projects tickets.
pub struct Forget(pub Arc<dyn Handler>);

#[async_trait]
impl Handler for Forget {
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        self.0.apply(connection, events).await?;
        let gone: Vec<Vec<u8>> = events.iter().filter_map(gone).collect();
        if !gone.is_empty() {
            responsibilities::forget(connection, &gone).await?;
        }
        Ok(())
    }

    async fn committed(&self, events: &[Event]) {
        self.0.committed(events).await;
    }
}

/// The hash of who is not known any more by an event; what cannot be read is refused by the handler inside.
fn gone(event: &Event) -> Option<Vec<u8>> {
    if event.kind != "erased" {
        return None;
    }
    match event.decode::<TicketEvent>().ok()?.change? {
        Change::Erased(erased) => Some(erased.gone_customer_sha256).filter(|hash| !hash.is_empty()),
        _ => None,
    }
}
