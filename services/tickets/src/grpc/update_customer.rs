//! `CustomerService.UpdateCustomer`. Source: T9.

use super::{
    decode::{region, uuid},
    lookup_customer::{Looking, profile},
};
use crate::{Rooms, error::erased_customer_not_found, store::customers::Set};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_pg::{RequestKey, requests::hash_of};
use gongdan_proto::tickets::v1 as pb;
use uuid::Uuid;

/// What is known of a customer, and may be set.
const PATHS: [&str; 2] = ["tier", "region"];

struct Update {
    customer: Uuid,
    etag: Option<i64>,
    set: Set,
    key: RequestKey,
}

pub(super) async fn update_customer(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::UpdateCustomerRequest,
) -> Result<pb::CustomerProfile, Error> {
    let Update { customer, etag, set, key } = decode(caller, request)?;
    let looking = Looking::masked(caller);
    check_seen(rooms, &looking, customer).await?;
    let changed =
        rooms.customers.set(customer, etag, &set, &key).await?.ok_or_else(erased_customer_not_found)?;
    profile(rooms, &looking, changed).await?.ok_or_else(erased_customer_not_found)
}

/// Refuses a customer of whom the caller may see nothing as one that is not there.
pub(super) async fn check_seen(rooms: &Rooms, looking: &Looking, customer: Uuid) -> Result<(), Error> {
    gongdan_audit::touched("customer", customer);
    let seen = rooms.customers.seen(customer, &looking.scope, looking.viewer.see_reporter).await?;
    if seen.shown > 0 { Ok(()) } else { Err(erased_customer_not_found()) }
}

fn decode(caller: &Caller, mut request: pb::UpdateCustomerRequest) -> Result<Update, Error> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let request_id = v.field("request_id", uuid(&std::mem::take(&mut request.request_id)));
    let etag = match std::mem::take(&mut request.etag).as_str() {
        "" => None,
        etag => v.field("etag", etag.parse::<i64>().map_err(|_| "an etag of an earlier answer")),
    };
    let hash = hash_of(&request);
    let customer = v.field("customer_id", uuid(&request.customer_id));
    let settings = request.customer.unwrap_or_default();
    let mut set = Set::default();
    let paths = request.update_mask.unwrap_or_default().paths;
    if paths.is_empty() {
        v.add("update_mask", format!("at least one of {}", PATHS.join(", ")));
    }
    for path in paths {
        match path.as_str() {
            "tier" => set.tier = v.field("customer.tier", tier(&settings.tier)),
            "region" if settings.region.is_empty() => set.region = Some(None),
            "region" => set.region = v.field("customer.region", region(&settings.region)).map(Some),
            _ => v.add("update_mask", format!("only {}", PATHS.join(", "))),
        }
    }
    let (Some(request_id), Some(customer), true) = (request_id, customer, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let key = RequestKey { caller: caller.principal_id.clone(), method: "UpdateCustomer", request_id, hash };
    Ok(Update { customer, etag, set, key })
}

fn tier(text: &str) -> Result<String, &'static str> {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    if (1..=32).contains(&text.len()) && text.bytes().all(good) {
        Ok(text.to_owned())
    } else {
        Err("1 to 32 of a-z, 0-9, '-', '_'")
    }
}
