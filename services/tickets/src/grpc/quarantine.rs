//! Whether a request waits in the quarantine, and what lets it go on. Source: T12.

use super::intake::Customer;
use crate::Rooms;
use gongdan_errors::Error;
use gongdan_tickets_domain::{Actor, Channel, PrincipalKind};
use jiff::Timestamp;
use uuid::Uuid;

/// Until when a request waits; none when it does not.
pub(super) async fn until(
    rooms: &Rooms,
    customer: &Customer,
    by: &Actor,
    channel: Channel,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    of(rooms, customer.id(), customer.known(), by, channel, now).await
}

/// As [`until`], for a ticket that is there: its customer, if any.
pub(super) async fn until_of(
    rooms: &Rooms,
    customer: Option<Uuid>,
    by: &Actor,
    channel: Channel,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    of(rooms, customer, customer, by, channel, now).await
}

async fn of(
    rooms: &Rooms,
    customer: Option<Uuid>,
    known: Option<Uuid>,
    by: &Actor,
    channel: Channel,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let settings = &rooms.quarantine;
    // A citizen's own account: whoever let them sign in knows who they are.
    if !settings.holds(channel) || by.kind == PrincipalKind::Citizen {
        return Ok(None);
    }
    let waits = match (customer, known) {
        (None, _) => settings.anonymous,
        (Some(_), None) => true,
        (Some(_), Some(id)) => !rooms.customers.is_verified(id).await?,
    };
    Ok(if waits { Some(now + settings.expire_after) } else { None })
}
