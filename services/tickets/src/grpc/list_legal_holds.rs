//! `PrivacyService.ListLegalHolds`. Source: X11.

use super::{
    decode::{after, page_size, page_token, ticket_ref, uuid},
    place_legal_hold::present,
};
use crate::{
    Rooms,
    store::{
        legal_holds::{self, Subject},
        list::After,
    },
};
use gongdan_errors::{Error, Violations};
use gongdan_pg::error;
use gongdan_proto::tickets::v1 as pb;

pub(super) async fn list_legal_holds(
    rooms: &Rooms,
    request: pb::ListLegalHoldsRequest,
) -> Result<pb::ListLegalHoldsResponse, Error> {
    let mut violations = Violations::new();
    let size = page_size(request.page_size, 50, 500, &mut violations);
    // A token belongs to what was asked for.
    let asked = pb::ListLegalHoldsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let place =
        after(&request.page_token, &asked, &mut violations).map(|after| (after.received_at, after.id));
    let customer = match request.customer_id.as_str() {
        "" => None,
        id => violations.field("customer_id", uuid(id)),
    };
    let ticket = match request.ticket.as_str() {
        "" => None,
        text => ticket_ref(text, &mut violations),
    };
    if ticket.is_some() && customer.is_some() {
        violations.add("customer_id", "not together with ticket");
    }
    violations.finish()?;
    let subject = match ticket {
        Some(ticket) => Some(Subject::Ticket(rooms.tickets.find(&ticket).await?)),
        None => customer.map(Subject::Customer),
    };
    let now = rooms.clock.now();
    let mut holds = legal_holds::list(&rooms.pool, subject, request.include_ended, place, size + 1, now)
        .await
        .map_err(error)?;
    let more = i64::try_from(holds.len()).is_ok_and(|found| found > size);
    if more {
        holds.pop();
    }
    let token = |last: &legal_holds::LegalHold| {
        page_token(After { received_at: last.placed_at.to_jiff(), id: last.id }, &asked)
    };
    let next_page_token = holds.last().filter(|_| more).map(token).unwrap_or_default();
    Ok(pb::ListLegalHoldsResponse { holds: holds.into_iter().map(present).collect(), next_page_token })
}
