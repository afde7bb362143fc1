//! `DecisionService.ListDecisions`

use super::{decode::ticket, page::Page, show};
use crate::{Rooms, store::DecisionFilter};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{DecisionState, ListDecisionsRequest, ListDecisionsResponse};
use uuid::Uuid;

pub(super) async fn list_decisions(
    rooms: &Rooms,
    caller: &Caller,
    mut request: ListDecisionsRequest,
) -> Result<ListDecisionsResponse, Error> {
    let (size, token) = (std::mem::take(&mut request.page_size), std::mem::take(&mut request.page_token));
    let mut violations = Violations::new();
    let page = Page::<Uuid>::decode(&request, size, &token, 50, 500, &mut violations);
    let ticket = match request.ticket.as_str() {
        "" => Some(None),
        name => violations.field("ticket", ticket(name)).map(Some),
    };
    let state = violations.field("state", state(request.state));
    let (Some(page), Some(ticket), Some(state)) = (page, ticket, state) else {
        return Err(violations.into_error());
    };
    let filter = DecisionFilter { ticket, state };
    let mut decisions =
        rooms.store.list_decisions(&caller.scope(), &filter, page.after, page.limit()).await?;
    let next_page_token = page.cut(&mut decisions, |decision| decision.id);
    for decision in &decisions {
        gongdan_audit::touched("ticket", decision.ticket_id);
    }
    Ok(ListDecisionsResponse { decisions: decisions.iter().map(show::decision).collect(), next_page_token })
}

/// The number of a state in the table, which is that of the contract.
fn state(number: i32) -> Result<Option<i16>, &'static str> {
    match DecisionState::try_from(number) {
        Ok(DecisionState::Unspecified) => Ok(None),
        Ok(_) => i16::try_from(number).map(Some).map_err(|_| "an unknown state"),
        Err(_) => Err("an unknown state"),
    }
}
