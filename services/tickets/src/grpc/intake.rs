//! What CreateTicket and RecordPastTicket ask of a request: the fields they share, checked and completed.

use super::decode::{given, if_given, region, usual};
use crate::{
    Rooms,
    store::{
        customers::{STANDARD, Whose},
        forms::Known,
        insert::TicketCustomer,
        places::NewPlace,
        seal::{Blind, Contact, Handle, Sealed},
        ticket_fields::TYPE,
        ticket_types::Types,
        tickets::Beside,
    },
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_region::RegionCode;
use gongdan_tickets_domain::{
    Address, Body, BodySoFar, Channel, IdentityNumber, Impact, PersonName, PhoneNumber, Subject,
    SubjectSoFar, TicketType, UNCLASSIFIED, Urgency,
    catalogue::{Binds, item_path},
    form::Found,
    groups::form::Open,
    ticket_type::TypeKey,
};
use jiff::Timestamp;
use serde_json::Map;
use uuid::Uuid;

/// The fields both requests have.
pub(super) struct Request {
    pub subject: SubjectSoFar,
    pub body: BodySoFar,
    pub region: RegionCode,
    pub channel: Channel,
    /// What a draft leaves open of them.
    pub open: Vec<Open>,
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
    let (subject, body) = (subject?.into(), body?.into());
    Some(Request { subject, body, region: region?, channel: channel?, open: Vec::new() })
}

/// As [`request`], of a draft: all but the channel may be left out. It stands in a region of whoever saves it, if there is
/// one, until its own is known. Source: T2.
pub(super) fn request_so_far(
    subject: &str,
    body: &str,
    region_code: &str,
    channel: i32,
    stands_in: Option<RegionCode>,
    violations: &mut Violations,
) -> Option<Request> {
    let mut open = Vec::new();
    let subject = violations.field("subject", SubjectSoFar::parse(subject));
    let body = violations.field("body", BodySoFar::parse(body));
    if subject.as_ref().is_some_and(SubjectSoFar::is_empty) {
        open.push(Open::Subject);
    }
    if body.as_ref().is_some_and(BodySoFar::is_empty) {
        open.push(Open::Body);
    }
    let region = match (region_code.trim(), stands_in) {
        ("", Some(region)) => {
            open.push(Open::Region);
            Some(region)
        }
        ("", None) => {
            violations
                .add("region", "where it happened; whoever has no region of their own cannot leave it out");
            None
        }
        (code, _) => violations.field("region", region(code)),
    };
    let channel = given("channel", Channel::from_number(channel), violations);
    Some(Request { subject: subject?, body: body?, region: region?, channel: channel?, open })
}

/// Where a draft stands whose region is not known: in the first region of whoever saves it.
pub(super) fn stands_in(caller: &Caller) -> Option<RegionCode> {
    caller.regions.iter().find_map(|range| RegionCode::from_i64(range.start).ok())
}

impl Request {
    /// The region that it says.
    pub(super) fn said_region(&self) -> Option<RegionCode> {
        (!self.open.contains(&Open::Region)).then_some(self.region)
    }
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
    /// Neither the item nor the caller said so.
    pub kind_open: bool,
    pub urgency: Urgency,
    pub impact: Impact,
    pub sla_policy: String,
    /// A type of the house's own.
    pub type_key: Option<TypeKey>,
    /// The form it asks for.
    pub form: Option<Known>,
}

/// The type when neither the item nor the caller says one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Otherwise {
    /// It has to be said, and be one in use.
    Asked,
    /// This one, whatever is in use now: it is said of what was there before.
    Had(TicketType),
    /// This one until somebody says; what is said is one in use. Source: T2.
    SoFar(TicketType),
}

/// The item of a key, and the type that it binds or the caller says.
pub(super) async fn item(
    rooms: &Rooms,
    key: &str,
    (kind, type_key): (i32, &str),
    otherwise: Otherwise,
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
    let types = rooms.ticket_types.types().await?;
    let Some((kind, type_key, kind_open)) =
        self::kind(&types, binds, (kind, type_key), otherwise, violations)
    else {
        return Ok(None);
    };
    let form = match binds.form.as_str() {
        "" => None,
        form => rooms.forms.newest(form).await?,
    };
    let (urgency, impact) = usual();
    Ok(Some(Item {
        key: key.to_owned(),
        path: item_path(key),
        version: choices.version,
        kind,
        kind_open,
        urgency: binds.urgency.unwrap_or(urgency),
        impact: binds.impact.unwrap_or(impact),
        sla_policy: binds.sla_policy.clone(),
        type_key,
        form,
    }))
}

