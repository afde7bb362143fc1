//! Where it is about, as far as everybody may know. Source: T37.

use super::super::state::{InvalidState, invalid};
use gongdan_proto::{common::v1::ActorRef, tickets::v1 as pb};
use gongdan_tickets_domain::{
    CoordinateSystem,
    groups::place::{Grid, PlacePart},
};

/// Into the state: the grid, and that there is an address or a point, which are kept elsewhere.
pub(crate) fn put(part: &PlacePart, ticket: &mut pb::Ticket) {
    ticket.grid = part.grid.as_ref().map(ToString::to_string).unwrap_or_default();
    ticket.place = part.kept.then(|| pb::Place {
        given_in: part.given_in.map_or(0, CoordinateSystem::number),
        grid: ticket.grid.clone(),
        ..pb::Place::default()
    });
}

/// Out of the state.
pub(crate) fn take(ticket: &mut pb::Ticket) -> Result<PlacePart, InvalidState> {
    let grid = (!ticket.grid.is_empty())
        .then(|| Grid::parse(&ticket.grid).map_err(|error| invalid("grid", error)))
        .transpose()?;
    let place = ticket.place.take();
    Ok(PlacePart {
        grid,
        kept: place.is_some(),
        given_in: place.and_then(|place| CoordinateSystem::from_number(place.given_in)),
    })
}

/// Texts of its records into an answer.
pub(crate) fn fill(_ticket: &mut pb::Ticket, _texts: &super::Texts) {}

/// All whom its records name.
pub(crate) fn actors(_ticket: &mut pb::Ticket) -> Vec<&mut Option<ActorRef>> {
    Vec::new()
}
