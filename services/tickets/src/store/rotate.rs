//! One batch of a rotation: rows of `contacts` and `customer_keys` brought to the newest keys, a transaction each.
//! Rows that another replica works on are left to it.

use super::{
    key_rotations::{self, Done, Rotation},
    seal::{Blind, Handle, Sealed, Sealer},
};
use gongdan_telemetry::sql_span;
use sqlx::{PgConnection, PgPool};
use std::collections::HashMap;
use tracing::Instrument as _;
use uuid::Uuid;

/// Where a walk along contacts is: after this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AfterContact {
    key_version: i32,
    ticket: Uuid,
}

impl Default for AfterContact {
    fn default() -> Self {
        Self { key_version: i32::MIN, ticket: Uuid::nil() }
    }
}

/// Where a walk along customers' keys is: after this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AfterCustomer {
    customer: Uuid,
    version: i32,
}

impl Default for AfterCustomer {
    fn default() -> Self {
        Self { customer: Uuid::nil(), version: i32::MIN }
    }
}

/// What a batch came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Batch<A> {
    /// Where to go on; none at the end.
    pub after: Option<A>,
    pub done: Done,
}

/// Seals the next contacts anew.
pub(crate) async fn contacts(
    pool: &PgPool,
    sealer: &Sealer,
    rotation: &Rotation,
    after: AfterContact,
    limit: i64,
) -> Result<Batch<AfterContact>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let rows = sqlx::query!(
        "SELECT ticket_id, key_version, sealed FROM contacts
         WHERE key_version < $1 AND (key_version, ticket_id) > ($2, $3)
         ORDER BY key_version, ticket_id LIMIT $4 FOR UPDATE SKIP LOCKED",
        rotation.encryption_version,
        after.key_version,
        after.ticket,
        limit
    )
    .fetch_all(&mut *transaction)
    .instrument(sql_span!("contacts.rotate", "SELECT"))
    .await?;
    let after = rows.last().map(|row| AfterContact { key_version: row.key_version, ticket: row.ticket_id });
    let (mut tickets, mut versions, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        match sealer.reseal(row.ticket_id, &Sealed { key_version: row.key_version, bytes: row.sealed }) {
            Ok(sealed) => {
                tickets.push(row.ticket_id);
                versions.push(sealed.key_version);
                bytes.push(sealed.bytes);
            }
            Err(error) => {
                // It stays as it is; the end of the rotation tells how many did.
                tracing::error!(ticket = %row.ticket_id, %error, "a contact cannot be sealed anew");
            }
        }
    }
    let done = Done { contacts: i64::try_from(tickets.len()).unwrap_or(i64::MAX), ..Done::default() };
    if !tickets.is_empty() {
        sqlx::query!(
            "UPDATE contacts c SET key_version = n.key_version, sealed = n.sealed
             FROM UNNEST($1::uuid[], $2::int[], $3::bytea[]) AS n(ticket_id, key_version, sealed)
             WHERE c.ticket_id = n.ticket_id",
            &tickets,
            &versions,
            &bytes
        )
        .execute(&mut *transaction)
        .instrument(sql_span!("contacts.reseal", "UPDATE"))
        .await?;
        key_rotations::count(&mut transaction, rotation.id, done).await?;
    }
    transaction.commit().await?;
    Ok(Batch { after, done })
}

/// Indexes the next customers anew.
pub(crate) async fn customers(
    pool: &PgPool,
    sealer: &Sealer,
    rotation: &Rotation,
    after: AfterCustomer,
    limit: i64,
) -> Result<Batch<AfterCustomer>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let rows = sqlx::query_as!(
        KeyRow,
        "SELECT key_index, version, customer_id, key_version, sealed FROM customer_keys
         WHERE (customer_id, version) > ($1, $2) AND (version < $3 OR key_version < $4)
         ORDER BY customer_id, version LIMIT $5 FOR UPDATE SKIP LOCKED",
        after.customer,
        after.version,
        rotation.index_version,
        rotation.encryption_version,
        limit
    )
    .fetch_all(&mut *transaction)
    .instrument(sql_span!("customer_keys.rotate", "SELECT"))
    .await?;
    let after = rows.last().map(|row| AfterCustomer { customer: row.customer_id, version: row.version });
    let contacts = numbers(&mut transaction, sealer, &rows).await?;
    let mut moves = Moves::default();
    for row in &rows {
        match row.handle(sealer, &contacts) {
            Some(handle) => moves.add(sealer, rotation, row, &handle),
            None if rotation.forget_unknown && row.sealed.is_none() => {
                moves.forgotten.push(row.key_index.clone());
            }
            None => {}
        }
    }
    let done = moves.write(&mut transaction).await?;
    key_rotations::count(&mut transaction, rotation.id, done).await?;
    transaction.commit().await?;
    Ok(Batch { after, done })
}

struct KeyRow {
    key_index: Vec<u8>,
    version: i32,
    customer_id: Uuid,
    key_version: Option<i32>,
    sealed: Option<Vec<u8>>,
}

