//! Citizens who act for themselves: whoever may not know who reported does not learn it from who acted, and an erasure
//! takes them with the contact. Source: T36, X11, DESIGN rule 15.

use gongdan_proto::{
    common::v1::{ActorRef, PrincipalKind},
    tickets::v1 as pb,
};
use prost::Message as _;

/// Which citizen it is; none for staff and services, and when it is not named any more.
pub(crate) fn named(actor: Option<&ActorRef>) -> Option<&str> {
    actor
        .filter(|actor| actor.kind() == PrincipalKind::Citizen && !actor.id.is_empty())
        .map(|a| a.id.as_str())
}

/// Leaves of a citizen that it was one.
pub(crate) fn hide(actor: &mut Option<ActorRef>) {
    if let Some(actor) = actor
        && actor.kind() == PrincipalKind::Citizen
    {
        *actor = ActorRef { kind: PrincipalKind::Citizen.into(), ..ActorRef::default() };
    }
}

/// What stays of a citizen in a table: that it was one.
pub(crate) fn nobody() -> Vec<u8> {
    ActorRef { kind: PrincipalKind::Citizen.into(), ..ActorRef::default() }.encode_to_vec()
}

/// The same of all whom a ticket names; the asset it is about, which may be the citizen's own, is gone.
pub(crate) fn hide_in_ticket(ticket: &mut pb::Ticket) {
    ticket.asset.clear();
    if let Some(place) = &mut ticket.place {
        place.asset.clear();
    }
    hide(&mut ticket.created_by);
    if let Some(resolution) = &mut ticket.resolution {
        hide(&mut resolution.resolved_by);
    }
    super::records::each_actor(ticket, hide);
}

/// The same of all whom an event names.
pub(crate) fn hide_in_event(event: &mut pb::TicketEvent) {
    hide(&mut event.actor);
    if let Some(pb::ticket_event::Change::PlaceChanged(change)) = &mut event.change {
        change.from_asset.clear();
        change.asset.clear();
    }
    if let Some(state) = &mut event.state {
        hide_in_ticket(state);
    }
}
