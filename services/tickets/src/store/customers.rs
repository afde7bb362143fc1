//! Tables `customers`, `customer_keys`, `contacts` and `contact_reads`. Source: T9, DESIGN rule 15.

use super::{
    scope::COLUMNS,
    seal::{Blind, Contact, Sealed, Sealer},
};
use gongdan_access::Scope;
use gongdan_clock::{SharedClock, new_id};
use gongdan_errors::{Error, Reason};
use gongdan_pg::{RequestKey, error, requests};
use gongdan_region::RegionCode;
use gongdan_telemetry::sql_span;
use jiff_sqlx::ToSqlx as _;
use moka::sync::Cache;
use sqlx::{FromRow, PgConnection, PgPool, Postgres, QueryBuilder};
use std::{sync::Arc, time::Duration};
use tracing::Instrument as _;
use uuid::Uuid;

/// Ids of customers kept in memory, by their blind index.
const REMEMBERED: u64 = 50_000;

/// Another replica's change of a tier is seen after at most this time.
const FRESH: Duration = Duration::from_secs(5);

/// The tier of whom nobody said anything.
pub(crate) const STANDARD: &str = "standard";

/// A customer that is there.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Customer {
    pub id: Uuid,
    pub tier: String,
    /// Where they live, if somebody said so.
    pub region: Option<i64>,
    /// When somebody made sure that the contact is theirs.
    pub verified_at: Option<jiff_sqlx::Timestamp>,
    /// +1 per change.
    pub version: i64,
}

/// The columns of a [`Customer`].
const CUSTOMER: &str = "c.id, c.tier, c.region, c.verified_at, c.version";

/// What is set of a customer; `None` leaves what is there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Set {
    pub tier: Option<String>,
    pub region: Option<Option<RegionCode>>,
}

/// What a customer's tickets within a scope say of it, without those whose reporter the viewer may not know.
#[derive(Debug, FromRow)]
pub(crate) struct Seen {
    /// How many.
    pub shown: i64,
    /// When the first of them was received.
    pub first: Option<jiff_sqlx::Timestamp>,
    /// Whether there is any, wherever it is, whose reporter is confidential.
    pub confidential: bool,
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
    tiers: Cache<Uuid, String>,
}

