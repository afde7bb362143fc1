//! Tables `customers`, `customer_keys`, `contacts` and `contact_reads`. Source: T9, DESIGN rule 15.

use super::{
    scope::COLUMNS,
    seal::{Blind, Contact, Sealed, Sealer},
};
use gongdan_access::Scope;
use gongdan_clock::{SharedClock, new_id};
use gongdan_errors::{Error, Reason};
use gongdan_pg::error;
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use moka::sync::Cache;
use sqlx::{FromRow, PgPool, QueryBuilder};
use std::sync::Arc;
use tracing::Instrument as _;
use uuid::Uuid;

/// Ids of customers kept in memory, by their blind index.
const REMEMBERED: u64 = 50_000;

/// A customer as a lookup shows it.
#[derive(Debug)]
pub(crate) struct Customer {
    pub id: Uuid,
    pub tier: String,
    pub first_seen_at: Timestamp,
}

/// How many tickets a customer has.
#[derive(Debug, Clone, Copy, FromRow)]
pub(crate) struct Seen {
    /// Those with a confidential reporter, wherever they are.
    pub confidential: i64,
    /// Those that the viewer may see, without those whose reporter the viewer may not know.
    pub shown: i64,
}

/// Whose request it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// A customer that is there.
    Known(Uuid),
    /// One not seen before, as far as memory tells; the insert finds out.
    New(Uuid),
}

/// Where customers are kept.
pub(crate) struct Customers {
    pool: PgPool,
    pub(crate) sealer: Arc<Sealer>,
    clock: SharedClock,
    ids: Cache<Vec<u8>, Uuid>,
}

impl Customers {
    pub(crate) fn new(pool: PgPool, sealer: Arc<Sealer>, clock: SharedClock) -> Self {
        Self { pool, sealer, clock, ids: Cache::new(REMEMBERED) }
    }

    /// The customer of a blind index, from memory; one that memory does not have is taken for new.
    pub(crate) fn whose(&self, index: &[u8]) -> Whose {
        self.ids.get(index).map_or_else(|| Whose::New(new_id(self.clock.now())), Whose::Known)
    }

    /// The insert made the customer.
    pub(crate) fn made(&self, index: Vec<u8>, id: Uuid) {
        self.ids.insert(index, id);
    }

    /// The insert said that memory is wrong. `blinds` are of one handle, that in use first.
    pub(crate) async fn find(&self, blinds: &[Blind]) -> Result<Whose, Error> {
        let keys: Vec<Vec<u8>> = blinds.iter().map(|blind| blind.key.clone()).collect();
        let id = sqlx::query_scalar!(
            "SELECT customer_id FROM customer_keys WHERE key_index = ANY ($1) LIMIT 1",
            &keys
        )
        .fetch_optional(&self.pool)
        .instrument(sql_span!("customer_keys.find", "SELECT"))
        .await
        .map_err(error)?;
        let first = blinds.first().map(|blind| blind.key.as_slice()).unwrap_or_default();
        let Some(id) = id else {
            self.ids.invalidate(first);
            return Ok(Whose::New(new_id(self.clock.now())));
        };
        self.ids.insert(first.to_vec(), id);
        Ok(Whose::Known(id))
    }

