//! `TicketService.CreateTicket` (提交, 存盘). Source: T4, T8.

use super::{
    custom_fields,
    decode::{by, if_given, instant, ticket_ref, uuid},
    intake::{self, Customer, Otherwise, Request},
    places, quarantine, touched,
    viewer::viewer,
};
use crate::{
    Rooms,
    error::{lost_race, refused},
    store::{
        places::{KeptPlace, NewPlace},
        seal::Contact,
        tickets::{Created, TicketRef},
        together,
        workflows::Who,
    },
};
use gongdan_access::{Caller, Item};
use gongdan_clock::new_id;
use gongdan_errors::{Error, Violations};
use gongdan_pg::{RequestKey, requests::hash_of};
use gongdan_proto::{common::v1::PrincipalKind, tickets::v1 as pb};
use gongdan_tickets_domain::{
    Actor, Changed, Impact, Intake, New, Note, Outcome, Priority, PriorityReason, ReplyText, Ticket,
    TicketType, Urgency,
    form::Found,
    groups::{
        form::{FormPart, Open},
        links::LinkKind,
    },
};
use jiff::Timestamp;

/// Races for one customer that are tried again.
const ATTEMPTS: usize = 5;

struct Create {
    key: RequestKey,
    draft: bool,
    intake: Intake,
    contact: Option<Contact>,
    /// What of the form can be filtered on.
    found: Vec<(String, Found)>,
    /// What it says again.
    repeat_of: Option<TicketRef>,
    place: Option<KeptPlace>,
}

enum Decoded {
    Create(Box<Create>),
    /// It has been answered before; what was right then need not be right now.
    Answered(Box<pb::Ticket>),
}

pub(super) async fn create_ticket(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::CreateTicketRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let request_id = violations.field("request_id", uuid(&std::mem::take(&mut request.request_id)));
    let hash = hash_of(&request);
    let key = request_id.map(|request_id| RequestKey {
        caller: caller.principal_id.clone(),
        method: "CreateTicket",
        request_id,
        hash,
    });
    Box::pin(take_down(rooms, caller, request, Asked { key, violations, answer: None })).await
}

/// How a request is asked to be taken down.
pub(super) struct Asked {
    /// The call, to know it again.
    pub key: Option<RequestKey>,
    /// What is wrong with it so far.
    pub violations: Violations,
    /// What it is answered at once.
    pub answer: Option<(Outcome, ReplyText)>,
}

/// Takes a request down; its `request_id` is in what was asked.
pub(super) async fn take_down(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::CreateTicketRequest,
    asked: Asked,
) -> Result<pb::Ticket, Error> {
    let validate_only = request.validate_only;
    let ticket = Box::pin(create(rooms, caller, request, asked)).await?;
    if !validate_only {
        touched(&ticket);
    }
    Ok(ticket)
}

async fn create(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::CreateTicketRequest,
    asked: Asked,
) -> Result<pb::Ticket, Error> {
    let now = rooms.clock.now();
    let (answer, validate_only) = (asked.answer.clone(), request.validate_only);
    let decoded = decode(rooms, caller, request, asked, now).await?;
    let Create { key, draft, mut intake, contact, found, place, repeat_of } = match decoded {
        Decoded::Create(create) => *create,
        Decoded::Answered(ticket) => return Ok(*ticket),
    };
    let citizen = caller.customer_id.filter(|_| caller.kind == PrincipalKind::Citizen);
    caller.check(&Item {
        region: Some(intake.region),
        customer: citizen,
        sensitive: intake.sensitive,
        ..Item::default()
    })?;
    if validate_only {
        return Ok(pb::Ticket::default());
    }
    let id = new_id(now);
    let number = rooms.numbers.next(intake.received_at).await?;
    let sealed =
        contact.as_ref().map(|c| rooms.customers.sealer.seal(id, c)).transpose().map_err(Error::internal)?;
    let place = place.map(|place| NewPlace::seal(&rooms.customers.sealer, id, &place)).transpose()?;
    let mut customer = match citizen {
        Some(id) => Customer::of_citizen(id),
        None => Customer::of_contact(rooms, contact.as_ref()),
    };
    let (by, viewer) = (by(caller)?, viewer(caller).masked());
    for _ in 0..ATTEMPTS {
        intake.customer_id = customer.id();
        intake.form.customer_tier = customer.tier(rooms).await?;
        let new = New { id, number: number.clone(), external: None };
        let waits = if draft || answer.is_some() {
            None
        } else {
            quarantine::until(rooms, &customer, &by, intake.channel, now).await?
        };
        let changed = match waits {
            Some(until) => Ticket::quarantined(new, intake.clone(), until, &by, now),
            None if draft => Ticket::saved(new, intake.clone(), &by, now),
            None => match answer.clone() {
                Some((outcome, reply)) => Ticket::answered(new, intake.clone(), outcome, reply, &by, now),
                None => Ticket::submitted(new, intake.clone(), &by, now),
            },
        };
        let mut beside = customer.beside(rooms, sealed.clone(), place.clone())?;
        beside.fields = intake::fields(intake.form.type_key.as_ref(), found.clone());
        let created = match &repeat_of {
            None => {
                rooms.tickets.create(&changed, Some(&key), None, beside, viewer, Who::Caller(caller)).await?
            }
            Some(original) => {
                let (changed, original) = repeat(rooms, caller, changed, original, &by, now).await?;
                together::create(rooms, caller, &changed, &original, &key, beside, viewer).await?
            }
        };
        match created {
            Created::New(ticket) => {
                customer.written(rooms);
                return Ok(*ticket);
            }
            Created::Known => {
                if let Some(answer) = rooms.tickets.created_by(&key, viewer).await? {
                    return Ok(answer);
                }
            }
            Created::CustomerTaken => customer.look_up(rooms).await?,
        }
    }
    Err(lost_race())
}

