//! Whom a ticket is given to by hand: there, and allowed to see it.

use crate::Rooms;
use gongdan_errors::Error;
use gongdan_tickets_domain::{PrincipalId, Ticket, UnitId};
use jiff::Timestamp;

/// Refuses a unit or person that is not there, and a person who may not see the ticket because it is sensitive: it would
/// vanish from everybody's sight.
///
/// # Errors
/// INVALID_ARGUMENT naming `unit_id`, `person_id`, or both.
pub(super) async fn check_recipient(
    rooms: &Rooms,
    ticket: &Ticket,
    unit: &UnitId,
    person: Option<&PrincipalId>,
    at: Timestamp,
) -> Result<(), Error> {
    let policies = ticket.sensitive.then(|| rooms.access.policies());
    rooms.units.check_recipient(unit, person, policies.as_deref(), at).await
}
