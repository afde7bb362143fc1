//! `CatalogueService.ImportCatalogue`. Source: T5.

use super::{
    decode::{if_given, region, uuid},
    get_catalogue::present,
};
use crate::Rooms;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{
    Impact, Line, TicketType, Urgency,
    catalogue::{Binds, Row, tree},
};
use prost::Message as _;
use sha2::{Digest as _, Sha256};

/// Leaves of one version.
const MAX_ROWS: usize = 20_000;

pub(super) async fn import_catalogue(
    rooms: &Rooms,
    mut request: pb::ImportCatalogueRequest,
) -> Result<pb::Catalogue, Error> {
    let mut violations = Violations::new();
    violations.field("request_id", uuid(&std::mem::take(&mut request.request_id)));
    if !(1..=MAX_ROWS).contains(&request.rows.len()) {
        violations.add("rows", format!("1 to {MAX_ROWS}"));
    }
    // The content decides whether there is anything new, so a retry needs no memory of the request.
    let hash = Sha256::digest(request.encode_to_vec()).into();
    let rows: Vec<Row> =
        request.rows.into_iter().enumerate().map(|(at, row)| decode(at, row, &mut violations)).collect();
    let nodes = match tree(rows) {
        Ok(nodes) => nodes,
        Err(errors) => {
            for error in errors {
                violations.add(format!("rows[{}].{}", error.row, error.field), error.rule);
            }
            return Err(violations.into_error());
        }
    };
    violations.finish()?;
    Ok(present(rooms.catalogue.import(&nodes, &hash).await?))
}

fn decode(at: usize, row: pb::CatalogueRow, violations: &mut Violations) -> Row {
    let field = |name: &str| format!("rows[{at}].{name}");
    let kind = if_given(&field("type"), row.r#type, TicketType::from_number, violations);
    let urgency = if_given(&field("urgency"), row.urgency, Urgency::from_number, violations);
    let impact = if_given(&field("impact"), row.impact, Impact::from_number, violations);
    let sla_policy = violations.field(field("sla_policy"), Line::<0, 128>::parse(&row.sla_policy));
    let routing_hints = row
        .routing_hints
        .iter()
        .enumerate()
        .filter_map(|(n, hint)| {
            violations.field(field(&format!("routing_hints[{n}]")), Line::<1, 64>::parse(hint))
        })
        .map(Into::into)
        .collect();
    let regions = row
        .regions
        .iter()
        .enumerate()
        .filter_map(|(n, code)| violations.field(field(&format!("regions[{n}]")), region(code)))
        .collect();
    let sla_policy = sla_policy.map(Into::into).unwrap_or_default();
    Row { path: row.path, binds: Binds { kind, urgency, impact, sla_policy, routing_hints, regions } }
}
