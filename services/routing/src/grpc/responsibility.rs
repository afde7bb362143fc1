//! Responsibilities as the contract has them.

use super::{decode::given, import_organisation::instant};
use crate::store::KeptResponsibility;
use gongdan_errors::Violations;
use gongdan_proto::{routing::v1 as pb, to_timestamp};
use gongdan_routing_domain::responsible::{Charge, Responsibility};
use uuid::Uuid;

/// A responsibility as it was sent; violations are of `path`, which ends in a dot. Units that are not given are filled in
/// where people are known.
pub(super) fn decode(
    message: pb::Responsibility,
    id: Uuid,
    path: &str,
    violations: &mut Violations,
) -> Option<Responsibility> {
    const ONE: &str = "exactly one of customer_id and asset";
    let charge = match (given(message.customer_id), given(message.asset)) {
        (Some(customer), None) => violations
            .field(format!("{path}customer_id"), Uuid::try_parse(&customer).map_err(|_| "a UUID"))
            .map(Charge::Customer),
        (None, Some(asset)) => Some(Charge::Asset(asset)),
        (Some(_), Some(_)) => {
            violations.add(format!("{path}asset"), ONE);
            None
        }
        (None, None) => {
            violations.add(format!("{path}customer_id"), ONE);
            None
        }
    };
    let from = instant(&format!("{path}valid_from"), message.valid_from, violations);
    let until = instant(&format!("{path}valid_to"), message.valid_to, violations);
    Some(Responsibility {
        id,
        charge: charge?,
        item: message.item,
        person_id: message.person_id,
        unit_id: message.unit_id,
        from,
        until,
        // By who writes it.
        everywhere: false,
    })
}

/// A responsibility.
pub(super) fn show(kept: &KeptResponsibility) -> pb::Responsibility {
    let one = &kept.one;
    let (customer_id, asset) = match &one.charge {
        Charge::Customer(id) => (id.to_string(), String::new()),
        Charge::Asset(asset) => (String::new(), asset.clone()),
    };
    pb::Responsibility {
        id: one.id.to_string(),
        customer_id,
        asset,
        item: one.item.clone(),
        person_id: one.person_id.clone(),
        unit_id: one.unit_id.clone(),
        valid_from: one.from.map(to_timestamp),
        valid_to: one.until.map(to_timestamp),
        updated_at: Some(to_timestamp(kept.updated_at)),
        updated_by: kept.updated_by.clone(),
        everywhere: one.everywhere,
        etag: kept.version.to_string(),
    }
}
