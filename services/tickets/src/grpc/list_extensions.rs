//! `HandlingService.ListExtensions`. Source: T17.

use super::{
    decode::{after, page_size, page_token},
    viewer::viewer,
};
use crate::{
    Rooms,
    store::{extensions, list::After, ticket_views::Detail},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::groups::extension::ExtensionState;
use uuid::Uuid;

pub(super) async fn list_extensions(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::ListExtensionsRequest,
) -> Result<pb::ListExtensionsResponse, Error> {
    let mut violations = Violations::new();
    let filter = pb::ListExtensionsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let mut states = Vec::new();
    for (index, state) in request.states.iter().enumerate() {
        let known = ExtensionState::from_number(*state).ok_or("one of the known values");
        states.extend(violations.field(format!("states[{index}]"), known));
    }
    if states.is_empty() {
        states = vec![ExtensionState::Requested, ExtensionState::Approved];
    }
    let size = page_size(request.page_size, 50, 500, &mut violations);
    let after = after(&request.page_token, &filter, &mut violations);
    violations.finish()?;
    let mut rows =
        extensions::list(&rooms.pool, &caller.scope(), &states, &request.unit_ids, after, size + 1).await?;
    let more = i64::try_from(rows.len()).is_ok_and(|found| found > size);
    if more {
        rows.pop();
    }
    let next_page_token = match rows.last() {
        Some(last) if more => {
            page_token(After { received_at: last.requested_at(), id: last.extension_id }, &filter)
        }
        _ => String::new(),
    };
    let ids: Vec<Uuid> = rows.iter().map(|row| row.ticket_id).collect();
    let views = rooms.tickets.views(&ids).await?;
    // A list is masked for everybody.
    let viewer = viewer(caller).masked();
    let mut extensions = Vec::with_capacity(rows.len());
    for row in &rows {
        let Some(view) = views.get(&row.ticket_id) else { continue };
        gongdan_audit::touched("ticket", row.ticket_id);
        let ticket = view.present(Detail::Full, viewer, &rooms.customers.sealer)?;
        let id = row.extension_id.to_string();
        extensions.push(pb::TicketExtension {
            extension: ticket.extensions.into_iter().find(|extension| extension.id == id),
            ticket_id: ticket.id,
            ticket_number: ticket.number,
            subject: ticket.subject,
            lead_unit_id: ticket.lead_unit_id,
            phase: ticket.phase,
            region: ticket.region,
        });
    }
    Ok(pb::ListExtensionsResponse { extensions, next_page_token })
}
