//! The contact of a draft as UpdateDraft changes it: as a whole, or one of it. Source: T2.

use super::{
    intake::{self, Customer},
    update_draft::Mask,
};
use crate::store::seal::Contact;
use gongdan_errors::Violations;
use gongdan_proto::tickets::v1::ContactInput;
use gongdan_tickets_domain::{Address, IdentityNumber, PersonName, PhoneNumber};
use serde_json::{Map, Value};

/// A contact that takes the place of what was there, and whose the draft is with it.
pub(super) struct Contacted {
    /// None: it is anonymous.
    pub contact: Option<Contact>,
    pub customer: Customer,
}

/// What the mask names of a contact.
pub(super) struct Given {
    phone: Option<Option<PhoneNumber>>,
    name: Option<PersonName>,
    identity: Option<IdentityNumber>,
    address: Option<Address>,
}

/// What is named, held to the rules of intake.
pub(super) fn given(contact: Option<ContactInput>, mask: &Mask<'_>, v: &mut Violations) -> Given {
    let named = |field: &str| mask.names("contact") || mask.names(field);
    let (phone, name) = (named("contact.phone"), named("contact.name"));
    let (identity, address) = (named("contact.identity_number"), named("contact.address"));
    let contact = contact.unwrap_or_default();
    let only = |named: bool, text: String| if named { text } else { String::new() };
    let contact = ContactInput {
        phone: only(phone, contact.phone),
        name: only(name, contact.name),
        identity_number: only(identity, contact.identity_number),
        address: only(address, contact.address),
    };
    let parsed = intake::contact(Some(contact), v).unwrap_or_else(|| Contact::of_fields(Map::new()));
    Given {
        phone: phone.then_some(parsed.phone),
        name: name.then_some(parsed.name),
        identity: identity.then_some(parsed.identity),
        address: address.then_some(parsed.address),
    }
}

/// The contact with what is given in its place; none when nothing is left of it.
pub(super) fn after(before: Option<&Contact>, given: Given, fields: Map<String, Value>) -> Option<Contact> {
    let before = before.cloned().unwrap_or_else(|| Contact::of_fields(Map::new()));
    let contact = Contact {
        phone: given.phone.unwrap_or(before.phone),
        name: given.name.unwrap_or(before.name),
        identity: given.identity.unwrap_or(before.identity),
        address: given.address.unwrap_or(before.address),
        fields,
    };
    (contact != Contact::of_fields(Map::new())).then_some(contact)
}
