//! Places of tickets: as they are given, and as who may read them sees them. Source: T37.

use super::visits::point;
use crate::{
    Rooms,
    store::{
        places::{self, KeptPlace},
        scope::item,
        ticket_views::TicketView,
    },
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1::{self as pb, VisitStepKind};
use gongdan_tickets_domain::{
    Address,
    groups::place::{Asset, Grid, PlacePart},
};

/// To see addresses and points.
const PLACE: &str = "place.read";

/// A place as it was given.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// What everybody may know.
    pub part: PlacePart,
    /// What is personal, if anything of it is given.
    pub kept: Option<KeptPlace>,
}

/// Where a ticket is about, if given.
pub(super) fn decode(place: Option<pb::Place>, violations: &mut Violations) -> Given {
    let Some(place) = place else { return Given::default() };
    let address = violations.field("place.address", Address::parse(&place.address)).unwrap_or_default();
    let point = point("place.", place.point, place.given_in, violations);
    let grid = match place.grid.as_str() {
        "" => None,
        grid => violations.field("place.grid", Grid::parse(grid)),
    };
    let asset = match place.asset.as_str() {
        "" => None,
        asset => violations.field("place.asset", Asset::parse(asset)),
    };
    let kept = (!address.is_empty() || point.is_some())
        .then(|| KeptPlace { address: address.as_str().to_owned(), point });
    let given_in = point.map(|(_, given_in)| given_in);
    Given { part: PlacePart { grid, asset, kept: kept.is_some(), given_in }, kept }
}

/// Puts addresses and points into an answer, if the caller may read them.
pub(super) async fn fill(
    rooms: &Rooms,
    caller: &Caller,
    view: &TicketView,
    ticket: &mut pb::Ticket,
) -> Result<(), Error> {
    let arrived = |visit: &pb::Visit| visit.checked_in_at.is_some();
    if ticket.place.is_none() && !ticket.visits.iter().any(arrived) {
        return Ok(());
    }
    if !caller.scope_of(PLACE).allows(&item(ticket)) {
        return Ok(());
    }
    let kept = places::of_ticket(&rooms.pool, &rooms.customers.sealer, view.id).await?;
    if let (Some(place), Some(kept)) = (&mut ticket.place, kept.get(&view.id)) {
        place.address.clone_from(&kept.address);
        place.point = kept.point.map(|(point, _)| on_earth(point));
    }
    for visit in &mut ticket.visits {
        let first = visit.steps.iter().find(|step| step.kind() == VisitStepKind::CheckedIn);
        let place =
            first.and_then(|step| step.report_id.parse().ok()).and_then(|id: uuid::Uuid| kept.get(&id));
        visit.checked_in_point = place.and_then(|kept| kept.point).map(|(point, _)| on_earth(point));
    }
    Ok(())
}

fn on_earth(point: gongdan_tickets_domain::Point) -> pb::Point {
    pb::Point { latitude: point.latitude(), longitude: point.longitude() }
}
