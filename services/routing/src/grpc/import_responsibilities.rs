//! `ResponsibilityService.ImportResponsibilities`: many, in parts that are one import. Source: R5.

use super::{
    decode::{request_id, request_key},
    parts::{self, MOST_FOUND, Part},
    responsibility,
};
use crate::{Rooms, store::ResponsibilityRights};
use gongdan_access::Caller;
use gongdan_clock::new_id;
use gongdan_errors::{Error, Violations};
use gongdan_pg::RequestKey;
use gongdan_proto::routing::v1::{ImportResponsibilitiesRequest, ImportResponsibilitiesResponse};
use gongdan_routing_domain::{
    check_id,
    responsible::{MOST_ROWS, Responsibility, check_asset},
};
use jiff::Timestamp;
use tonic::Streaming;

pub(super) async fn import_responsibilities(
    rooms: &Rooms,
    caller: &Caller,
    parts: Streaming<ImportResponsibilitiesRequest>,
) -> Result<ImportResponsibilitiesResponse, Error> {
    let _one_of_few = parts::one_of_few(rooms)?;
    let whole = parts::read(parts, &rooms.imports).await?;
    let (by, now) = (ResponsibilityRights::of(caller), rooms.clock.now());
    let id = caller.principal_id.clone();
    let (replace, decode) = (whole.replace, move || decode(whole, &id, now));
    // Half a million rows take a while.
    let (key, rows) = tokio::task::spawn_blocking(decode).await.map_err(Error::internal)??;
    let came = rooms.store.import_responsibilities(rows, replace, &by, &key, now).await?;
    Ok(ImportResponsibilitiesResponse { begun: came.begun, gone: came.gone, unchanged: came.unchanged })
}

fn decode(
    mut whole: ImportResponsibilitiesRequest,
    caller: &str,
    now: Timestamp,
) -> Result<(RequestKey, Vec<Responsibility>), Error> {
    let mut violations = Violations::new();
    let id = violations.field("request_id", request_id(&std::mem::take(&mut whole.request_id)));
    let key = id.map(|id| request_key(caller, "ImportResponsibilities", id, &whole));
    let mut rows = Vec::with_capacity(whole.rows.len());
    for (n, row) in whole.rows.into_iter().enumerate() {
        let path = format!("rows[{n}].");
        rows.extend(responsibility::decode(row, new_id(now), &path, &mut violations));
        if violations.found().len() >= MOST_FOUND {
            break;
        }
    }
    match key {
        Some(key) if violations.is_empty() => Ok((key, rows)),
        _ => Err(violations.into_error()),
    }
}

impl Part for ImportResponsibilitiesRequest {
    const ROWS: &'static str = "rows";
    const MOST_ROWS: usize = MOST_ROWS;

    fn request_id(&mut self) -> &mut String {
        &mut self.request_id
    }

    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn check(&self, before: usize, violations: &mut Violations) {
        for (n, row) in self.rows.iter().enumerate() {
            if violations.found().len() >= MOST_FOUND {
                return;
            }
            let path = |field: &str| format!("rows[{}].{field}", before + n);
            violations.field(path("person_id"), check_id(&row.person_id));
            if !row.unit_id.is_empty() {
                violations.field(path("unit_id"), check_id(&row.unit_id));
            }
            if !row.asset.is_empty() {
                violations.field(path("asset"), check_asset(&row.asset));
            }
        }
    }

    fn append(&mut self, later: Self) {
        self.rows.extend(later.rows);
        self.replace |= later.replace;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_proto::routing::v1::Responsibility as Row;

    #[test]
    fn what_any_part_says_of_all_holds_for_all() {
        let part = |asset: &str, replace| ImportResponsibilitiesRequest {
            rows: vec![Row { asset: asset.to_owned(), ..Row::default() }],
            replace,
            ..ImportResponsibilitiesRequest::default()
        };
        let mut whole = part("1", false);
        whole.append(part("2", true));
        whole.append(part("3", false));
        let assets: Vec<_> = whole.rows.iter().map(|row| row.asset.as_str()).collect();
        assert_eq!((assets, whole.replace), (vec!["1", "2", "3"], true));
    }

    #[test]
    fn of_very_many_wrong_rows_the_first_are_told() {
        let rows = vec![Row { unit_id: "天河".into(), asset: "灯".into(), ..Row::default() }; 200];
        let mut violations = Violations::new();
        ImportResponsibilitiesRequest { rows, ..Default::default() }.check(7, &mut violations);
        let fields: Vec<_> = violations.found().iter().map(|found| found.field.as_str()).collect();
        assert_eq!(
            fields[..4],
            ["rows[7].person_id", "rows[7].unit_id", "rows[7].asset", "rows[8].person_id"]
        );
        assert!((MOST_FOUND..MOST_FOUND + 3).contains(&fields.len()), "{}", fields.len());
    }
}