impl KeyRow {
    /// What the index was made of: as it was sealed with it, or the number in a contact that gives this very index.
    fn handle(&self, sealer: &Sealer, contacts: &HashMap<Uuid, Vec<Handle>>) -> Option<Handle> {
        if let (Some(key_version), Some(bytes)) = (self.key_version, &self.sealed) {
            let sealed = Sealed { key_version, bytes: bytes.clone() };
            return match sealer.open_handle(self.customer_id, &sealed) {
                Ok(handle) => Some(handle),
                Err(error) => {
                    tracing::error!(customer = %self.customer_id, %error, "a customer cannot be indexed anew");
                    None
                }
            };
        }
        let gives = |handle: &&Handle| {
            sealer.blind(self.version, handle).is_some_and(|blind| blind.key == self.key_index)
        };
        contacts.get(&self.customer_id)?.iter().find(gives).cloned()
    }
}

/// The numbers in the contacts of customers whose rows do not say what they were made of.
async fn numbers(
    connection: &mut PgConnection,
    sealer: &Sealer,
    rows: &[KeyRow],
) -> Result<HashMap<Uuid, Vec<Handle>>, sqlx::Error> {
    let customers: Vec<Uuid> =
        rows.iter().filter(|row| row.sealed.is_none()).map(|row| row.customer_id).collect();
    let mut numbers: HashMap<Uuid, Vec<Handle>> = HashMap::new();
    if customers.is_empty() {
        return Ok(numbers);
    }
    let contacts = sqlx::query!(
        "SELECT ticket_id, customer_id, key_version, sealed FROM contacts WHERE customer_id = ANY ($1)",
        &customers
    )
    .fetch_all(connection)
    .instrument(sql_span!("contacts.of_customers", "SELECT"))
    .await?;
    for row in contacts {
        let sealed = Sealed { key_version: row.key_version, bytes: row.sealed };
        if let Ok(contact) = sealer.open(row.ticket_id, &sealed)
            && let Some(phone) = contact.phone
        {
            let known = numbers.entry(row.customer_id).or_default();
            let handle = Handle::Phone(phone);
            if !known.contains(&handle) {
                known.push(handle);
            }
        }
    }
    Ok(numbers)
}

/// What becomes of the rows of a batch.
#[derive(Default)]
struct Moves {
    /// Indexes that go.
    old: Vec<Vec<u8>>,
    /// Their customers; each old one goes only once its customer has the new one.
    customers: Vec<Uuid>,
    new: Vec<Blind>,
    sealed: Vec<Sealed>,
    forgotten: Vec<Vec<u8>>,
}

impl Moves {
    fn add(&mut self, sealer: &Sealer, rotation: &Rotation, row: &KeyRow, handle: &Handle) {
        // What is newer already keeps its index and is only sealed anew.
        let version = row.version.max(rotation.index_version);
        let (Some(blind), Ok(sealed)) =
            (sealer.blind(version, handle), sealer.seal_handle(row.customer_id, handle))
        else {
            tracing::error!(customer = %row.customer_id, version, "a key is not held any more");
            return;
        };
        self.old.push(row.key_index.clone());
        self.customers.push(row.customer_id);
        self.new.push(blind);
        self.sealed.push(sealed);
    }

    async fn write(&mut self, connection: &mut PgConnection) -> Result<Done, sqlx::Error> {
        let key: Vec<Vec<u8>> = self.new.iter().map(|blind| blind.key.clone()).collect();
        let version: Vec<i32> = self.new.iter().map(|blind| blind.version).collect();
        let last_four: Vec<Option<Vec<u8>>> = self.new.iter().map(|blind| blind.last_four.clone()).collect();
        let key_version: Vec<i32> = self.sealed.iter().map(|sealed| sealed.key_version).collect();
        let sealed: Vec<Vec<u8>> = self.sealed.iter().map(|sealed| sealed.bytes.clone()).collect();
        // The row is there when the customer was made with both versions, or is the row itself, sealed anew.
        let kept = sqlx::query_scalar!(
            r#"INSERT INTO customer_keys AS k (key_index, version, last_four_index, customer_id, key_version, sealed)
               SELECT DISTINCT ON (key_index) key_index, version, last_four, customer_id, key_version, sealed
               FROM UNNEST($1::bytea[], $2::int[], $3::bytea[], $4::uuid[], $5::int[], $6::bytea[])
                 AS n(key_index, version, last_four, customer_id, key_version, sealed)
               ORDER BY key_index
               ON CONFLICT (key_index) DO UPDATE SET key_version = excluded.key_version, sealed = excluded.sealed
                 WHERE k.customer_id = excluded.customer_id
               RETURNING key_index"#,
            &key,
            &version,
            &last_four as &[Option<Vec<u8>>],
            &self.customers,
            &key_version,
            &sealed
        )
        .fetch_all(&mut *connection)
        .instrument(sql_span!("customer_keys.reindex", "INSERT"))
        .await?;
        let mut gone = std::mem::take(&mut self.forgotten);
        let forgotten = i64::try_from(gone.len()).unwrap_or(i64::MAX);
        let mut customers = 0;
        for ((old, new), customer) in self.old.iter().zip(&key).zip(&self.customers) {
            if !kept.contains(new) {
                tracing::error!(%customer, "another customer has the same number");
                continue;
            }
            customers += 1;
            if old != new {
                gone.push(old.clone());
            }
        }
        sqlx::query!("DELETE FROM customer_keys WHERE key_index = ANY ($1)", &gone)
            .execute(connection)
            .instrument(sql_span!("customer_keys.retire", "DELETE"))
            .await?;
        Ok(Done { customers, forgotten, ..Done::default() })
    }
}
