//! `VisitService.ChangePlace`. Source: T37.

use super::{
    decode::{acting, call},
    get_ticket, places,
};
use crate::{
    Rooms,
    error::refused,
    store::{
        places::{KeptPlace, NewPlace, of_ticket},
        tickets::Opened,
    },
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{
    Reason,
    groups::place::{Differs, PlacePart},
};

/// What may be named.
const FIELDS: [&str; 4] = ["address", "point", "grid", "asset"];

pub(super) async fn change_place(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::ChangePlaceRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let mask = request.update_mask.take().unwrap_or_default().paths;
    if mask.is_empty() {
        violations.add("update_mask", format!("at least one of {}", FIELDS.join(", ")));
    }
    for (at, _) in mask.iter().enumerate().filter(|(_, path)| !FIELDS.contains(&path.as_str())) {
        violations.add(format!("update_mask.paths[{at}]"), format!("one of {}", FIELDS.join(", ")));
    }
    let given = places::decode(request.place.take(), &mut violations);
    let reason = violations.field("reason", Reason::parse(&request.reason));
    let (Some(call), Some(reason), true) = (call, reason, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now, id) = (acting(caller, &opened)?, rooms.clock.now(), opened.view.id);
    let sealer = &rooms.customers.sealer;
    let before = of_ticket(&rooms.pool, sealer, id).await?.remove(&id).unwrap_or_default();
    let named = |field: &str| mask.iter().any(|path| path == field);
    let new = given.kept.unwrap_or_default();
    let after = KeptPlace {
        address: if named("address") { new.address } else { before.address.clone() },
        point: if named("point") { new.point } else { before.point },
    };
    let known = &opened.ticket.groups.place;
    let grid = if named("grid") { given.part.grid } else { known.grid.clone() };
    let asset = if named("asset") { given.part.asset } else { known.asset.clone() };
    let part = PlacePart {
        grid,
        asset,
        kept: after != KeptPlace::default(),
        given_in: after.point.map(|(_, given_in)| given_in),
    };
    let differs = Differs { address: after.address != before.address, point: after.point != before.point };
    let Some(changed) = opened.ticket.change_place(part, differs, reason, &by, now).map_err(refused)? else {
        return get_ticket::now(rooms, caller, &call.ticket).await;
    };
    let places =
        if differs == Differs::default() { Vec::new() } else { vec![NewPlace::seal(sealer, id, &after)?] };
    rooms.tickets.save_placed(opened.view, &changed, &call, places).await
}