/// What of a new ticket can be filtered on beside its columns.
pub(super) fn fields(
    type_key: Option<&TypeKey>,
    found: Vec<(String, Found)>,
) -> Option<Vec<(String, Found)>> {
    let mut fields = found;
    fields.extend(type_key.map(|key| (TYPE.to_owned(), Found::Text(key.to_string()))));
    (!fields.is_empty()).then_some(fields)
}

/// The type that a request has, the house's own one that is counted as it, and whether nobody said so.
fn kind(
    types: &Types,
    binds: &Binds,
    asked: (i32, &str),
    otherwise: Otherwise,
    violations: &mut Violations,
) -> Option<(TicketType, Option<TypeKey>, bool)> {
    let before = violations.found().len();
    let asked = asked_kind(types, asked, violations);
    if violations.found().len() > before {
        return None;
    }
    let in_use = |key: &str| types.get(key).is_some_and(|definition| definition.enabled);
    let bound = binds.kind.map(|kind| {
        let own = types.get(&binds.type_key).map(|definition| definition.key.clone());
        (kind, own.filter(|key| key.built_in().is_none()))
    });
    let (kind, own) = match (bound, asked) {
        (Some((kind, own)), None) => (kind, own),
        (Some((kind, own)), Some((wanted, None))) if kind == wanted => (kind, own),
        (Some((kind, own)), Some((wanted, key))) if kind == wanted && (own.is_none() || own == key) => {
            (kind, key)
        }
        (Some((kind, own)), Some(_)) => {
            let bound = own.map_or_else(|| kind.to_string(), |key| key.to_string());
            violations.add("type", format!("{bound}, which the item binds, or left out"));
            return None;
        }
        (None, Some(asked)) => asked,
        (None, None) => match otherwise {
            Otherwise::Had(kind) | Otherwise::SoFar(kind) => return Some((kind, None, true)),
            Otherwise::Asked => return given("type", None, violations),
        },
    };
    let key = own.as_ref().map_or_else(|| kind.name(), TypeKey::as_str);
    if !matches!(otherwise, Otherwise::Had(_)) && !in_use(key) {
        violations.add("type", format!("a type in use, which {key} is not"));
        return None;
    }
    Some((kind, own, false))
}

/// The type that the caller says, if any.
fn asked_kind(
    types: &Types,
    (kind, key): (i32, &str),
    violations: &mut Violations,
) -> Option<(TicketType, Option<TypeKey>)> {
    let kind = if_given("type", kind, TicketType::from_number, violations);
    if key.is_empty() {
        return kind.map(|kind| (kind, None));
    }
    let definition = violations.field("type_key", types.get(key).ok_or("the key of a ticket type"))?;
    if kind.is_some_and(|kind| kind != definition.base) {
        violations.add("type", format!("{}, as which {key} is counted, or left out", definition.base));
        return None;
    }
    let own = definition.key.built_in().is_none().then(|| definition.key.clone());
    Some((definition.base, own))
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
    Some(Contact { phone: phone?, name: name?, identity: identity?, address: address?, fields: Map::new() })
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

    /// Of a ticket that is there; nobody when it has none.
    pub(super) fn of_known(id: Option<Uuid>) -> Self {
        Self { handle: None, whose: id.map(Whose::Known), blinds: Vec::new() }
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

    /// The tier it has; empty for nobody.
    pub(super) async fn tier(&self, rooms: &Rooms) -> Result<String, Error> {
        match self.whose {
            Some(Whose::Known(id)) => rooms.customers.tier(id).await,
            Some(Whose::New(_)) => Ok(STANDARD.to_owned()),
            None => Ok(String::new()),
        }
    }

    /// Who it is, if it was there before.
    pub(super) fn known(&self) -> Option<Uuid> {
        self.whose.and_then(|whose| if let Whose::Known(id) = whose { Some(id) } else { None })
    }

    /// What is written with the ticket.
    pub(super) fn beside(
        &self,
        rooms: &Rooms,
        contact: Option<Sealed>,
        place: Option<NewPlace>,
    ) -> Result<Beside, Error> {
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
        Ok(Beside { customer, contact, fields: None, place })
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
