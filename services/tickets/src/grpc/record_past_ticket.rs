//! `TicketService.RecordPastTicket`: a ticket of the past, with what became of it.

use super::{
    decode::{by, instant},
    intake::{self, Customer, Otherwise, Request},
    touched,
    viewer::viewer,
};
use crate::{
    Rooms,
    error::lost_race,
    store::{insert::ImportKey, tickets::Created, workflows::Who},
};
use gongdan_access::{Caller, Item};
use gongdan_clock::new_id;
use gongdan_errors::{Error, Violations};
use gongdan_pg::requests::hash_of;
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{
    External, ExternalId, ExternalSource, IMPORTED_UNIT, Intake, Line, New, Past, Reply, ReplyText, Ticket,
    TicketType, UnitId,
    groups::{form::FormPart, place::PlacePart},
};
use jiff::Timestamp;

/// Races for one customer that are tried again.
const ATTEMPTS: usize = 5;

struct Record {
    key: ImportKey,
    external: External,
    customer_key: String,
    past: Past,
}

pub(super) async fn record_past_ticket(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::RecordPastTicketRequest,
) -> Result<pb::RecordPastTicketResponse, Error> {
    let now = rooms.clock.now();
    let Record { key, external, customer_key, mut past } = decode(rooms, request, now).await?;
    caller.check(&Item { region: Some(past.intake.region), ..Item::default() })?;
    let id = new_id(now);
    let number = rooms.numbers.next(past.intake.received_at).await?;
    let mut customer = Customer::of_source(rooms, &key.source, &customer_key);
    let (by, viewer) = (by(caller)?, viewer(caller).masked());
    for _ in 0..ATTEMPTS {
        past.intake.customer_id = customer.id();
        let new = New { id, number: number.clone(), external: Some(external.clone()) };
        let changed = Ticket::past(new, past.clone(), &by);
        let mut beside = customer.beside(rooms, None, None)?;
        beside.fields = intake::fields(past.intake.form.type_key.as_ref(), Vec::new());
        match rooms
            .tickets
            .create(&changed, None, Some(key.clone()), beside, viewer, Who::Caller(caller))
            .await?
        {
            Created::New(ticket) => {
                customer.written(rooms);
                touched(&ticket);
                return Ok(pb::RecordPastTicketResponse { ticket: Some(*ticket), created: true });
            }
            Created::Known => {
                if let Some(ticket) = rooms.tickets.imported_as(&key, viewer).await? {
                    touched(&ticket);
                    return Ok(pb::RecordPastTicketResponse { ticket: Some(ticket), created: false });
                }
            }
            Created::CustomerTaken => customer.look_up(rooms).await?,
        }
    }
    Err(lost_race())
}

async fn decode(
    rooms: &Rooms,
    request: pb::RecordPastTicketRequest,
    now: Timestamp,
) -> Result<Record, Error> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let hash = hash_of(&request);
    let source = v.field("external_source", ExternalSource::parse(&request.external_source));
    let id = v.field("external_id", ExternalId::parse(&request.external_id));
    let policy = v.field("sla_policy", Line::<0, 128>::parse(&request.sla_policy));
    let customer_key = v.field("customer_key", Line::<0, 128>::parse(&request.customer_key));
    let common = intake::request(&request.subject, &request.body, &request.region, request.channel, v);
    let region = common.as_ref().map(|common| common.region);
    let otherwise = Otherwise::Had(TicketType::Complaint);
    let item = intake::item(rooms, &request.item, (request.r#type, ""), otherwise, region, v).await?;
    if request.received_at.is_none() {
        v.add("received_at", "required");
    }
    let received_at = instant("received_at", request.received_at, v);
    intake::received(received_at, now, v);
    let reply = reply(&request, received_at, now, v);
    let (
        Some(source),
        Some(id),
        Some(policy),
        Some(customer_key),
        Some(common),
        Some(item),
        Some(received_at),
        true,
    ) = (source, id, policy, customer_key, common, item, received_at, violations.is_empty())
    else {
        return Err(violations.into_error());
    };
    let (_, matrix) = rooms.priorities.matrices().await?.of(Some(item.kind));
    let Request { subject, body, region, channel, .. } = common;
    let intake::Item { key, path, version, kind, urgency, impact, sla_policy, type_key, .. } = item;
    let intake = Intake {
        kind,
        item: key,
        item_path: path,
        catalogue_version: version,
        sla_policy: Some(String::from(policy)).filter(|key| !key.is_empty()).unwrap_or(sla_policy),
        subject,
        body,
        region,
        channel,
        urgency,
        impact,
        priority: matrix.matrix.priority(urgency, impact),
        priority_matrix_version: matrix.version,
        priority_reason: String::new(),
        customer_id: None,
        sensitive: false,
        confidential: request.reporter_confidential,
        received_at,
        place: PlacePart::default(),
        form: FormPart { type_key, ..FormPart::default() },
        custom_fields: String::new(),
    };
    Ok(Record {
        key: ImportKey { source: source.to_string(), id: id.as_str().to_owned(), hash },
        external: External { source, id },
        customer_key: customer_key.into(),
        past: Past { intake, reply, live: request.live },
    })
}

/// The reply with its time and unit; none when the source knows none.
fn reply(
    request: &pb::RecordPastTicketRequest,
    received_at: Option<Timestamp>,
    now: Timestamp,
    violations: &mut Violations,
) -> Option<Reply> {
    let at = instant("replied_at", request.replied_at, violations);
    if request.reply.is_empty() {
        if request.replied_at.is_some() {
            violations.add("reply", "required with replied_at");
        }
        return None;
    }
    let text = violations.field("reply", ReplyText::parse(&request.reply));
    let unit = if request.unit_id.is_empty() { IMPORTED_UNIT } else { &request.unit_id };
    let unit = violations.field("unit_id", UnitId::parse(unit));
    match at {
        None if request.replied_at.is_none() => violations.add("replied_at", "required with reply"),
        Some(at) if at > now => violations.add("replied_at", "not in the future"),
        Some(at) if received_at.is_some_and(|received| at < received) => {
            violations.add("replied_at", "not before received_at");
        }
        _ => {}
    }
    Some(Reply { text: text?, at: at?, unit: unit? })
}
