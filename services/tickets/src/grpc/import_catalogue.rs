//! `CatalogueService.ImportCatalogue`. Source: T5.

use super::{
    decode::{if_given, region, uuid},
    get_catalogue::present,
};
use crate::{Rooms, store::ticket_types::Types};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_pg::{RequestKey, requests::hash_of};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{
    Impact, Line, TicketType, Urgency,
    catalogue::{Binds, Row, tree},
};
use std::collections::HashMap;

/// Leaves of one version.
const MAX_ROWS: usize = 20_000;

pub(super) async fn import_catalogue(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::ImportCatalogueRequest,
) -> Result<pb::Catalogue, Error> {
    let mut violations = Violations::new();
    let request_id = violations.field("request_id", uuid(&std::mem::take(&mut request.request_id)));
    if !(1..=MAX_ROWS).contains(&request.rows.len()) {
        violations.add("rows", format!("1 to {MAX_ROWS}"));
    }
    let hash = hash_of(&request);
    let (types, forms) = (rooms.ticket_types.types().await?, rooms.forms.keys().await?);
    let rows: Vec<Row> = request
        .rows
        .into_iter()
        .enumerate()
        .map(|(at, row)| decode(at, row, &types, &forms, &mut violations))
        .collect();
    let nodes = match tree(rows) {
        Ok(nodes) => nodes,
        Err(errors) => {
            for error in errors {
                violations.add(format!("rows[{}].{}", error.row, error.field), error.rule);
            }
            return Err(violations.into_error());
        }
    };
    let (Some(request_id), true) = (request_id, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let key = RequestKey { caller: caller.principal_id.clone(), method: "ImportCatalogue", request_id, hash };
    Ok(present(rooms.catalogue.import(&nodes, &hash, &key).await?))
}

fn decode(
    at: usize,
    row: pb::CatalogueRow,
    types: &Types,
    forms: &HashMap<String, i32>,
    violations: &mut Violations,
) -> Row {
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
    if !row.form.is_empty() && !forms.contains_key(&row.form) {
        violations.add(field("form"), "the key of a form that is there");
    }
    let (kind, type_key) = self::kind(&field, kind, &row.type_key, types, violations);
    let form = row.form;
    Row {
        path: row.path,
        binds: Binds { kind, urgency, impact, sla_policy, routing_hints, regions, form, type_key },
    }
}

/// The type that is bound, and the house's own one that is counted as it; empty: none.
fn kind(
    field: &impl Fn(&str) -> String,
    kind: Option<TicketType>,
    key: &str,
    types: &Types,
    violations: &mut Violations,
) -> (Option<TicketType>, String) {
    if key.is_empty() {
        return (kind, String::new());
    }
    let Some(definition) = types.get(key).filter(|definition| definition.enabled) else {
        violations.add(field("type_key"), "the key of a ticket type in use");
        return (kind, String::new());
    };
    if kind.is_some_and(|kind| kind != definition.base) {
        violations.add(field("type"), format!("{}, as which {key} is counted, or left out", definition.base));
    }
    let own = if definition.key.built_in().is_some() { String::new() } else { key.to_owned() };
    (Some(definition.base), own)
}
