//! `sla.v1.>`: warnings and breaches, and what recurring work reminds of.
//!
//! Contiguous per clock; a batch takes as many statements as one of tickets. A ticket of which tickets told nothing yet
//! counts as sensitive.

use std::sync::Arc;

use async_trait::async_trait;
use gongdan_outbox::{ApplyError, Event, Handler};
use sqlx::PgConnection;

use super::tell::Teller;
use crate::{
    Rooms,
    events::{REMINDED, from_sla},
    store::open_ones,
};

/// The types it asks for.
pub const KINDS: &[&str] = &["warned", "breached", REMINDED];

/// Tells what happened.
pub struct Sla(Teller);

impl Sla {
    /// With what telling needs.
    pub const fn new(rooms: Arc<Rooms>) -> Self {
        Self(Teller::new(rooms))
    }
}

#[async_trait]
impl Handler for Sla {
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        let happenings = events.iter().filter_map(|event| from_sla(event).transpose());
        let mut happenings = happenings.collect::<Result<Vec<_>, _>>()?;
        let tickets: Vec<_> = happenings.iter().map(|happening| happening.ticket.id).collect();
        let open = open_ones(connection, &tickets).await?;
        for happening in happenings.iter_mut().filter(|happening| !happening.ticket.id.is_nil()) {
            happening.ticket.sensitive = !open.contains(&happening.ticket.id);
        }
        self.0.tell(connection, &happenings).await
    }

    async fn committed(&self, _: &[Event]) {
        self.0.committed();
    }
}
