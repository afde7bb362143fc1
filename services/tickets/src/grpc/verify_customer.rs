//! `CustomerService.VerifyCustomer`. Source: T12.

use super::{
    decode::{by, uuid},
    lookup_customer::Looking,
    update_customer::check_seen,
};
use crate::{Rooms, error::erased_customer_not_found, jobs::quarantine};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_pg::{RequestKey, requests::hash_of};
use gongdan_proto::{tickets::v1 as pb, to_timestamp};

pub(super) async fn verify_customer(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::VerifyCustomerRequest,
) -> Result<pb::VerifyCustomerResponse, Error> {
    let mut violations = Violations::new();
    let request_id = violations.field("request_id", uuid(&std::mem::take(&mut request.request_id)));
    let hash = hash_of(&request);
    let customer = violations.field("customer_id", uuid(&request.customer_id));
    let (Some(request_id), Some(customer)) = (request_id, customer) else {
        return Err(violations.into_error());
    };
    check_seen(rooms, &Looking::masked(caller), customer).await?;
    let key = RequestKey { caller: caller.principal_id.clone(), method: "VerifyCustomer", request_id, hash };
    let verified = rooms
        .customers
        .verify(customer, &caller.principal_id, &key)
        .await?
        .ok_or_else(erased_customer_not_found)?;
    // Whoever comes again finds what an earlier attempt left; so does the job.
    let released = quarantine::release_of(rooms, customer, &by(caller)?).await?;
    Ok(pb::VerifyCustomerResponse {
        verified_at: verified.verified_at.map(|at| to_timestamp(at.to_jiff())),
        released: i32::try_from(released).unwrap_or(i32::MAX),
    })
}
