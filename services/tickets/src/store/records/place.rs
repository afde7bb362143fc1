//! Where it is about, as far as everybody may know. Source: T37.

use super::super::state::{InvalidState, invalid};
use gongdan_proto::{
    common::v1::ActorRef,
    tickets::v1::{self as pb, ticket_event::Change as PbChange},
};
use gongdan_tickets_domain::{
    CoordinateSystem,
    groups::place::{Asset, Change, Grid, PlacePart},
    mask_numbers,
};

/// Into the state: grid and asset, and that there is an address or a point, which are kept elsewhere.
pub(crate) fn put(part: &PlacePart, ticket: &mut pb::Ticket) {
    ticket.grid = part.grid.as_ref().map(ToString::to_string).unwrap_or_default();
    ticket.asset = part.asset.as_ref().map(ToString::to_string).unwrap_or_default();
    ticket.place = part.kept.then(|| pb::Place {
        given_in: part.given_in.map_or(0, CoordinateSystem::number),
        grid: ticket.grid.clone(),
        asset: ticket.asset.clone(),
        ..pb::Place::default()
    });
}

/// Out of the state.
pub(crate) fn take(ticket: &mut pb::Ticket) -> Result<PlacePart, InvalidState> {
    let grid = (!ticket.grid.is_empty())
        .then(|| Grid::parse(&ticket.grid).map_err(|error| invalid("grid", error)))
        .transpose()?;
    let asset = (!ticket.asset.is_empty())
        .then(|| Asset::parse(&ticket.asset).map_err(|error| invalid("asset", error)))
        .transpose()?;
    let place = ticket.place.take();
    Ok(PlacePart {
        grid,
        asset,
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

/// What happened, as the contract has it.
pub(crate) fn change(change: &Change) -> PbChange {
    let id = |asset: &Option<Asset>| asset.as_ref().map(ToString::to_string).unwrap_or_default();
    let code = |grid: &Option<Grid>| grid.as_ref().map(ToString::to_string).unwrap_or_default();
    match change {
        Change::Changed { from, from_asset, to, differs, reason } => {
            PbChange::PlaceChanged(pb::PlaceChanged {
                from_grid: code(from),
                grid: code(&to.grid),
                address_changed: differs.address,
                point_changed: differs.point,
                reason: mask_numbers(reason.as_str()),
                from_asset: id(from_asset),
                asset: id(&to.asset),
            })
        }
    }
}

/// What people wrote in an event of this group; none for events of others.
pub(crate) fn texts(change: &mut PbChange) -> Vec<&mut String> {
    match change {
        PbChange::PlaceChanged(c) => vec![&mut c.reason],
        _ => Vec::new(),
    }
}
