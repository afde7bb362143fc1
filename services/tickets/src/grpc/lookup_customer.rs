//! `CustomerService.LookupCustomer` (来电弹屏). Source: T9.

use super::{decode::uuid, viewer::viewer};
use crate::{
    Rooms,
    store::{
        customers::Customer,
        filter::Filter,
        scope::READ,
        seal::Handle,
        ticket_views::{Detail, Viewer},
    },
};
use gongdan_access::{Caller, Scope};
use gongdan_errors::{Error, Violations};
use gongdan_proto::{
    tickets::v1::{self as pb, lookup_customer_request::Key},
    to_timestamp,
};
use gongdan_tickets_domain::{Phase, PhoneNumber};

/// Tickets shown of each kind, and customers found by four digits.
const MOST: i64 = 20;

pub(super) async fn lookup_customer(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::LookupCustomerRequest,
) -> Result<pb::LookupCustomerResponse, Error> {
    let customers = match request.key {
        Some(Key::Phone(text)) => {
            let phone = PhoneNumber::parse(&text).map_err(|error| Error::invalid_field("phone", error))?;
            rooms.customers.by_key(&rooms.customers.sealer.blinds(&Handle::Phone(phone))).await?
        }
        Some(Key::PhoneLastFour(digits)) => {
            if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(Error::invalid_field("phone_last_four", "four digits"));
            }
            rooms.customers.by_last_four(&rooms.customers.sealer.last_four_indexes(&digits), MOST).await?
        }
        Some(Key::CustomerId(id)) => {
            let id = uuid(&id).map_err(|rule| Error::invalid_field("customer_id", rule))?;
            rooms.customers.by_id(id).await?
        }
        None => {
            let mut violations = Violations::new();
            violations.add("key", "one of phone, phone_last_four, customer_id");
            return Err(violations.into_error());
        }
    };
    let (scope, viewer) = (caller.scope_of(READ), viewer(caller).masked());
    let mut profiles = Vec::with_capacity(customers.len());
    for customer in customers {
        profiles.extend(profile(rooms, &scope, customer, viewer).await?);
    }
    Ok(pb::LookupCustomerResponse { customers: profiles })
}

/// None when all that is known of the customer is confidential to the viewer.
async fn profile(
    rooms: &Rooms,
    scope: &Scope,
    customer: Customer,
    viewer: Viewer,
) -> Result<Option<pb::CustomerProfile>, Error> {
    gongdan_audit::touched("customer", customer.id);
    let seen = rooms.customers.tickets_of(customer.id, scope, viewer.see_reporter).await?;
    if seen.shown == 0 && seen.confidential > 0 {
        return Ok(None);
    }
    let in_flight = tickets(rooms, scope, &customer, viewer, |phase| !phase.is_over()).await?;
    let past = tickets(rooms, scope, &customer, viewer, Phase::is_over).await?;
    let contact = rooms.customers.contact(customer.id, viewer.see_reporter).await?;
    let newest = |t: &&pb::Ticket| t.received_at.as_ref().map(|at| (at.seconds, at.nanos));
    let region =
        in_flight.iter().chain(&past).max_by_key(newest).map(|t| t.region.clone()).unwrap_or_default();
    Ok(Some(pb::CustomerProfile {
        customer_id: customer.id.to_string(),
        contact: contact.map(|c| pb::MaskedContact { phone: c.masked_phone(), name: c.masked_name() }),
        tier: customer.tier,
        region,
        in_flight,
        past,
        total: i32::try_from(seen.shown).unwrap_or(i32::MAX),
        first_seen_at: (viewer.see_reporter || seen.confidential == 0)
            .then(|| to_timestamp(customer.first_seen_at)),
    }))
}

async fn tickets(
    rooms: &Rooms,
    scope: &Scope,
    customer: &Customer,
    viewer: Viewer,
    which: fn(Phase) -> bool,
) -> Result<Vec<pb::Ticket>, Error> {
    let phases = Phase::ALL
        .iter()
        .filter(|phase| which(**phase))
        .filter_map(|phase| i16::try_from(phase.number()).ok())
        .collect();
    let filter = Filter { customer: Some(customer.id), phases, ..Filter::default() }.seen_by(viewer);
    let views = rooms.tickets.list(scope, &filter, None, MOST).await?;
    views.iter().map(|view| view.present(Detail::Listed, viewer, &rooms.customers.sealer)).collect()
}
