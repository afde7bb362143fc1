//! `TicketService.ListTickets`.

use super::{
    decode::{after, filter, page_size, page_token},
    viewer::viewer,
};
use crate::{
    Rooms,
    store::{list::After, scope::Sight, ticket_views::Detail},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;

pub(super) async fn list_tickets(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::ListTicketsRequest,
) -> Result<pb::ListTicketsResponse, Error> {
    let mut violations = Violations::new();
    let given = request.filter.clone().unwrap_or_default();
    // A list is masked for everybody: what is personal in clear is read a ticket at a time.
    let viewer = viewer(caller).masked();
    let filter = filter(request.filter, &mut violations).seen_by(viewer);
    let size = page_size(request.page_size, 50, 500, &mut violations);
    let after = after(&request.page_token, &given, &mut violations);
    violations.finish()?;
    let mut views = rooms.tickets.list(&Sight::of(caller), &filter, after, size + 1).await?;
    let more = i64::try_from(views.len()).is_ok_and(|found| found > size);
    if more {
        views.pop();
    }
    let next_page_token = match views.last() {
        Some(last) if more => page_token(After { received_at: last.received_at(), id: last.id }, &given),
        _ => String::new(),
    };
    let tickets = views
        .iter()
        .map(|view| view.present(Detail::Listed, viewer, &rooms.customers.sealer))
        .collect::<Result<_, _>>()?;
    if !given.customer_id.is_empty() {
        gongdan_audit::touched("customer", &given.customer_id);
    }
    for view in &views {
        gongdan_audit::touched("ticket", view.id);
    }
    Ok(pb::ListTicketsResponse { tickets, next_page_token })
}