/// The new ticket as a repeat of another, and the other as repeated by it. Source: T10.
async fn repeat(
    rooms: &Rooms,
    caller: &Caller,
    changed: Changed,
    original: &TicketRef,
    by: &Actor,
    now: Timestamp,
) -> Result<(Changed, Changed), Error> {
    let original = rooms.tickets.view(original).await?;
    original.check_seen(caller)?;
    original.check_linked(caller)?;
    gongdan_audit::touched("ticket", original.id);
    let (original, none) = (original.ticket()?, Note::default());
    let counted = original.clone().begun_from(LinkKind::RepeatedBy, &changed.ticket, &none, by, now);
    let changed = Ticket::begins_as(changed, LinkKind::RepeatOf, &original, &none, by, now);
    Ok((changed.map_err(refused)?, counted.map_err(refused)?))
}

async fn decode(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::CreateTicketRequest,
    asked: Asked,
    now: Timestamp,
) -> Result<Decoded, Error> {
    let Asked { key: asked, mut violations, .. } = asked;
    let v = &mut violations;
    let (subject, body, region) = (&request.subject, &request.body, &request.region);
    let (common, otherwise) = if request.draft {
        let stands_in = intake::stands_in(caller);
        let common = intake::request_so_far(subject, body, region, request.channel, stands_in, v);
        (common, Otherwise::SoFar(TicketType::Other))
    } else {
        (intake::request(subject, body, region, request.channel, v), Otherwise::Asked)
    };
    let region = common.as_ref().and_then(Request::said_region);
    let kind = (request.r#type, request.type_key.as_str());
    let item = intake::item(rooms, &request.item, kind, otherwise, region, v).await?;
    let form = item.as_ref().and_then(|item| item.form.as_ref());
    let fields = custom_fields::filled("custom_fields", form, request.custom_fields.take(), request.draft, v);
    let urgency = if_given("urgency", request.urgency, Urgency::from_number, v);
    let impact = if_given("impact", request.impact, Impact::from_number, v);
    let overridden = overridden(&request, v);
    let contact = intake::contact(request.contact.take(), v);
    let place = places::decode(request.place.take(), v);
    let standards = rooms.channel_standards.current().await?;
    let repeat_of = match request.repeat_of.as_str() {
        "" => None,
        text => {
            let known = ticket_ref(text, &mut Violations::new()).ok_or("the id or number of a ticket");
            v.field("repeat_of", known)
        }
    };
    if request.draft && repeat_of.is_some() {
        v.add("repeat_of", "left out of a draft");
    }
    let received_at = instant("received_at", request.received_at, v).unwrap_or(now);
    intake::received(Some(received_at), now, v);
    let (Some(asked), Some(common), Some(item), Some(fields), true) =
        (&asked, common, item, fields, violations.is_empty())
    else {
        let answered = match &asked {
            Some(asked) => rooms.tickets.created_by(asked, viewer(caller).masked()).await?,
            None => None,
        };
        return answered
            .map(|ticket| Decoded::Answered(Box::new(ticket)))
            .ok_or_else(|| violations.into_error());
    };
    let Request { subject, body, region, channel, mut open } = common;
    let intake::Item { key, path, version, kind, kind_open, sla_policy, type_key, form, .. } = item;
    if kind_open {
        open.push(Open::Kind);
    }
    let (urgency, impact) = (urgency.unwrap_or(item.urgency), impact.unwrap_or(item.impact));
    let (priority, priority_matrix_version, priority_reason) = match overridden {
        Some((priority, reason)) => (priority, 0, reason.into()),
        None => {
            let (_, matrix) = rooms.priorities.matrices().await?.of(Some(kind));
            (matrix.matrix.priority(urgency, impact), matrix.version, String::new())
        }
    };
    let intake = Intake {
        kind,
        item: key,
        item_path: path,
        catalogue_version: version,
        sla_policy,
        subject,
        body,
        region,
        channel,
        urgency,
        impact,
        priority,
        priority_matrix_version,
        priority_reason,
        customer_id: None,
        sensitive: request.sensitive,
        confidential: request.reporter_confidential,
        received_at,
        place: place.part,
        form: FormPart {
            type_key,
            form: form.as_ref().map(|form| form.key.clone()).unwrap_or_default(),
            form_version: form.as_ref().map_or(0, |form| form.version),
            response_seconds: standards.standards.seconds(channel).unwrap_or(0),
            customer_tier: String::new(),
            open,
        },
        custom_fields: fields.text()?,
    };
    let custom_fields::Filled { personal, found, .. } = fields;
    let contact = custom_fields::with_personal(contact, personal);
    let (key, draft) = (asked.clone(), request.draft);
    Ok(Decoded::Create(Box::new(Create { key, draft, intake, contact, found, place: place.kept, repeat_of })))
}

/// A priority that overrides the matrix; it needs a reason.
fn overridden(
    request: &pb::CreateTicketRequest,
    violations: &mut Violations,
) -> Option<(Priority, PriorityReason)> {
    let priority = if_given("priority", request.priority, Priority::from_number, violations);
    if request.priority == 0 {
        if !request.priority_reason.is_empty() {
            violations.add("priority_reason", "only with priority");
        }
        return None;
    }
    let reason = violations.field("priority_reason", PriorityReason::parse(&request.priority_reason));
    Some((priority?, reason?))
}
