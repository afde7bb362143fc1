//! Tables `customers`, `contacts` and `contact_reads`. Source: T9, DESIGN rule 15.

use super::{
    scope::COLUMNS,
    seal::{Contact, Sealed, Sealer},
};
use gongdan_access::Scope;
use gongdan_clock::{SharedClock, new_id};
use gongdan_errors::{Error, Reason};
use gongdan_pg::error;
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use moka::sync::Cache;
use sqlx::{PgPool, QueryBuilder};
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
    pub(crate) fn whose(&self, index: &Vec<u8>) -> Whose {
        self.ids.get(index).map_or_else(|| Whose::New(new_id(self.clock.now())), Whose::Known)
    }

    /// The insert made the customer.
    pub(crate) fn made(&self, index: Vec<u8>, id: Uuid) {
        self.ids.insert(index, id);
    }

    /// The insert said that the customer is there.
    pub(crate) async fn find(&self, index: &Vec<u8>) -> Result<Whose, Error> {
        let id = sqlx::query_scalar!("SELECT id FROM customers WHERE key_index = $1", index)
            .fetch_optional(&self.pool)
            .instrument(sql_span!("customers.find", "SELECT"))
            .await
            .map_err(error)?;
        let Some(id) = id else { return Ok(self.whose(index)) };
        self.ids.insert(index.clone(), id);
        Ok(Whose::Known(id))
    }

    /// Customers of a number.
    pub(crate) async fn by_key(&self, index: &[u8]) -> Result<Vec<Customer>, Error> {
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT id, tier, first_seen_at FROM customers WHERE key_index = $1"#,
            index
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("customers.by_key", "SELECT"))
        .await
        .map_err(error)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Customers whose numbers end so, the newest first.
    pub(crate) async fn by_last_four(&self, index: &[u8], limit: i64) -> Result<Vec<Customer>, Error> {
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT id, tier, first_seen_at FROM customers WHERE last_four_index = $1
               ORDER BY first_seen_at DESC LIMIT $2"#,
            index,
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

    /// The contact a customer gave last.
    pub(crate) async fn contact(&self, customer: Uuid) -> Result<Option<Contact>, Error> {
        let row = sqlx::query!(
            "SELECT ticket_id, key_version, sealed FROM contacts WHERE customer_id = $1
             ORDER BY given_at DESC LIMIT 1",
            customer
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
        let found = self.contact(customer).await?;
        let contact = found
            .ok_or_else(|| Error::not_found(Reason::CustomerNotFound, "no contact of such a customer"))?;
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
        Ok(contact)
    }

    /// How many tickets a customer has in all.
    pub(crate) async fn tickets_of(&self, customer: Uuid, scope: &Scope) -> Result<i64, Error> {
        let mut sql = QueryBuilder::new("SELECT count(*) FROM ticket_views WHERE customer_id = ");
        sql.push_bind(customer).push(" AND ");
        scope.push(&mut sql, &COLUMNS);
        sql.build_query_scalar()
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
