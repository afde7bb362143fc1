//! `tickets.v1.>`: who a ticket was given to, who lost it, who waits for it, and every webhook.
//!
//! Contiguous per ticket, so that nobody hears of a return before the dispatch. Which tickets are
//! sensitive is kept from here. A batch takes three reads and three writes, however many events it has; two more where a
//! ticket is sensitive.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use gongdan_notifications_domain::{Happening, Kind};
use gongdan_outbox::{ApplyError, Event, Handler};
use sqlx::PgConnection;

use super::tell::Teller;
use crate::{
    Rooms,
    events::from_tickets,
    store::{above, erase, mark},
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
    "answered",
    "escalated",
    "visit_booked",
    "visit_moved",
    "visit_checked_in",
    "visit_reported",
    "visit_cancelled",
    "place_changed",
    "review_submitted",
    "review_approved",
    "review_rejected",
    "directive_issued",
    "directive_replied",
    "directive_accepted",
    "directive_rejected",
    "directive_withdrawn",
    "directive_late",
    "noted",
    "attached",
    "detached",
    "quality_error_marked",
    "quality_error_withdrawn",
    "circulated",
    "linked",
    "unlinked",
    "split",
    "merged",
    "merge_undone",
    "quarantined",
    "verified",
    "handed_off",
    "call_linked",
    "advanced",
    "workflow_migrated",
    "erased",
    "reminded",
];

/// Finds the units above those whose directives are late beyond their own leaders.
async fn climb(connection: &mut PgConnection, happenings: &mut [Happening]) -> Result<(), sqlx::Error> {
    let beyond = |h: &&mut Happening| h.kind == Some(Kind::DirectiveLate) && h.about.level > 1;
    let units: BTreeSet<_> = happenings.iter_mut().filter(beyond).map(|h| h.ticket.unit_id.clone()).collect();
    if units.is_empty() {
        return Ok(());
    }
    let above = above(connection, &Vec::from_iter(units)).await?;
    for happening in happenings.iter_mut().filter(beyond) {
        let Some(above) = above.get(&happening.ticket.unit_id) else { continue };
        let unit = if happening.about.level == 2 { &above.parent } else { &above.centre };
        happening.about.above_unit_id.clone_from(unit);
    }
    Ok(())
}

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
        let mut happenings = happenings.collect::<Result<Vec<_>, _>>()?;
        climb(connection, &mut happenings).await?;
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
