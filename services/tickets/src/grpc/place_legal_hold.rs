//! `PrivacyService.PlaceLegalHold`. Source: X11.

use super::decode::{instant, ticket_ref, uuid};
use crate::{
    Rooms,
    error::erased_customer_not_found,
    store::legal_holds::{self, LegalHold, Subject},
};
use gongdan_auth::Actor;
use gongdan_clock::stable_id;
use gongdan_errors::{Error, Reason, Violations};
use gongdan_pg::error;
use gongdan_proto::{
    tickets::v1::{self as pb, place_legal_hold_request::Subject as PbSubject},
    to_timestamp,
};
use gongdan_tickets_domain::{Text, mask_numbers};

type Why = Text<1, 500>;

pub(super) async fn place_legal_hold(
    rooms: &Rooms,
    actor: &Actor,
    request: pb::PlaceLegalHoldRequest,
) -> Result<pb::LegalHold, Error> {
    let now = rooms.clock.now();
    let mut violations = Violations::new();
    let request_id = violations.field("request_id", uuid(&request.request_id));
    let reason = violations.field("reason", Why::parse(&request.reason));
    let until = instant("until", request.until, &mut violations);
    if until.is_some_and(|until| until <= now) {
        violations.add("until", "in the future");
    }
    let mut ticket = None;
    let mut customer = None;
    match &request.subject {
        Some(PbSubject::CustomerId(id)) => customer = violations.field("customer_id", uuid(id)),
        Some(PbSubject::Ticket(text)) => ticket = ticket_ref(text, &mut violations),
        None => violations.add("subject", "one of customer_id, ticket"),
    }
    let (Some(request_id), Some(reason), true) = (request_id, reason, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let subject = match (ticket, customer) {
        (Some(ticket), _) => Subject::Ticket(rooms.tickets.view(&ticket).await?.id),
        (None, Some(customer)) if !rooms.customers.by_id(customer).await?.is_empty() => {
            Subject::Customer(customer)
        }
        _ => return Err(erased_customer_not_found()),
    };
    let id = stable_id("legal-hold", &format!("{}/{request_id}", actor.principal_id));
    let reason = mask_numbers(reason.as_str());
    let by = &actor.principal_id;
    if !legal_holds::place(&rooms.pool, id, subject, &reason, by, until, now).await.map_err(error)? {
        return Err(erased_customer_not_found());
    }
    let hold = find(rooms, id).await?;
    let same = match subject {
        Subject::Ticket(id) => hold.ticket_id == Some(id),
        Subject::Customer(id) => hold.customer_id == Some(id),
    };
    if !same || hold.reason != reason || hold.held_until.map(|at| at.to_jiff()) != until {
        return Err(Error::already_exists(
            Reason::RequestIdReused,
            "this request_id was used for another request",
        ));
    }
    tracing::info!(hold = %id, by, ?subject, "a legal hold is placed");
    Ok(present(hold))
}

pub(super) async fn find(rooms: &Rooms, id: uuid::Uuid) -> Result<LegalHold, Error> {
    let hold = legal_holds::get(&rooms.pool, id).await.map_err(error)?;
    hold.ok_or_else(|| Error::not_found(Reason::LegalHoldNotFound, "no such legal hold"))
}

pub(super) fn present(hold: LegalHold) -> pb::LegalHold {
    let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let time = |at: Option<jiff_sqlx::Timestamp>| at.map(|at| to_timestamp(at.to_jiff()));
    pb::LegalHold {
        id: hold.id.to_string(),
        ticket_id: id(hold.ticket_id),
        customer_id: id(hold.customer_id),
        reason: hold.reason,
        placed_by: hold.placed_by,
        placed_at: time(Some(hold.placed_at)),
        until: time(hold.held_until),
        released_by: hold.released_by.unwrap_or_default(),
        released_at: time(hold.released_at),
        release_reason: hold.release_reason.unwrap_or_default(),
    }
}
