//! `DutyService.ListRosters`

use super::{
    decode::given,
    duty,
    page::{MOST_BYTES, Page},
};
use crate::Rooms;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{ListRostersRequest, ListRostersResponse, Roster};
use prost::Message as _;

/// Rosters that are read at a time: each may have a megabyte.
const CHUNK: usize = 10;

pub(super) async fn list_rosters(
    rooms: &Rooms,
    mut request: ListRostersRequest,
) -> Result<ListRostersResponse, Error> {
    let (size, token) = (std::mem::take(&mut request.page_size), std::mem::take(&mut request.page_token));
    let mut violations = Violations::new();
    let page = Page::<String>::decode(&request, size, &token, 50, 200, &mut violations);
    let Some(page) = page else { return Err(violations.into_error()) };
    let unit = given(request.unit_id);
    let mut after = page.after.clone().unwrap_or_default();
    let (mut rosters, mut bytes) = (Vec::<Roster>::new(), 0);
    loop {
        let chunk =
            rooms.store.list_rosters(unit.as_deref(), &after, i64::try_from(CHUNK).unwrap_or(1)).await?;
        let Some(last) = chunk.last() else { break };
        after.clone_from(&last.roster.id);
        for revision in &chunk {
            let roster = duty::roster(revision);
            bytes += roster.encoded_len();
            if let Some(last) = rosters.last()
                && (rosters.len() == page.size || bytes > MOST_BYTES)
            {
                let next_page_token = page.token(&last.id);
                return Ok(ListRostersResponse { rosters, next_page_token });
            }
            rosters.push(roster);
        }
        if chunk.len() < CHUNK {
            break;
        }
    }
    Ok(ListRostersResponse { rosters, next_page_token: String::new() })
}
