//! What CreateTicket and RecordPastTicket ask of a request: the fields they share, checked and completed.

use super::decode::{given, region, usual};
use crate::{
    Rooms,
    store::{
        customers::Whose,
        insert::TicketCustomer,
        seal::{Blind, Contact, Handle, Sealed},
        tickets::Beside,
    },
};
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_region::RegionCode;
use gongdan_tickets_domain::{
    Address, Body, Channel, IdentityNumber, Impact, PersonName, PhoneNumber, Subject, TicketType,
    UNCLASSIFIED, Urgency,
    catalogue::{Binds, item_path},
};
use jiff::Timestamp;
use uuid::Uuid;

/// The fields both requests have.
pub(super) struct Request {
    pub subject: Subject,
    pub body: Body,
    pub region: RegionCode,
    pub channel: Channel,
}

pub(super) fn request(
    subject: &str,
    body: &str,
    region_code: &str,
    channel: i32,
    violations: &mut Violations,
) -> Option<Request> {
    let subject = violations.field("subject", Subject::parse(subject));
    let body = violations.field("body", Body::parse(body));
    let region = violations.field("region", region(region_code));
    let channel = given("channel", Channel::from_number(channel), violations);
    Some(Request { subject: subject?, body: body?, region: region?, channel: channel? })
}

/// The first instant a request can be from: working calendars begin there, and an earlier one is a slip.
const FIRST: &str = "1950-01-02T00:00:00Z";

/// Refuses a time of receipt that cannot be.
pub(super) fn received(at: Option<Timestamp>, now: Timestamp, violations: &mut Violations) {
    let Some(at) = at else { return };
    if at > now {
        violations.add("received_at", "not in the future");
    }
    if FIRST.parse::<Timestamp>().is_ok_and(|first| at < first) {
        violations.add("received_at", "not before 1950-01-02");
    }
}

/// A catalogue item with what it binds.
pub(super) struct Item {
    pub key: String,
    pub path: Vec<String>,
    pub version: i32,
    pub kind: TicketType,
    pub urgency: Urgency,
    pub impact: Impact,
    pub sla_policy: String,
}

/// The item of a key, and the type that it binds or the caller says; `otherwise` when neither does.
pub(super) async fn item(
    rooms: &Rooms,
    key: &str,
    kind: i32,
    otherwise: Option<TicketType>,
    region: Option<RegionCode>,
    violations: &mut Violations,
) -> Result<Option<Item>, Error> {
    let choices = rooms.catalogue.choices().await?;
    let key = if key.is_empty() { UNCLASSIFIED } else { key };
    let Some(binds) = choices.leaves.get(key) else {
        violations.add("item", "a leaf of the service catalogue");
        return Ok(None);
    };
    if region.is_some_and(|region| !binds.offered_in(region)) {
        violations.add("item", "offered in this region");
    }
    let Some(kind) = self::kind(binds, kind, otherwise, violations) else { return Ok(None) };
    let (urgency, impact) = usual();
    Ok(Some(Item {
        key: key.to_owned(),
        path: item_path(key),
        version: choices.version,
        kind,
        urgency: binds.urgency.unwrap_or(urgency),
        impact: binds.impact.unwrap_or(impact),
        sla_policy: binds.sla_policy.clone(),
    }))
}

fn kind(
    binds: &Binds,
    kind: i32,
    otherwise: Option<TicketType>,
    violations: &mut Violations,
) -> Option<TicketType> {
    match (binds.kind, kind) {
        (Some(bound), 0) => Some(bound),
        (Some(bound), kind) if kind == bound.number() => Some(bound),
        (Some(bound), _) => {
            violations.add("type", format!("{bound}, which the item binds, or left out"));
            None
        }
        (None, 0) if otherwise.is_some() => otherwise,
        (None, kind) => given("type", TicketType::from_number(kind), violations),
    }
}

