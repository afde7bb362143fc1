//! `FormService.ListForms`. Source: T6.

use super::{decode::page_size, get_form::present, put_form::key};
use crate::Rooms;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;

pub(super) async fn list_forms(
    rooms: &Rooms,
    request: pb::ListFormsRequest,
) -> Result<pb::ListFormsResponse, Error> {
    let mut violations = Violations::new();
    let size = page_size(request.page_size, 50, 200, &mut violations);
    let after = match request.page_token.as_str() {
        "" => Some(String::new()),
        token => violations.field("page_token", key(token).map_err(|_| "a token of an earlier answer")),
    };
    let (Some(after), true) = (after, violations.is_empty()) else { return Err(violations.into_error()) };
    let mut found = rooms.forms.list(&after, size + 1).await?;
    let more = i64::try_from(found.len()).is_ok_and(|found| found > size);
    if more {
        found.pop();
    }
    let next_page_token = if more { found.last().map(|form| form.key.clone()) } else { None };
    let mut forms = Vec::with_capacity(found.len());
    for version in found {
        forms.push(present(rooms, version).await?);
    }
    Ok(pb::ListFormsResponse { forms, next_page_token: next_page_token.unwrap_or_default() })
}
