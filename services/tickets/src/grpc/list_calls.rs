//! `CallService.ListCalls`. Source: T35, T36.

use super::{
    decode::{page_size, ticket_ref},
    viewer::viewer_of,
};
use crate::{
    Rooms,
    store::{
        calls::{self, Call},
        seal::Sealer,
        ticket_views::TicketView,
    },
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Reason, Violations};
use gongdan_proto::{tickets::v1 as pb, to_timestamp};
use gongdan_tickets_domain::mask_phone;
use jiff::Timestamp;

/// Whoever says which calls belong to a ticket looks among those that belong to none.
const LINK: &str = "calls.link";

pub(super) async fn list_calls(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::ListCallsRequest,
) -> Result<pb::ListCallsResponse, Error> {
    let mut violations = Violations::new();
    let ticket = ticket_ref(&request.ticket, &mut violations);
    let size = page_size(request.page_size, 50, 200, &mut violations);
    let before = match request.page_token.as_str() {
        "" => Some(i64::MAX),
        token => {
            violations.field("page_token", token.parse::<i64>().map_err(|_| "a token of an earlier answer"))
        }
    };
    let (Some(ticket), Some(before), true) = (ticket, before, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let view = rooms.tickets.view(&ticket).await?;
    view.check_acted_on(caller)?;
    gongdan_audit::touched("ticket", view.id);
    let viewer = viewer_of(caller, &view)?;
    let told = view.told_to(viewer, &rooms.customers.sealer)?;
    let mut found = if request.unlinked {
        view.check_acted_on(&caller.doing(LINK))?;
        if !viewer.see_reporter {
            return Err(Error::permission_denied(
                Reason::ReporterConfidential,
                "these would be calls of a reporter who asked for confidence",
            ));
        }
        unlinked(rooms, &view, before, size + 1).await?
    } else {
        calls::list(&rooms.pool, view.id, before, size + 1).await?
    };
    let more = i64::try_from(found.len()).is_ok_and(|found| found > size);
    if more {
        found.pop();
    }
    let next_page_token =
        found.last().filter(|_| more).map(|(version, _)| version.to_string()).unwrap_or_default();
    let calls = found
        .iter()
        .map(|(_, call)| presented(call, &rooms.customers.sealer, viewer.see_reporter, &told))
        .collect::<Result<_, _>>()?;
    Ok(pb::ListCallsResponse { calls, next_page_token })
}

/// Calls from the number of a ticket's customer that belong to no ticket, each with the place after which to go on.
async fn unlinked(
    rooms: &Rooms,
    view: &TicketView,
    before: i64,
    limit: i64,
) -> Result<Vec<(i64, Call)>, Error> {
    let Some(customer) = view.customer_id else { return Ok(Vec::new()) };
    let keys = rooms.customers.keys_of(customer).await?;
    let before = Timestamp::from_microsecond(before).unwrap_or(Timestamp::MAX);
    let calls = calls::unlinked(&rooms.pool, &keys, before, limit).await?;
    Ok(calls.into_iter().map(|call| (call.started_at.to_jiff().as_microsecond(), call)).collect())
}

/// A call as who looks may see it.
pub(super) fn presented(
    call: &Call,
    sealer: &Sealer,
    reporter: bool,
    told: impl Fn(&str) -> String,
) -> Result<pb::Call, Error> {
    let phone = if reporter { call.number(sealer)?.as_ref().map(mask_phone) } else { None };
    let customer = call.customer_id.filter(|_| reporter);
    Ok(pb::Call {
        call_id: call.call_id.clone(),
        seat: call.seat.clone(),
        agent_id: call.agent_id.clone(),
        phone: phone.unwrap_or_default(),
        customer_id: customer.map(|id| id.to_string()).unwrap_or_default(),
        started_at: Some(to_timestamp(call.started_at.to_jiff())),
        ended_at: call.ended_at.map(|at| to_timestamp(at.to_jiff())),
        result: i32::from(call.result),
        note: told(&call.note),
        recorded: !call.recording_url.is_empty(),
    })
}