/// A contact, if anything of it is given.
pub(super) fn contact(contact: Option<pb::ContactInput>, violations: &mut Violations) -> Option<Contact> {
    let contact = contact?;
    if contact == pb::ContactInput::default() {
        return None;
    }
    let phone = match contact.phone.trim() {
        "" => Some(None),
        phone => violations.field("contact.phone", PhoneNumber::parse(phone)).map(Some),
    };
    let name = violations.field("contact.name", PersonName::parse(&contact.name));
    let identity =
        violations.field("contact.identity_number", IdentityNumber::parse(&contact.identity_number));
    let address = violations.field("contact.address", Address::parse(&contact.address));
    Some(Contact { phone: phone?, name: name?, identity: identity?, address: address? })
}

/// Whose ticket it will be, and what has to be written with it.
pub(super) struct Customer {
    handle: Option<Handle>,
    whose: Option<Whose>,
    blinds: Vec<Blind>,
}

impl Customer {
    /// Of a contact: the customer of its number, or a new one; nobody when there is none.
    pub(super) fn of_contact(rooms: &Rooms, contact: Option<&Contact>) -> Self {
        match contact {
            Some(Contact { phone: Some(phone), .. }) => Self::of(rooms, Handle::Phone(phone.clone())),
            Some(_) => {
                let whose = Some(Whose::New(gongdan_clock::new_id(rooms.clock.now())));
                Self { handle: None, whose, blinds: Vec::new() }
            }
            None => Self { handle: None, whose: None, blinds: Vec::new() },
        }
    }

    /// Of a citizen who asks for themselves.
    pub(super) fn of_citizen(id: Uuid) -> Self {
        Self { handle: None, whose: Some(Whose::Known(id)), blinds: Vec::new() }
    }

    /// Of a source's own key for the citizen; nobody when it gives none.
    pub(super) fn of_source(rooms: &Rooms, source: &str, key: &str) -> Self {
        if key.is_empty() {
            return Self { handle: None, whose: None, blinds: Vec::new() };
        }
        Self::of(rooms, Handle::Source { source: source.to_owned(), key: key.to_owned() })
    }

    fn of(rooms: &Rooms, handle: Handle) -> Self {
        let blinds = rooms.customers.sealer.blinds(&handle);
        let whose = blinds.first().map(|blind| rooms.customers.whose(&blind.key));
        Self { handle: Some(handle), whose, blinds }
    }

    /// The id it has or will have.
    pub(super) fn id(&self) -> Option<Uuid> {
        self.whose.map(|(Whose::Known(id) | Whose::New(id))| id)
    }

    /// What is written with the ticket.
    pub(super) fn beside(&self, rooms: &Rooms, contact: Option<Sealed>) -> Result<Beside, Error> {
        let sealer = &rooms.customers.sealer;
        let customer = match (self.whose, &self.handle) {
            (Some(Whose::New(id)), Some(handle)) => TicketCustomer {
                new: true,
                blinds: self.blinds.clone(),
                given: sealer.given(&self.blinds),
                handle: Some(sealer.seal_handle(id, handle).map_err(Error::internal)?),
            },
            (whose, _) => TicketCustomer {
                new: matches!(whose, Some(Whose::New(_))),
                blinds: self.blinds.clone(),
                given: Vec::new(),
                handle: None,
            },
        };
        Ok(Beside { customer, contact })
    }

    /// The ticket is written, and the customer with it.
    pub(super) fn written(&self, rooms: &Rooms) {
        if let (Some(Whose::New(id)), Some(blind)) = (self.whose, self.blinds.first()) {
            rooms.customers.made(blind.key.clone(), id);
        }
    }

    /// Memory was wrong about who it is.
    pub(super) async fn look_up(&mut self, rooms: &Rooms) -> Result<(), Error> {
        if let Some(handle) = &self.handle {
            self.blinds = rooms.customers.sealer.blinds(handle);
            self.whose = Some(rooms.customers.find(&self.blinds).await?);
        }
        Ok(())
    }
}
