//! `ClockService.ListClocks`

use super::{Rooms, convert, decode::Page};
use crate::store::clocks;
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::sla::v1 as pb;
use uuid::Uuid;

const MAX_NUMBER: usize = 40;

fn read_ticket(text: &str) -> Result<Result<Uuid, &str>, &'static str> {
    if let Ok(id) = Uuid::try_parse(text) {
        return Ok(Ok(id));
    }
    let digits = text.strip_prefix("GD").filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    match digits {
        Some(digits) if !digits.is_empty() && text.len() <= MAX_NUMBER => Ok(Err(text)),
        _ => Err("a UUID, or a number: GD and digits"),
    }
}

pub(super) async fn list_clocks(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::ListClocksRequest,
) -> Result<pb::ListClocksResponse, Error> {
    let mut violations = Violations::new();
    let page = Page::decode(request.page_size, &request.page_token, &mut violations);
    let ticket = violations.field("ticket", read_ticket(&request.ticket));
    let after = match page.as_ref().map(|page| page.after.as_str()) {
        None | Some("") => None,
        Some(after) => {
            violations.field("page_token", Uuid::try_parse(after).map_err(|_| "a token of an earlier answer"))
        }
    };
    let (Some(page), Some(ticket), true) = (page, ticket, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let mut found = clocks::list(&rooms.pool, ticket, &caller.scope(), after, page.limit()).await?;
    let next_page_token = page.cut(&mut found, |clock| clock.id.to_string());
    for clock in &found {
        gongdan_audit::touched("ticket", clock.ticket_id);
    }
    Ok(pb::ListClocksResponse { clocks: found.iter().map(convert::clock).collect(), next_page_token })
}
