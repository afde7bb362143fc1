//! `LinkService.SplitTicket`. Source: T11.

use super::{
    decode::{acting, call, region},
    intake::{self, Customer, Otherwise},
    touched,
};
use crate::{
    Rooms,
    error::refused,
    events,
    store::{
        insert::Insert,
        save::Save,
        seal::{Contact, Sealed},
        ticket_views::{Detail, TicketView, Viewer},
        tickets::{Beside, Opened, TicketRef},
        together,
        workflows::Who,
    },
};
use gongdan_access::Caller;
use gongdan_clock::{new_id, stable_id};
use gongdan_errors::{Error, Violations};
use gongdan_pg::RequestKey;
use gongdan_proto::tickets::v1 as pb;
use gongdan_region::RegionCode;
use gongdan_tickets_domain::{
    Actor, Body, Changed, New, Note, Subject, Ticket,
    groups::links::{LinkKind, part_of},
};
use jiff::Timestamp;

/// Parts of one split.
const MOST: usize = 10;

struct Part {
    subject: Subject,
    body: Body,
    region: Option<RegionCode>,
    item: String,
}

pub(super) async fn split_ticket(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::SplitTicketRequest,
) -> Result<pb::SplitTicketResponse, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let reason = violations.field("reason", Note::parse(&request.reason));
    let parts = parts(&request, &mut violations);
    let (Some(call), Some(reason), true) = (call, reason, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return answered(rooms, *answer, call.viewer).await,
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let contact = contact(rooms, &opened.view)?;
    let mut new = Vec::with_capacity(parts.len());
    for _ in &parts {
        let number = rooms.numbers.next(opened.ticket.received_at).await?;
        new.push((new_id(now), number));
    }
    let split = opened.ticket.clone().split(&new, &reason, &by, now).map_err(refused)?;
    let mut inserts = Vec::with_capacity(parts.len());
    for ((at, part), (id, number)) in parts.into_iter().enumerate().zip(new) {
        let new = New { id, number, external: None };
        // Who may split it may, by that, begin its parts.
        let changed = begin(rooms, &opened.ticket, &split.ticket, new, part, at, &by, now).await?;
        let changed = rooms.tickets.judged(&changed, Who::Program).await?;
        inserts.push(insert(rooms, &changed, contact.as_ref(), part_key(&call.key, at), now)?);
    }
    let ticket = together::save(rooms, opened.view, &split, &[], &inserts, &call).await?;
    answered(rooms, ticket, call.viewer).await
}

fn parts(request: &pb::SplitTicketRequest, violations: &mut Violations) -> Vec<Part> {
    if request.parts.is_empty() || request.parts.len() > MOST {
        violations.add("parts", format!("1 to {MOST}"));
        return Vec::new();
    }
    let mut parts = Vec::with_capacity(request.parts.len());
    for (at, part) in request.parts.iter().enumerate() {
        let subject = violations.field(format!("parts[{at}].subject"), Subject::parse(&part.subject));
        let body = violations.field(format!("parts[{at}].body"), Body::parse(&part.body));
        let region = match part.region.as_str() {
            "" => None,
            code => violations.field(format!("parts[{at}].region"), region(code)),
        };
        if let (Some(subject), Some(body)) = (subject, body) {
            parts.push(Part { subject, body, region, item: part.item.clone() });
        }
    }
    parts
}

/// The part as a ticket of its own, linked to the one it is part of.
async fn begin(
    rooms: &Rooms,
    before: &Ticket,
    whole: &Ticket,
    new: New,
    part: Part,
    at: usize,
    by: &Actor,
    now: Timestamp,
) -> Result<Changed, Error> {
    let mut intake = part_of(before, part.subject, part.body);
    intake.region = part.region.unwrap_or(intake.region);
    if !part.item.is_empty() {
        let mut violations = Violations::new();
        let (kind, region) = (Otherwise::Had(before.kind), Some(intake.region));
        let item = intake::item(rooms, &part.item, (0, ""), kind, region, &mut violations).await?;
        let Some(item) = item.filter(|_| violations.is_empty()) else {
            return Err(Error::invalid_field(
                format!("parts[{at}].item"),
                "a leaf of the service catalogue that is offered in the region",
            ));
        };
        intake.kind = item.kind;
        intake.form.type_key = item.type_key;
        intake.item = item.key;
        intake.item_path = item.path;
        intake.catalogue_version = item.version;
        intake.sla_policy = item.sla_policy;
    }
    let submitted = Ticket::submitted(new, intake, by, now);
    // It is judged against the ticket as it was: now it names the part already.
    let mut parent = whole.clone();
    parent.groups.links.clone_from(&before.groups.links);
    Ticket::begins_as(submitted, LinkKind::ChildOf, &parent, &Note::default(), by, now).map_err(refused)
}

/// The contact goes with each part, sealed for it.
fn contact(rooms: &Rooms, view: &TicketView) -> Result<Option<Contact>, Error> {
    match (view.key_version, &view.sealed) {
        (Some(key_version), Some(bytes)) => {
            let sealed = Sealed { key_version, bytes: bytes.clone() };
            rooms.customers.sealer.open(view.id, &sealed).map(Some).map_err(Error::internal)
        }
        _ => Ok(None),
    }
}

/// A new ticket is guarded by a request; each part has its own of the call's.
fn part_key(call: &RequestKey, at: usize) -> RequestKey {
    let request_id = stable_id("split", &format!("{}/{at}", call.request_id));
    RequestKey { method: "SplitTicket/part", request_id, ..call.clone() }
}

fn insert(
    rooms: &Rooms,
    changed: &Changed,
    contact: Option<&Contact>,
    key: RequestKey,
    now: Timestamp,
) -> Result<Insert, Error> {
    let sealed = contact.map(|contact| rooms.customers.sealer.seal(changed.ticket.id, contact));
    let customer = Customer::of_known(changed.ticket.customer_id);
    let Beside { customer, contact, .. } =
        customer.beside(rooms, sealed.transpose().map_err(Error::internal)?, None)?;
    let (subject, body) = match &changed.texts.request {
        Some((subject, body)) => (subject.as_str().to_owned(), body.as_str().to_owned()),
        None => (String::new(), String::new()),
    };
    let save = Save::new(changed, events::write(changed, now), Some(key), now);
    Ok(Insert { save, subject, body, import: None, customer, contact })
}

/// The ticket with the parts that this split made: those that were linked last, at one moment.
async fn answered(
    rooms: &Rooms,
    ticket: pb::Ticket,
    viewer: Viewer,
) -> Result<pb::SplitTicketResponse, Error> {
    let last = ticket.links.last().and_then(|link| link.linked_at);
    let made: Vec<&pb::TicketLink> = ticket
        .links
        .iter()
        .filter(|link| link.kind() == pb::LinkKind::ParentOf && link.linked_at == last)
        .collect();
    let mut parts = Vec::with_capacity(made.len());
    for link in made {
        let view = rooms.tickets.view(&TicketRef::Number(link.ticket_number.clone())).await?;
        let part = view.present(Detail::Full, viewer, &rooms.customers.sealer)?;
        touched(&part);
        parts.push(part);
    }
    Ok(pb::SplitTicketResponse { ticket: Some(ticket), parts })
}
