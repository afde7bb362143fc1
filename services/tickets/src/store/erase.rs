//! Erasing what is personal of tickets: rows, events and what customers are found by, a few tickets a transaction.
//! Source: X11, DESIGN rule 15.

use super::{
    attachments, calls, citizens, legal_holds, notes, places, record_texts, save::Save, text_index,
    ticket_fields, tickets, update::Updated, writer::Batch as _,
};
use crate::{Rooms, error::damaged, events};
use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{Actor, Changed, ERASED, Personal, Refusal, Ticket};
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::{PgConnection, PgPool};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};
use tracing::Instrument as _;
use uuid::Uuid;

/// What became of a few tickets.
#[derive(Debug, Default)]
pub(crate) struct Erased {
    /// Of these something was erased.
    pub tickets: usize,
    /// These are held: ticket and hold. Nothing of them was erased.
    pub held: Vec<(Uuid, Uuid)>,
}

/// A ticket that something of is to be erased.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub id: Uuid,
    pub received_at: Timestamp,
    /// None when it cannot be read.
    pub ticket: Option<Ticket>,
}

/// Erases of these tickets what `what` says, in one transaction; `what` may be asked about a newer state than it knew.
///
/// # Errors
/// When one of them refuses, and it is not by force.
pub(crate) async fn erase(
    rooms: &Rooms,
    ids: &[Uuid],
    what: impl Fn(&Ticket) -> Personal,
    force: bool,
    by: &Actor,
    refused: impl Fn(&Ticket, Refusal) -> Error,
) -> Result<Erased, Error> {
    let now = rooms.clock.now();
    let mut transaction = rooms.pool.begin().await.map_err(error)?;
    let connection = &mut *transaction;
    // First locked, then looked at: a hold is placed before this erasure, or waits until it is done.
    let mut tickets = lock(connection, ids).await?;
    let held = legal_holds::of_tickets(connection, ids, now).await.map_err(error)?;
    tickets.retain(|ticket| !held.iter().any(|(held, _)| *held == ticket.id));
    let mut erasing: Vec<(Ticket, Personal, Changed)> = Vec::new();
    for ticket in tickets {
        let left = what(&ticket);
        let changed = ticket.clone().erase(left, force, by, now).map_err(|why| refused(&ticket, why))?;
        if let Some(changed) = changed {
            erasing.push((ticket, left, changed));
        }
    }
    if erasing.is_empty() {
        return Ok(Erased { tickets: 0, held });
    }
    let of = |class: fn(&Personal) -> bool| -> Vec<Uuid> {
        erasing.iter().filter(|(_, what, _)| class(what)).map(|(ticket, _, _)| ticket.id).collect()
    };
    let (contacts, texts) = (of(|what| what.contact), of(|what| what.texts));
    let whose: BTreeMap<Uuid, Uuid> = erasing
        .iter()
        .filter(|(_, what, _)| what.contact)
        .filter_map(|(ticket, _, _)| Some((ticket.customer_id?, ticket.id)))
        .collect();
    let gone = forget_customers(connection, &whose.keys().copied().collect::<Vec<_>>(), &contacts).await;
    let gone = gone.map_err(error)?;
    // One ticket of each says so: nothing ties the others together.
    let last: BTreeMap<Uuid, Uuid> =
        gone.iter().filter_map(|customer| Some((*whose.get(customer)?, *customer))).collect();
    let save = |(ticket, _, changed): &(Ticket, Personal, Changed)| {
        let changed = match last.get(&ticket.id) {
            Some(customer) => changed.clone().gone(*customer),
            None => changed.clone(),
        };
        Save::new(&changed, events::write(&changed, now), None, now)
    };
    let saves: Vec<Save> = erasing.iter().map(save).collect();
    let updated = Save::run(connection, &saves).await.map_err(error)?;
    if updated.contains(&Updated::Lost) {
        return Err(Error::internal("a locked ticket was changed by somebody else"));
    }
    erase_contacts(connection, &contacts, &gone).await.map_err(error)?;
    erase_texts(connection, &texts).await.map_err(error)?;
    let citizens = Mutex::new(BTreeSet::new());
    for (ticket, what, _) in &erasing {
        let rewrite = |kind: &str, payload: &[u8]| {
            if what.contact {
                let citizen = events::citizen(payload)?;
                citizens.lock().unwrap_or_else(PoisonError::into_inner).extend(citizen);
            }
            events::redacted(kind, payload, *what)
        };
        gongdan_outbox::redact(connection, &[ticket.id], rewrite).await?;
    }
    let citizens = Vec::from_iter(citizens.into_inner().unwrap_or_else(PoisonError::into_inner));
    erase_requests(connection, &contacts, &citizens).await.map_err(error)?;
    transaction.commit().await.map_err(error)?;
    rooms.wake();
    rooms.sweep.notify_one();
    for _ in &erasing {
        rooms.metrics.event("erased", "live");
    }
    Ok(Erased { tickets: erasing.len(), held })
}

