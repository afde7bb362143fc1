//! `CustomerService.LookupCustomer` (来电弹屏). Source: T9.

use super::{
    decode::uuid,
    viewer::{PERSONAL, no_clear, viewer},
};
use crate::{
    Rooms,
    store::{
        customers::Customer,
        filter::Filter,
        scope::{READ, Sight},
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
use gongdan_region::RegionCode;
use gongdan_tickets_domain::{Phase, PhoneNumber};

/// Tickets shown of each kind, and customers found by four digits.
const MOST: i64 = 20;

/// To take a request down: for that, who calls is recognised wherever their requests are.
const INTAKE: &str = "tickets.create";

/// Why, as it is noted of who sees what is personal in clear.
const LOOKUP: &str = "lookup";

/// Who looks, and what at.
pub(super) struct Looking {
    /// The tickets that are seen.
    pub scope: Scope,
    /// The same, in lists.
    sight: Sight,
    /// Those of them whose contact is seen in clear, if that is asked for.
    clear: Option<Scope>,
    /// How they are seen.
    pub viewer: Viewer,
    /// Whether somebody of whom no ticket is seen is recognised.
    strangers: bool,
    /// Who reads, for the audit.
    reader: String,
}

impl Looking {
    /// The caller, who sees nothing in clear.
    pub(super) fn masked(caller: &Caller) -> Self {
        Self {
            scope: caller.scope_of(READ),
            sight: Sight::of(caller),
            clear: None,
            viewer: viewer(caller).masked(),
            strangers: false,
            reader: caller.principal_id.clone(),
        }
    }
}

pub(super) async fn lookup_customer(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::LookupCustomerRequest,
) -> Result<pb::LookupCustomerResponse, Error> {
    let mut looking = Looking::masked(caller);
    if request.in_clear {
        let clear = caller.scope_of(PERSONAL);
        if clear.is_empty() {
            return Err(no_clear());
        }
        looking.clear = Some(clear);
    }
    let customers = match request.key {
        Some(Key::Phone(text)) => {
            let phone = PhoneNumber::parse(&text).map_err(|error| Error::invalid_field("phone", error))?;
            looking.strangers = !caller.scope_of(INTAKE).is_empty();
            rooms.customers.by_key(&rooms.customers.sealer.blinds(&Handle::Phone(phone))).await?
        }
        Some(Key::PhoneLastFour(digits)) => {
            if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(Error::invalid_field("phone_last_four", "four digits"));
            }
            let indexes = rooms.customers.sealer.last_four_indexes(&digits);
            rooms.customers.by_last_four(&indexes, &looking.scope, looking.viewer.see_reporter, MOST).await?
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
    let mut profiles = Vec::with_capacity(customers.len());
    for customer in customers {
        profiles.extend(profile(rooms, &looking, customer).await?);
    }
    Ok(pb::LookupCustomerResponse { customers: profiles })
}

/// What the tickets within the scope say of the customer. Without any it is a stranger, of whom only that it is there is
/// told, if at all; none when all that is known of it is confidential to the viewer.
pub(super) async fn profile(
    rooms: &Rooms,
    looking: &Looking,
    customer: Customer,
) -> Result<Option<pb::CustomerProfile>, Error> {
    let Looking { scope, viewer, strangers, .. } = looking;
    gongdan_audit::touched("customer", customer.id);
    let seen = rooms.customers.seen(customer.id, scope, viewer.see_reporter).await?;
    let customer_id = customer.id.to_string();
    if seen.shown == 0 {
        let told = *strangers && (viewer.see_reporter || !seen.confidential);
        return Ok(told.then(|| pb::CustomerProfile { customer_id, ..pb::CustomerProfile::default() }));
    }
    let in_flight = tickets(rooms, &looking.sight, &customer, *viewer, |phase| !phase.is_over()).await?;
    let past = tickets(rooms, &looking.sight, &customer, *viewer, Phase::is_over).await?;
    for ticket in in_flight.iter().chain(&past) {
        gongdan_audit::touched("ticket", &ticket.id);
    }
    let contact = rooms.customers.contact_within(customer.id, &[scope], viewer.see_reporter).await?;
    let contact = contact.map(|(_, contact)| contact);
    let newest = |t: &&pb::Ticket| t.received_at.as_ref().map(|at| (at.seconds, at.nanos));
    let last = in_flight.iter().chain(&past).max_by_key(newest).map(|t| t.region.clone());
    let set = customer.region.and_then(|code| RegionCode::from_i64(code).ok()).map(|code| code.to_string());
    Ok(Some(pb::CustomerProfile {
        customer_id,
        contact: contact.map(|c| pb::MaskedContact { phone: c.masked_phone(), name: c.masked_name() }),
        contact_in_clear: in_clear(rooms, looking, &customer).await?,
        region: set.or(last).unwrap_or_default(),
        in_flight,
        past,
        total: i32::try_from(seen.shown).unwrap_or(i32::MAX),
        first_seen_at: seen.first.map(|at| to_timestamp(at.to_jiff())),
        verified_at: customer.verified_at.map(|at| to_timestamp(at.to_jiff())),
        etag: customer.version.to_string(),
        tier: customer.tier,
    }))
}

/// The newest contact that the viewer may see in clear, if it asks for that; noted first.
async fn in_clear(
    rooms: &Rooms,
    looking: &Looking,
    customer: &Customer,
) -> Result<Option<pb::ContactInClear>, Error> {
    let Some(clear) = &looking.clear else { return Ok(None) };
    let scopes = [&looking.scope, clear];
    let found = rooms.customers.contact_within(customer.id, &scopes, looking.viewer.see_reporter).await?;
    let Some((ticket, contact)) = found else { return Ok(None) };
    gongdan_audit::personal()?;
    rooms.customers.opened_in_clear(Some(customer.id), Some(ticket), &looking.reader, LOOKUP).await?;
    rooms.metrics.contact_read();
    Ok(Some(contact.into()))
}

async fn tickets(
    rooms: &Rooms,
    sight: &Sight,
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
    let views = rooms.tickets.list(sight, &filter, None, MOST).await?;
    views.iter().map(|view| view.present(Detail::Listed, viewer, &rooms.customers.sealer)).collect()
}