impl Customers {
    pub(crate) fn new(pool: PgPool, sealer: Arc<Sealer>, clock: SharedClock) -> Self {
        let tiers = Cache::builder().max_capacity(REMEMBERED).time_to_live(FRESH).build();
        Self { pool, sealer, clock, ids: Cache::new(REMEMBERED), tiers }
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

    /// The indexes that a customer is found by.
    pub(crate) async fn keys_of(&self, customer: Uuid) -> Result<Vec<Vec<u8>>, Error> {
        sqlx::query_scalar!("SELECT key_index FROM customer_keys WHERE customer_id = $1", customer)
            .fetch_all(&self.pool)
            .instrument(sql_span!("customer_keys.of", "SELECT"))
            .await
            .map_err(error)
    }

    /// The customer of a number or of a source's key.
    pub(crate) async fn by_key(&self, blinds: &[Blind]) -> Result<Vec<Customer>, Error> {
        let keys: Vec<Vec<u8>> = blinds.iter().map(|blind| blind.key.clone()).collect();
        sqlx::query_as!(
            Customer,
            r#"SELECT id, tier, region, verified_at AS "verified_at: jiff_sqlx::Timestamp", version FROM customers
             WHERE id IN (SELECT customer_id FROM customer_keys WHERE key_index = ANY ($1))"#,
            &keys
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("customers.by_key", "SELECT"))
        .await
        .map_err(error)
    }

    /// Customers whose numbers end so and who have a ticket within the scope whose reporter may be known, the newest
    /// first; `indexes` are of the same four digits.
    pub(crate) async fn by_last_four(
        &self,
        indexes: &[Vec<u8>],
        scope: &Scope,
        see_reporter: bool,
        limit: i64,
    ) -> Result<Vec<Customer>, Error> {
        let mut sql = QueryBuilder::new("SELECT ");
        sql.push(CUSTOMER).push(
            " FROM customers c
             WHERE c.id IN (SELECT customer_id FROM customer_keys WHERE last_four_index = ANY (",
        );
        sql.push_bind(indexes).push(")) AND EXISTS (SELECT FROM ticket_views WHERE customer_id = c.id AND ");
        shown(&mut sql, scope, see_reporter);
        sql.push(") ORDER BY c.first_seen_at DESC LIMIT ").push_bind(limit);
        sql.build_query_as()
            .fetch_all(&self.pool)
            .instrument(sql_span!("customers.by_last_four", "SELECT"))
            .await
            .map_err(error)
    }

    /// A customer.
    pub(crate) async fn by_id(&self, id: Uuid) -> Result<Vec<Customer>, Error> {
        sqlx::query_as!(
            Customer,
            r#"SELECT id, tier, region, verified_at AS "verified_at: jiff_sqlx::Timestamp", version
               FROM customers WHERE id = $1"#,
            id
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("customers.by_id", "SELECT"))
        .await
        .map_err(error)
    }

    /// The tier of a customer, as it was at most a few seconds ago; the usual one for whoever is not there.
    pub(crate) async fn tier(&self, id: Uuid) -> Result<String, Error> {
        if let Some(tier) = self.tiers.get(&id) {
            return Ok(tier);
        }
        let tier = self.by_id(id).await?.pop().map_or_else(|| STANDARD.to_owned(), |customer| customer.tier);
        self.tiers.insert(id, tier.clone());
        Ok(tier)
    }

    /// Whether somebody made sure that the contact is the customer's.
    pub(crate) async fn is_verified(&self, id: Uuid) -> Result<bool, Error> {
        Ok(self.by_id(id).await?.first().is_some_and(|customer| customer.verified_at.is_some()))
    }

    /// Sets what is said of a customer; none when there is no such one. A repeated request gets what it made.
    pub(crate) async fn set(
        &self,
        id: Uuid,
        etag: Option<i64>,
        set: &Set,
        key: &RequestKey,
    ) -> Result<Option<Customer>, Error> {
        let mut transaction = self.pool.begin().await.map_err(error)?;
        let Some(before) = locked(&mut transaction, id).await.map_err(error)? else { return Ok(None) };
        if requests::lookup(&mut transaction, key).await?.is_some() {
            return Ok(Some(before));
        }
        if let Some(etag) = etag
            && etag != before.version
        {
            return Err(Error::aborted(Reason::EtagMismatch, "the customer has changed: look it up again")
                .with("etag", before.version));
        }
        let after = Customer {
            tier: set.tier.clone().unwrap_or_else(|| before.tier.clone()),
            region: set.region.map_or(before.region, |region| region.map(|code| code.as_i64())),
            version: before.version + 1,
            ..before
        };
        let now = self.clock.now();
        sqlx::query!(
            "UPDATE customers SET tier = $2, region = $3, version = $4 WHERE id = $1",
            id,
            after.tier,
            after.region,
            after.version
        )
        .execute(&mut *transaction)
        .instrument(sql_span!("customers.set", "UPDATE"))
        .await
        .map_err(error)?;
        let answered = requests::Answered { resource_id: id, version: after.version };
        requests::insert(&mut transaction, key, answered, now).await?;
        transaction.commit().await.map_err(error)?;
        self.tiers.invalidate(&id);
        Ok(Some(after))
    }

    /// Notes that somebody made sure that the contact is the customer's; none when there is no such one. Once is enough.
    pub(crate) async fn verify(
        &self,
        id: Uuid,
        by: &str,
        key: &RequestKey,
    ) -> Result<Option<Customer>, Error> {
        let mut transaction = self.pool.begin().await.map_err(error)?;
        let Some(before) = locked(&mut transaction, id).await.map_err(error)? else { return Ok(None) };
        if requests::lookup(&mut transaction, key).await?.is_some() {
            return Ok(Some(before));
        }
        let now = self.clock.now();
        let after = if before.verified_at.is_some() {
            before
        } else {
            sqlx::query_as!(
                Customer,
                r#"UPDATE customers SET verified_at = $2, verified_by = $3, version = version + 1 WHERE id = $1
                   RETURNING id, tier, region, verified_at AS "verified_at: jiff_sqlx::Timestamp", version"#,
                id,
                now.to_sqlx() as _,
                by
            )
            .fetch_one(&mut *transaction)
            .instrument(sql_span!("customers.verify", "UPDATE"))
            .await
            .map_err(error)?
        };
        let answered = requests::Answered { resource_id: id, version: after.version };
        requests::insert(&mut transaction, key, answered, now).await?;
        transaction.commit().await.map_err(error)?;
        Ok(Some(after))
    }

    /// The contact a customer gave last with a ticket within all the scopes whose reporter may be known, and the ticket.
    pub(crate) async fn contact_within(
        &self,
        customer: Uuid,
        scopes: &[&Scope],
        see_reporter: bool,
    ) -> Result<Option<(Uuid, Contact)>, Error> {
        let mut sql =
            QueryBuilder::new("SELECT id, key_version, sealed FROM ticket_views WHERE customer_id = ");
        sql.push_bind(customer).push(" AND sealed IS NOT NULL");
        for scope in scopes {
            sql.push(" AND ");
            shown(&mut sql, scope, see_reporter);
        }
        sql.push(" ORDER BY received_at DESC, id DESC LIMIT 1");
        let row: Option<(Uuid, i32, Vec<u8>)> = sql
            .build_query_as()
            .fetch_optional(&self.pool)
            .instrument(sql_span!("ticket_views.contact_of_customer", "SELECT"))
            .await
            .map_err(error)?;
        row.map(|(ticket, key_version, bytes)| {
            let contact = self.sealer.open(ticket, &Sealed { key_version, bytes });
            contact.map(|contact| (ticket, contact)).map_err(Error::internal)
        })
        .transpose()
    }

    /// The contact a customer gave last.
    async fn contact(&self, customer: Uuid) -> Result<Option<Contact>, Error> {
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

    /// What is to be seen of a customer by its tickets.
    pub(crate) async fn seen(
        &self,
        customer: Uuid,
        scope: &Scope,
        see_reporter: bool,
    ) -> Result<Seen, Error> {
        let mut sql = QueryBuilder::new(
            "SELECT count(*) FILTER (WHERE shown) AS shown, min(received_at) FILTER (WHERE shown) AS first,
                    coalesce(bool_or(confidential), false) AS confidential
             FROM (SELECT received_at, confidential, ",
        );
        shown(&mut sql, scope, see_reporter);
        sql.push(" AS shown FROM ticket_views WHERE customer_id = ").push_bind(customer).push(") t");
        sql.build_query_as()
            .fetch_one(&self.pool)
            .instrument(sql_span!("tickets.seen_of_customer", "SELECT"))
            .await
            .map_err(error)
    }
}

/// A customer, whom nobody else changes until the transaction ends.
async fn locked(connection: &mut PgConnection, id: Uuid) -> Result<Option<Customer>, sqlx::Error> {
    sqlx::query_as!(
        Customer,
        r#"SELECT id, tier, region, verified_at AS "verified_at: jiff_sqlx::Timestamp", version
           FROM customers WHERE id = $1 FOR UPDATE"#,
        id
    )
    .fetch_optional(connection)
    .instrument(sql_span!("customers.lock", "SELECT"))
    .await
}

/// Adds the condition that a ticket is within the scope, and that its reporter may be known.
fn shown(sql: &mut QueryBuilder<Postgres>, scope: &Scope, see_reporter: bool) {
    sql.push("((").push_bind(see_reporter).push(" OR NOT confidential) AND ");
    scope.push(sql, &COLUMNS);
    sql.push(")");
}
