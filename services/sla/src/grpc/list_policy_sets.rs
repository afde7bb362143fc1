//! `PolicyService.ListPolicySets`

use super::{Rooms, convert, decode::Page};
use crate::store::policy_sets;
use gongdan_errors::{Error, Violations};
use gongdan_proto::sla::v1 as pb;

pub(super) async fn list_policy_sets(
    rooms: &Rooms,
    request: pb::ListPolicySetsRequest,
) -> Result<pb::ListPolicySetsResponse, Error> {
    let mut violations = Violations::new();
    let Some(page) = Page::decode(request.page_size, &request.page_token, &mut violations) else {
        return Err(violations.into_error());
    };
    let mut rows =
        policy_sets::list(&rooms.pool, &page.after, page.limit()).await.map_err(gongdan_pg::error)?;
    let next_page_token = page.cut(&mut rows, |row| row.key.clone());
    let policy_sets = rows.iter().map(|row| convert::policy_set(row, false)).collect::<Result<_, _>>()?;
    Ok(pb::ListPolicySetsResponse { policy_sets, next_page_token })
}
