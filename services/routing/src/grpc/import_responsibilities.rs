//! `ResponsibilityService.ImportResponsibilities`: many, in parts that are one import. Source: R5.

use super::{
    decode::{request_id, request_key},
    responsibility,
};
use crate::Rooms;
use gongdan_auth::Actor;
use gongdan_clock::new_id;
use gongdan_errors::{Code, Error, Violations};
use gongdan_proto::routing::v1::{ImportResponsibilitiesRequest, ImportResponsibilitiesResponse};
use gongdan_routing_domain::responsible::MOST_ROWS;
use tonic::{Status, Streaming};

/// So many violations say enough.
const MOST_FOUND: usize = 100;

pub(super) async fn import_responsibilities(
    rooms: &Rooms,
    actor: &Actor,
    mut parts: Streaming<ImportResponsibilitiesRequest>,
) -> Result<ImportResponsibilitiesResponse, Status> {
    let mut whole = ImportResponsibilitiesRequest::default();
    while let Some(part) = parts.message().await.map_err(readable)? {
        add(&mut whole, part, MOST_ROWS)?;
    }
    Ok(import(rooms, actor, whole).await?)
}

async fn import(
    rooms: &Rooms,
    actor: &Actor,
    mut whole: ImportResponsibilitiesRequest,
) -> Result<ImportResponsibilitiesResponse, Error> {
    let now = rooms.clock.now();
    let mut violations = Violations::new();
    let id = violations.field("request_id", request_id(&std::mem::take(&mut whole.request_id)));
    let key = id.map(|id| request_key(&actor.principal_id, "ImportResponsibilities", id, &whole));
    let mut rows = Vec::with_capacity(whole.rows.len());
    for (n, row) in whole.rows.into_iter().enumerate() {
        let path = format!("rows[{n}].");
        rows.extend(responsibility::decode(row, new_id(now), &path, &mut violations));
        if violations.found().len() >= MOST_FOUND {
            break;
        }
    }
    let (Some(key), true) = (key, violations.is_empty()) else { return Err(violations.into_error()) };
    let came =
        rooms.store.import_responsibilities(rows, whole.replace, &actor.principal_id, &key, now).await?;
    Ok(ImportResponsibilitiesResponse { begun: came.begun, gone: came.gone, unchanged: came.unchanged })
}

/// The rows of a part behind those that came before.
fn add(
    whole: &mut ImportResponsibilitiesRequest,
    part: ImportResponsibilitiesRequest,
    most: usize,
) -> Result<(), Error> {
    if whole.request_id.is_empty() {
        whole.request_id.clone_from(&part.request_id);
    } else if !part.request_id.is_empty() && part.request_id != whole.request_id {
        return Err(Error::invalid_field("request_id", "the same in all parts, or only in the first"));
    }
    if whole.rows.len() + part.rows.len() > most {
        return Err(Error::invalid_field("rows", format!("at most {most} rows in all parts")));
    }
    whole.rows.extend(part.rows);
    whole.replace |= part.replace;
    Ok(())
}

/// What cannot be decoded is the caller's fault.
fn readable(status: Status) -> Status {
    match status.code() {
        Code::Internal => Error::unreadable("a part is not what the contract sends").into(),
        _ => status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_proto::routing::v1::Responsibility;

    #[test]
    fn parts_are_one_import_of_a_number_of_rows_that_has_an_end() {
        let part = |id: &str, asset: &str, replace| ImportResponsibilitiesRequest {
            request_id: id.to_owned(),
            rows: vec![Responsibility { asset: asset.to_owned(), ..Responsibility::default() }],
            replace,
        };
        let mut whole = ImportResponsibilitiesRequest::default();
        add(&mut whole, part("a", "1", false), 2).unwrap();
        add(&mut whole, part("", "2", true), 2).unwrap();
        let assets: Vec<_> = whole.rows.iter().map(|row| row.asset.as_str()).collect();
        assert_eq!((whole.request_id.as_str(), assets, whole.replace), ("a", vec!["1", "2"], true));
        let refused = |part, most| {
            let error = add(&mut whole.clone(), part, most).unwrap_err();
            error.violations()[0].field.clone()
        };
        assert_eq!(refused(part("b", "3", false), 9), "request_id");
        assert_eq!(refused(part("a", "3", false), 2), "rows");
    }
}
