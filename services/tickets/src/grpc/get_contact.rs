//! `CustomerService.GetContact`: for a service that is about to call, text or mail. Source: DESIGN rule 15.

use super::decode::uuid;
use crate::Rooms;
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{Line, mask_numbers};

pub(super) async fn get_contact(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::GetContactRequest,
) -> Result<pb::Contact, Error> {
    let mut violations = Violations::new();
    let customer = violations.field("customer_id", uuid(&request.customer_id));
    let ticket = match request.ticket_id.as_str() {
        "" => Some(None),
        id => violations.field("ticket_id", uuid(id)).map(Some),
    };
    let purpose = violations.field("purpose", Line::<1, 64>::parse(&request.purpose));
    let (Some(customer), Some(ticket), Some(purpose)) = (customer, ticket, purpose) else {
        return Err(violations.into_error());
    };
    // The decoded purpose is free text; the log keeps only one that is a word.
    if purpose.as_str().bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
        gongdan_audit::note("purpose", purpose.as_str().to_owned());
    }
    let purpose = mask_numbers(purpose.as_str());
    let contact = rooms.customers.contact_in_clear(customer, ticket, &caller.principal_id, &purpose).await?;
    rooms.metrics.contact_read();
    Ok(pb::Contact {
        phone: contact.phone.map(|phone| phone.as_e164().to_owned()).unwrap_or_default(),
        name: contact.name.into(),
        address: contact.address.into(),
    })
}