    /// The customer of a number or of a source's key.
    pub(crate) async fn by_key(&self, blinds: &[Blind]) -> Result<Vec<Customer>, Error> {
        let keys: Vec<Vec<u8>> = blinds.iter().map(|blind| blind.key.clone()).collect();
        let rows = sqlx::query_as!(
            Row,
            "SELECT id, tier, first_seen_at FROM customers
             WHERE id IN (SELECT customer_id FROM customer_keys WHERE key_index = ANY ($1))",
            &keys
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("customers.by_key", "SELECT"))
        .await
        .map_err(error)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Customers whose numbers end so, the newest first; `indexes` are of the same four digits.
    pub(crate) async fn by_last_four(&self, indexes: &[Vec<u8>], limit: i64) -> Result<Vec<Customer>, Error> {
        let rows = sqlx::query_as!(
            Row,
            "SELECT id, tier, first_seen_at FROM customers
             WHERE id IN (SELECT customer_id FROM customer_keys WHERE last_four_index = ANY ($1))
             ORDER BY first_seen_at DESC LIMIT $2",
            indexes,
            limit
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("customers.by_last_four", "SELECT"))
        .await
        .map_err(error)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// A customer.
    pub(crate) async fn by_id(&self, id: Uuid) -> Result<Vec<Customer>, Error> {
        let rows = sqlx::query_as!(Row, "SELECT id, tier, first_seen_at FROM customers WHERE id = $1", id)
            .fetch_all(&self.pool)
            .instrument(sql_span!("customers.by_id", "SELECT"))
            .await
            .map_err(error)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// The contact a customer gave last; without `confidential` the last given with a ticket whose reporter may be known.
    pub(crate) async fn contact(&self, customer: Uuid, confidential: bool) -> Result<Option<Contact>, Error> {
        let row = sqlx::query!(
            "SELECT ticket_id, key_version, sealed FROM contacts c WHERE customer_id = $1
               AND ($2 OR EXISTS (SELECT FROM tickets t WHERE t.id = c.ticket_id AND NOT t.confidential))
             ORDER BY given_at DESC LIMIT 1",
            customer,
            confidential
        )
        .fetch_optional(&self.pool)
        .instrument(sql_span!("contacts.latest", "SELECT"))
        .await
        .map_err(error)?;
        row.map(|row| {
            let sealed = Sealed { key_version: row.key_version, bytes: row.sealed };
            self.sealer.open(row.ticket_id, &sealed).map_err(Error::internal)
        })
        .transpose()
    }

    /// The contact in clear; who read it and why is written down first.
    pub(crate) async fn contact_in_clear(
        &self,
        customer: Uuid,
        ticket: Option<Uuid>,
        reader: &str,
        purpose: &str,
    ) -> Result<Contact, Error> {
        let found = self.contact(customer, true).await?;
        let contact = found
            .ok_or_else(|| Error::not_found(Reason::CustomerNotFound, "no contact of such a customer"))?;
        self.opened_in_clear(Some(customer), ticket, reader, purpose).await?;
        Ok(contact)
    }

    /// Notes who is about to see what is personal in clear, and why. Every answer in clear comes after it.
    pub(crate) async fn opened_in_clear(
        &self,
        customer: Option<Uuid>,
        ticket: Option<Uuid>,
        reader: &str,
        purpose: &str,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        sqlx::query!(
            "INSERT INTO contact_reads (id, customer_id, ticket_id, reader, purpose, read_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
            new_id(now),
            customer,
            ticket,
            reader,
            purpose,
            now.to_sqlx() as _
        )
        .execute(&self.pool)
        .instrument(sql_span!("contact_reads.insert", "INSERT"))
        .await
        .map_err(error)?;
        Ok(())
    }

    /// How many of a customer's tickets within a scope are shown to who may or may not know reporters, and how many
    /// of all are confidential.
    pub(crate) async fn tickets_of(
        &self,
        customer: Uuid,
        scope: &Scope,
        see_reporter: bool,
    ) -> Result<Seen, Error> {
        let mut sql = QueryBuilder::new("SELECT count(*) FILTER (WHERE confidential) AS confidential, ");
        sql.push("count(*) FILTER (WHERE (").push_bind(see_reporter).push(" OR NOT confidential) AND ");
        scope.push(&mut sql, &COLUMNS);
        sql.push(") AS shown FROM ticket_views WHERE customer_id = ").push_bind(customer);
        sql.build_query_as()
            .fetch_one(&self.pool)
            .instrument(sql_span!("tickets.count_of_customer", "SELECT"))
            .await
            .map_err(error)
    }
}

struct Row {
    id: Uuid,
    tier: String,
    first_seen_at: jiff_sqlx::Timestamp,
}

impl From<Row> for Customer {
    fn from(row: Row) -> Self {
        Self { id: row.id, tier: row.tier, first_seen_at: row.first_seen_at.to_jiff() }
    }
}