/// Those that are there, locked in the order in which everybody locks tickets, and then their customers: whoever places a
/// hold locks what it holds.
async fn lock(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Ticket>, Error> {
    sqlx::query!("SELECT id FROM tickets WHERE id = ANY ($1) ORDER BY id FOR UPDATE", ids)
        .fetch_all(&mut *connection)
        .instrument(sql_span!("tickets.lock", "SELECT"))
        .await
        .map_err(error)?;
    sqlx::query!(
        "SELECT id FROM customers WHERE id IN (SELECT customer_id FROM tickets WHERE id = ANY ($1))
         ORDER BY id FOR UPDATE",
        ids
    )
    .fetch_all(&mut *connection)
    .instrument(sql_span!("customers.lock", "SELECT"))
    .await
    .map_err(error)?;
    let states = tickets::states(connection, ids).await.map_err(error)?;
    states.into_iter().map(|(_, state)| state.map_err(damaged)).collect()
}

/// Of these customers those who have no ticket but these are not known any more.
async fn forget_customers(
    connection: &mut PgConnection,
    customers: &[Uuid],
    but: &[Uuid],
) -> Result<Vec<Uuid>, sqlx::Error> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query_scalar!(
        "DELETE FROM customers c WHERE id = ANY ($1)
           AND NOT EXISTS (SELECT FROM tickets t WHERE t.customer_id = c.id AND t.id <> ALL ($2)) RETURNING id",
        customers,
        but
    )
    .fetch_all(connection)
    .instrument(sql_span!("customers.forget", "DELETE"))
    .await
}

async fn erase_contacts(
    connection: &mut PgConnection,
    tickets: &[Uuid],
    gone: &[Uuid],
) -> Result<(), sqlx::Error> {
    if tickets.is_empty() {
        return Ok(());
    }
    let span = || sql_span!("contacts.erase", "DELETE");
    sqlx::query!("UPDATE tickets SET customer_id = NULL, contact_erased = true WHERE id = ANY ($1)", tickets)
        .execute(&mut *connection)
        .instrument(span())
        .await?;
    sqlx::query!("DELETE FROM contacts WHERE ticket_id = ANY ($1)", tickets)
        .execute(&mut *connection)
        .instrument(span())
        .await?;
    let nobody = citizens::nobody();
    notes::erase_citizens(connection, tickets, &nobody).await?;
    attachments::erase_citizens(connection, tickets, &nobody).await?;
    places::erase(connection, tickets).await?;
    // Whoever has other tickets left keeps the calls about those. Calls of no ticket are found by the keys of who is gone.
    calls::erase_contacts(connection, tickets, gone).await?;
    sqlx::query!("DELETE FROM customer_keys WHERE customer_id = ANY ($1)", gone)
        .execute(connection)
        .instrument(span())
        .await?;
    Ok(())
}

/// What citizens asked for of these tickets is not known again when they ask a second time.
async fn erase_requests(
    connection: &mut PgConnection,
    tickets: &[Uuid],
    citizens: &[String],
) -> Result<(), sqlx::Error> {
    if citizens.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "DELETE FROM requests WHERE caller = ANY ($1) AND resource_id = ANY ($2)",
        citizens,
        tickets
    )
    .execute(connection)
    .instrument(sql_span!("requests.erase", "DELETE"))
    .await?;
    Ok(())
}

async fn erase_texts(connection: &mut PgConnection, tickets: &[Uuid]) -> Result<(), sqlx::Error> {
    if tickets.is_empty() {
        return Ok(());
    }
    text_index::erase(connection, tickets).await?;
    sqlx::query!(
        "UPDATE tickets SET subject = $2, body = $2, texts_erased = true WHERE id = ANY ($1)",
        tickets,
        ERASED
    )
    .execute(&mut *connection)
    .instrument(sql_span!("tickets.erase_texts", "UPDATE"))
    .await?;
    sqlx::query!(
        "UPDATE resolutions SET reply = $2, solution = CASE WHEN solution IS NULL THEN NULL ELSE $2 END,
                root_cause = CASE WHEN root_cause = '' THEN '' ELSE $2 END
         WHERE ticket_id = ANY ($1)",
        tickets,
        ERASED
    )
    .execute(&mut *connection)
    .instrument(sql_span!("resolutions.erase", "UPDATE"))
    .await?;
    record_texts::erase(&mut *connection, tickets).await?;
    ticket_fields::erase(&mut *connection, tickets).await?;
    notes::erase_texts(connection, tickets).await?;
    attachments::erase_texts(connection, tickets).await?;
    calls::erase_texts(connection, tickets).await
}

