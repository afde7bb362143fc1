//! `PrivacyService.EraseCustomer`. Source: X11.

use super::decode::{by, ticket_ref, uuid};
use crate::{
    Rooms,
    error::{erased_customer_not_found, held, still_open},
    store::{
        erase::{self, Erased},
        erasures::{self, Erasure},
        legal_holds,
    },
};
use gongdan_auth::Actor;
use gongdan_clock::new_id;
use gongdan_errors::{Error, Violations};
use gongdan_pg::{RequestKey, error, requests::hash_of};
use gongdan_proto::tickets::v1::{self as pb, erase_customer_request::Subject};
use gongdan_tickets_domain::{Personal, Phase, Text, mask_numbers};
use uuid::Uuid;

/// Tickets erased in one transaction.
const BATCH: i64 = 20;
/// Held tickets that an answer names.
const NAMED: usize = 100;

type Why = Text<1, 500>;

pub(super) async fn erase_customer(
    rooms: &Rooms,
    actor: &Actor,
    mut request: pb::EraseCustomerRequest,
) -> Result<pb::EraseCustomerResponse, Error> {
    let mut violations = Violations::new();
    let request_id = violations.field("request_id", uuid(&std::mem::take(&mut request.request_id)));
    let hash = hash_of(&request);
    let reason = violations.field("reason", Why::parse(&request.reason));
    let subject = match &request.subject {
        Some(Subject::CustomerId(id)) => violations.field("customer_id", uuid(id)).map(Whom::Customer),
        Some(Subject::Ticket(ticket)) => ticket_ref(ticket, &mut violations).map(Whom::Ticket),
        None => {
            violations.add("subject", "one of customer_id, ticket");
            None
        }
    };
    let (Some(request_id), Some(reason), Some(subject)) = (request_id, reason, subject) else {
        return Err(violations.into_error());
    };
    let caller = actor.principal_id.clone();
    let key = RequestKey { caller, method: "EraseCustomer", request_id, hash };
    let erasure = match erasures::of_request(&rooms.pool, &key).await.map_err(error)? {
        Some(earlier) => earlier,
        None => begin(rooms, &key, subject, reason.as_str(), request.force).await?,
    };
    key.verify(&erasure.hash)?;
    let held = if erasure.ended_at.is_some() {
        still_held(rooms, &erasure).await?
    } else {
        go_on(rooms, actor, &erasure, request.force).await?
    };
    answer(rooms, &key, held).await
}

enum Whom {
    Customer(Uuid),
    Ticket(crate::store::tickets::TicketRef),
}

/// Judges the request, and notes it when nothing stands against it.
async fn begin(
    rooms: &Rooms,
    key: &RequestKey,
    subject: Whom,
    reason: &str,
    force: bool,
) -> Result<Erasure, Error> {
    let now = rooms.clock.now();
    let (ticket, customer) = match subject {
        Whom::Customer(id) => {
            if rooms.customers.by_id(id).await?.is_empty() {
                return Err(erased_customer_not_found());
            }
            (None, Some(id))
        }
        Whom::Ticket(ticket) => {
            let view = rooms.tickets.view(&ticket).await?;
            let phase = view.ticket()?.phase;
            let held_by = {
                let mut connection = rooms.pool.acquire().await.map_err(error)?;
                legal_holds::of_tickets(&mut connection, &[view.id], now).await.map_err(error)?
            };
            if let Some((_, hold)) = held_by.first() {
                return Err(held(*hold));
            }
            if !force && !phase.is_over() {
                let number = view.ticket()?.number;
                return Err(still_open(&number, phase));
            }
            (Some(view.id), view.customer_id)
        }
    };
    if let Some(customer) = customer {
        if let Some(hold) = legal_holds::of_customer(&rooms.pool, customer, now).await.map_err(error)? {
            return Err(held(hold));
        }
        if !force && let Some((number, phase)) = erase::open_ticket_of(&rooms.pool, customer, now).await? {
            let phase =
                Phase::from_number(phase.into()).ok_or_else(|| Error::internal("an unknown phase"))?;
            return Err(still_open(&number, phase));
        }
    }
    let reason = mask_numbers(reason);
    erasures::begin(&rooms.pool, new_id(now), key, ticket, customer, &reason, now).await.map_err(error)?;
    tracing::info!(by = key.caller, ?customer, ?ticket, force, "an erasure begins");
    let begun = erasures::of_request(&rooms.pool, key).await.map_err(error)?;
    begun.ok_or_else(|| Error::internal("an erasure that was begun is not there"))
}

/// Erases what is left; answers the tickets that are held. What is done stays when it is cut off: a retry goes on.
async fn go_on(
    rooms: &Rooms,
    actor: &Actor,
    erasure: &Erasure,
    force: bool,
) -> Result<Vec<(Uuid, Uuid)>, Error> {
    let by = by(actor)?;
    let mut held_tickets = Vec::new();
    let mut few = async |ids: &[Uuid]| -> Result<(), Error> {
        let refused = |ticket: &gongdan_tickets_domain::Ticket, _| still_open(&ticket.number, ticket.phase);
        let Erased { tickets, held } =
            erase::erase(rooms, ids, |_| Personal::ALL, force, &by, refused).await?;
        held_tickets.extend(held);
        erasures::count(&rooms.pool, erasure.id, tickets).await.map_err(error)
    };
    if let Some(ticket) = erasure.ticket_id {
        few(&[ticket]).await?;
    }
    if let Some(customer) = erasure.customer_id {
        let mut after = Uuid::nil();
        loop {
            let ids = erase::tickets_of(&rooms.pool, customer, after, BATCH).await?;
            let Some(last) = ids.last() else { break };
            after = *last;
            few(&ids).await?;
        }
    }
    erasures::end(&rooms.pool, erasure.id, rooms.clock.now()).await.map_err(error)?;
    tracing::info!(erasure = %erasure.id, held = held_tickets.len(), "an erasure is done");
    Ok(held_tickets)
}

/// The customer's tickets that are held now.
async fn still_held(rooms: &Rooms, erasure: &Erasure) -> Result<Vec<(Uuid, Uuid)>, Error> {
    let Some(customer) = erasure.customer_id else { return Ok(Vec::new()) };
    let ids = erase::tickets_of(&rooms.pool, customer, Uuid::nil(), 1_000).await?;
    let mut connection = rooms.pool.acquire().await.map_err(error)?;
    legal_holds::of_tickets(&mut connection, &ids, rooms.clock.now()).await.map_err(error)
}

async fn answer(
    rooms: &Rooms,
    key: &RequestKey,
    held: Vec<(Uuid, Uuid)>,
) -> Result<pb::EraseCustomerResponse, Error> {
    let erasure = erasures::of_request(&rooms.pool, key).await.map_err(error)?;
    let erasure = erasure.ok_or_else(|| Error::internal("an erasure is not there"))?;
    let ids: Vec<Uuid> = held.iter().take(NAMED).map(|(ticket, _)| *ticket).collect();
    let numbers = erase::numbers(&rooms.pool, &ids).await?;
    let customer_erased = match erasure.customer_id {
        Some(customer) => rooms.customers.by_id(customer).await?.is_empty(),
        None => false,
    };
    Ok(pb::EraseCustomerResponse {
        tickets_erased: erasure.tickets,
        customer_erased,
        held_tickets: held
            .into_iter()
            .take(NAMED)
            .map(|(ticket, hold)| pb::HeldTicket {
                ticket_id: ticket.to_string(),
                number: numbers.get(&ticket).cloned().unwrap_or_default(),
                hold_id: hold.to_string(),
            })
            .collect(),
    })
}
