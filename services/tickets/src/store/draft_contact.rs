//! The contact of a draft, written with what the draft says from now on. Source: T2, T9, DESIGN rule 15.

use super::{
    insert::TicketCustomer,
    save::Save,
    seal::Sealed,
    ticket_views::{Detail, TicketView},
    tickets::{Call, Opened},
    update::Updated,
    workflows::Who,
    writer::Batch as _,
};
use crate::{Rooms, error::lost_race_to, events};
use gongdan_errors::{Code, Error};
use gongdan_pg::error;
use gongdan_proto::tickets::v1 as pb;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{Changed, form::Found};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use tracing::Instrument as _;
use uuid::Uuid;

/// What became of it.
pub(crate) enum Kept {
    /// The draft as it is now.
    Done(Box<pb::Ticket>),
    /// The customer was made by somebody else at the same moment: look it up and try again.
    CustomerTaken,
}

/// Writes a changed draft with another contact, in one transaction; `customer` is whose the draft is then, if anybody's.
pub(crate) async fn save(
    rooms: &Rooms,
    mut view: TicketView,
    changed: &Changed,
    call: &Call,
    fields: Vec<(String, Found)>,
    customer: &TicketCustomer,
    contact: Option<Sealed>,
) -> Result<Kept, Error> {
    let changed = &rooms.tickets.judged(changed, Who::Caller(&call.caller)).await?;
    let now = rooms.clock.now();
    let written = events::write(changed, now);
    let answer = written.ticket.clone();
    let mut save = Save::new(changed, written, Some(call.key.clone()), now);
    save.extras.fields = Some(fields);
    let span = sql_span!("drafts.update", "UPDATE");
    let outcome = async {
        let mut transaction = rooms.pool.begin().await?;
        let id = changed.ticket.customer_id;
        if let Some(id) = id
            && !is_whose(&mut transaction, id, customer, now).await?
        {
            return Ok::<_, sqlx::Error>(None);
        }
        let updated = Save::run(&mut transaction, &[save]).await?;
        if updated.contains(&Updated::Lost) {
            return Ok(Some(Updated::Lost));
        }
        put(&mut transaction, changed.ticket.id, id, contact.as_ref(), now).await?;
        transaction.commit().await?;
        Ok(Some(Updated::Done))
    }
    .instrument(span)
    .await
    .map_err(error);
    let conflict = match outcome {
        Ok(Some(Updated::Done)) => {
            rooms.wake();
            rooms.tickets.count(changed);
            view.customer_id = changed.ticket.customer_id;
            view.key_version = contact.as_ref().map(|sealed| sealed.key_version);
            view.sealed = contact.map(|sealed| sealed.bytes);
            let view = view.with_texts(changed);
            let ticket = view.present_as(answer, Detail::Full, call.viewer, &rooms.customers.sealer)?;
            return Ok(Kept::Done(Box::new(ticket)));
        }
        Ok(None) => return Ok(Kept::CustomerTaken),
        Ok(Some(Updated::Lost)) => None,
        // The same request under way twice: the twin's row is there when this one fails.
        Err(error) if error.code() == Code::Internal => Some(error),
        Err(error) => return Err(error),
    };
    rooms.metrics.conflict();
    let again = Call { etag: None, ..call.clone() };
    match rooms.tickets.open(&again).await? {
        Opened::Answered(answer) => Ok(Kept::Done(answer)),
        Opened::Fresh(present) => Err(conflict.unwrap_or_else(|| lost_race_to(present.view.version))),
    }
}

/// Makes the customer, or makes sure that it is the one the number leads to; false when it is not.
async fn is_whose(
    connection: &mut PgConnection,
    id: Uuid,
    customer: &TicketCustomer,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let keys: Vec<Vec<u8>> = customer.blinds.iter().map(|blind| blind.key.clone()).collect();
    let owner = sqlx::query_scalar!(
        "SELECT customer_id FROM customer_keys WHERE key_index = ANY ($1) LIMIT 1",
        &keys
    )
    .fetch_optional(&mut *connection)
    .await?;
    if !customer.new {
        return Ok(keys.is_empty() || owner == Some(id));
    }
    if owner.is_some() {
        return Ok(false);
    }
    for (at, blind) in customer.blinds.iter().enumerate() {
        if at > 0 && !customer.given.contains(&blind.version) {
            continue;
        }
        let made = sqlx::query!(
            "INSERT INTO customer_keys (key_index, version, last_four_index, customer_id, key_version, sealed)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            blind.key,
            blind.version,
            blind.last_four,
            id,
            customer.handle.as_ref().map(|sealed| sealed.key_version),
            customer.handle.as_ref().map(|sealed| sealed.bytes.clone())
        )
        .execute(&mut *connection)
        .await?;
        if made.rows_affected() == 0 {
            return Ok(false);
        }
    }
    sqlx::query!("INSERT INTO customers (id, first_seen_at) VALUES ($1, $2)", id, now.to_sqlx() as _)
        .execute(connection)
        .await?;
    Ok(true)
}

/// Whose the draft is, and the contact, in the place of what was there.
async fn put(
    connection: &mut PgConnection,
    ticket: Uuid,
    customer: Option<Uuid>,
    contact: Option<&Sealed>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE tickets SET customer_id = $2 WHERE id = $1", ticket, customer)
        .execute(&mut *connection)
        .await?;
    let (Some(customer), Some(contact)) = (customer, contact) else {
        sqlx::query!("DELETE FROM contacts WHERE ticket_id = $1", ticket).execute(connection).await?;
        return Ok(());
    };
    sqlx::query!(
        "INSERT INTO contacts (ticket_id, customer_id, key_version, sealed, given_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (ticket_id) DO UPDATE
         SET customer_id = excluded.customer_id, key_version = excluded.key_version, sealed = excluded.sealed,
             given_at = excluded.given_at",
        ticket,
        customer,
        contact.key_version,
        contact.bytes,
        now.to_sqlx() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}