/// A class of what is personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Contact,
    Texts,
}

struct CandidateRow {
    id: Uuid,
    received_at: SqlTimestamp,
    state: Vec<u8>,
}

/// Tickets that are over, received before an instant, with something of this class left; after one of an earlier page.
pub(crate) async fn candidates(
    pool: &PgPool,
    class: Class,
    before: Timestamp,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Candidate>, Error> {
    let (at, id) = after
        .unwrap_or((Timestamp::UNIX_EPOCH - jiff::SignedDuration::from_hours(24 * 365 * 100), Uuid::nil()));
    let (before, at) = (before.to_sqlx(), at.to_sqlx());
    // Each class has an index of its own: what is left of one is not looked for among what is left of the other.
    let rows = match class {
        Class::Contact => {
            sqlx::query_as!(
                CandidateRow,
                "SELECT id, received_at, state FROM tickets
                 WHERE phase >= 10 AND NOT contact_erased AND received_at < $1 AND (received_at, id) > ($2, $3)
                 ORDER BY received_at, id LIMIT $4",
                before as _,
                at as _,
                id,
                limit
            )
            .fetch_all(pool)
            .instrument(sql_span!("tickets.contacts_to_erase", "SELECT"))
            .await
        }
        Class::Texts => {
            sqlx::query_as!(
                CandidateRow,
                "SELECT id, received_at, state FROM tickets
                 WHERE phase >= 10 AND NOT texts_erased AND received_at < $1 AND (received_at, id) > ($2, $3)
                 ORDER BY received_at, id LIMIT $4",
                before as _,
                at as _,
                id,
                limit
            )
            .fetch_all(pool)
            .instrument(sql_span!("tickets.texts_to_erase", "SELECT"))
            .await
        }
    };
    let candidate = |row: CandidateRow| {
        let ticket = super::state::decode(&row.state)
            .inspect_err(|error| tracing::error!(ticket = %row.id, %error, "a ticket cannot be read"))
            .ok();
        Candidate { id: row.id, received_at: row.received_at.to_jiff(), ticket }
    };
    Ok(rows.map_err(error)?.into_iter().map(candidate).collect())
}

/// A page of a customer's tickets that something is left of, by id.
pub(crate) async fn tickets_of(
    pool: &PgPool,
    customer: Uuid,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Uuid>, Error> {
    sqlx::query_scalar!(
        "SELECT id FROM tickets WHERE customer_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        customer,
        after,
        limit
    )
    .fetch_all(pool)
    .instrument(sql_span!("tickets.of_customer", "SELECT"))
    .await
    .map_err(error)
}

/// A ticket of a customer that somebody still works on and that is not held.
pub(crate) async fn open_ticket_of(
    pool: &PgPool,
    customer: Uuid,
    now: Timestamp,
) -> Result<Option<(String, i16)>, Error> {
    let row = sqlx::query!(
        "SELECT number, phase FROM tickets t WHERE customer_id = $1 AND phase < 10 AND NOT EXISTS (
             SELECT FROM legal_holds h WHERE h.ticket_id = t.id AND h.released_at IS NULL
               AND (h.held_until IS NULL OR h.held_until > $2))
         ORDER BY received_at LIMIT 1",
        customer,
        now.to_sqlx() as _
    )
    .fetch_optional(pool)
    .instrument(sql_span!("tickets.open_of_customer", "SELECT"))
    .await
    .map_err(error)?;
    Ok(row.map(|row| (row.number, row.phase)))
}

/// Numbers of tickets, by their ids.
pub(crate) async fn numbers(pool: &PgPool, ids: &[Uuid]) -> Result<BTreeMap<Uuid, String>, Error> {
    let rows = sqlx::query!("SELECT id, number FROM tickets WHERE id = ANY ($1)", ids)
        .fetch_all(pool)
        .instrument(sql_span!("tickets.numbers", "SELECT"))
        .await
        .map_err(error)?;
    Ok(rows.into_iter().map(|row| (row.id, row.number)).collect())
}

/// Forgets who read what in clear before an instant, in small statements; says how many.
pub(crate) async fn forget_reads(pool: &PgPool, before: Timestamp) -> Result<u64, Error> {
    const CHUNK: i64 = 5_000;
    let mut forgotten = 0;
    loop {
        let done = sqlx::query!(
            "DELETE FROM contact_reads WHERE id = ANY (ARRAY(SELECT id FROM contact_reads WHERE read_at < $1 LIMIT $2))",
            before.to_sqlx() as _,
            CHUNK
        )
        .execute(pool)
        .instrument(sql_span!("contact_reads.forget", "DELETE"))
        .await
        .map_err(error)?
        .rows_affected();
        forgotten += done;
        if done < CHUNK.unsigned_abs() {
            return Ok(forgotten);
        }
    }
}
