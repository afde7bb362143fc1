//! Who is erased is nobody's responsibility any more. Source: R5, X11.
//!
//! An `erased` event does not say whose the ticket was, and once it is projected nothing here does: this is asked before.

use crate::store::responsibilities;
use async_trait::async_trait;
use gongdan_outbox::{ApplyError, Event, Handler};
use gongdan_proto::tickets::v1::{DataClass, TicketEvent, ticket_event::Change};
use sqlx::PgConnection;
use std::sync::Arc;
use uuid::Uuid;

/// Around the handler that projects tickets.
pub struct Forget(pub Arc<dyn Handler>);

#[async_trait]
impl Handler for Forget {
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        let erased: Vec<Uuid> =
            events.iter().filter(|event| forgets(event)).map(|event| event.aggregate_id).collect();
        if erased.is_empty() {
            return self.0.apply(connection, events).await;
        }
        let customers = responsibilities::customers_of(connection, &erased).await?;
        self.0.apply(connection, events).await?;
        if !customers.is_empty() {
            responsibilities::forget(connection, &customers).await?;
        }
        Ok(())
    }

    async fn committed(&self, events: &[Event]) {
        self.0.committed(events).await;
    }
}

/// Whether the contact of a ticket is erased; what cannot be read is refused by the handler inside.
fn forgets(event: &Event) -> bool {
    if event.kind != "erased" {
        return false;
    }
    let change = event.decode::<TicketEvent>().ok().and_then(|event| event.change);
    matches!(change, Some(Change::Erased(erased)) if erased.classes().any(|class| class == DataClass::Contact))
}
