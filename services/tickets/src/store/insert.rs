//! New tickets: rows, events, requests or import keys, customers and contacts of many in one statement.

use super::{
    extras,
    save::{Columns, DeltaColumns, DoerColumns, EventColumns, ParticipantColumns, Save},
    seal::{Blind, Sealed},
    writer::Batch,
};
use async_trait::async_trait;
use gongdan_pg::constraint;
use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::{Connection as _, PgConnection};

/// A new ticket ready to be written.
#[derive(Debug, Clone)]
pub(crate) struct Insert {
    pub save: Save,
    pub subject: String,
    pub body: String,
    /// Its key in the source, when it is an import; the guard instead of a request.
    pub import: Option<ImportKey>,
    pub customer: TicketCustomer,
    pub contact: Option<Sealed>,
}

/// Whose ticket it is, and how that is made sure of. One without number and name has none of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct TicketCustomer {
    /// The customer is to be made with the ticket; else it is there.
    pub new: bool,
    /// How a customer is found, under every version that is held; that which decides about a new one first.
    pub blinds: Vec<Blind>,
    /// The versions of them that a new customer gets.
    pub given: Vec<i32>,
    /// What the indexes of a new customer are made of.
    pub handle: Option<Sealed>,
}

/// The key of an import and a hash of its content.
#[derive(Debug, Clone)]
pub(crate) struct ImportKey {
    pub source: String,
    pub id: String,
    pub hash: [u8; 32],
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inserted {
    /// It is written.
    Created,
    /// Its request or import key was there: nothing is written.
    Known,
    /// Another customer has the number, or the one it was taken for no longer does: nothing is written.
    CustomerTaken,
}

#[async_trait]
impl Batch for Insert {
    type Answer = Inserted;

    /// Answers each, in order.
    ///
    /// The guards are looked up by scalar subqueries, which no plan turns into a scan of the table, and inserted with
    /// ON CONFLICT, which waits for and then sees a concurrent twin. `(… IN …) IS TRUE` is looked up in a hash; a join
    /// would compare each row with each. Ordinals count from 0 without gaps, so that they find ids in the columns.
    ///
    /// A new customer is written with an index of each version that is given or not at all: one that is there is seen by
    /// any version that is held, given or not, since a rotation brings customers to the given ones one after the other; and of two that are made at the same moment the first index decides. The others are inserted without ON
    /// CONFLICT: when a replica that decides by another version was faster, the statement fails as a whole. Events are inserted in the order of versions, so that their positions have it too.
    async fn run(connection: &mut PgConnection, inserts: &[Self]) -> Result<Vec<Inserted>, sqlx::Error> {
        if inserts.iter().all(|insert| insert.save.extras.is_empty()) {
            return write(connection, inserts).await;
        }
        let mut transaction = connection.begin().await?;
        let answers = write(&mut transaction, inserts).await?;
        let written = inserts.iter().zip(&answers).filter(|(_, answer)| **answer == Inserted::Created);
        let written: Vec<&Save> = written.map(|(insert, _)| &insert.save).collect();
        extras::write(&mut transaction, &written).await?;
        transaction.commit().await?;
        Ok(answers)
    }
}

#[allow(clippy::too_many_lines, reason = "one statement")]
async fn write(connection: &mut PgConnection, inserts: &[Insert]) -> Result<Vec<Inserted>, sqlx::Error> {
    let saves: Vec<&Save> = inserts.iter().map(|insert| &insert.save).collect();
    let (c, e, p) = (Columns::of(&saves), EventColumns::of(&saves), ParticipantColumns::of(&saves));
    let (k, q, doers) = (KeyColumns::of(inserts), DeltaColumns::of(&saves), DoerColumns::of(&saves));
    let subject: Vec<String> = inserts.iter().map(|i| i.subject.clone()).collect();
    let body: Vec<String> = inserts.iter().map(|i| i.body.clone()).collect();
    let source: Vec<Option<String>> =
        inserts.iter().map(|i| i.import.as_ref().map(|k| k.source.clone())).collect();
    let external: Vec<Option<String>> =
        inserts.iter().map(|i| i.import.as_ref().map(|k| k.id.clone())).collect();
    let hash: Vec<Option<Vec<u8>>> = inserts
        .iter()
        .zip(&c.hash)
        .map(|(i, request)| i.import.as_ref().map(|k| k.hash.to_vec()).or_else(|| request.clone()))
        .collect();
    let new_customer: Vec<bool> = inserts.iter().map(|i| i.customer.new).collect();
    let handle = |i: &Insert| i.customer.handle.clone();
    let handle_version: Vec<Option<i32>> = inserts.iter().map(|i| handle(i).map(|h| h.key_version)).collect();
    let handle_sealed: Vec<Option<Vec<u8>>> = inserts.iter().map(|i| handle(i).map(|h| h.bytes)).collect();
    let key_version: Vec<Option<i32>> =
        inserts.iter().map(|i| i.contact.as_ref().map(|s| s.key_version)).collect();
    let sealed: Vec<Option<Vec<u8>>> =
        inserts.iter().map(|i| i.contact.as_ref().map(|s| s.bytes.clone())).collect();
    let rows = sqlx::query!(
            r#"WITH input AS MATERIALIZED (
                 SELECT * FROM UNNEST(
                   $1::int[], $2::uuid[], $3::text[], $4::bigint[], $5::smallint[], $6::int[], $7::smallint[], $8::text[],
                   $9::bigint[], $10::smallint[], $11::smallint[], $12::smallint[], $13::uuid[], $14::text[], $15::text[],
                   $16::timestamptz[], $17::timestamptz[], $18::text[], $19::text[], $20::bytea[], $21::timestamptz[],
                   $22::text[], $23::text[], $24::uuid[], $25::bytea[], $26::text[], $27::text[], $28::boolean[],
                   $29::int[], $30::bytea[], $31::text[], $32::text[], $33::text[])
                 AS i(ord, id, number, version, phase, round, kind, item, region, channel, priority, origin, customer_id,
                   lead_unit, handler, received_at, resolved_at, subject, body, state, recorded_at, caller, method,
                   request_id, hash, source, external_id, new_customer, key_version, sealed, solution, root_cause, reply)),
               fresh AS MATERIALIZED (
                 SELECT i.* FROM input i
                 WHERE CASE WHEN i.request_id IS NOT NULL
                   THEN (SELECT r.version FROM requests r
                         WHERE r.caller = i.caller AND r.method = i.method AND r.request_id = i.request_id) IS NULL
                   ELSE (SELECT m.ticket_id FROM imports m
                         WHERE m.external_source = i.source AND m.external_id = i.external_id) IS NULL END),
               keys AS MATERIALIZED (
                 SELECT k.*, ($13::uuid[])[k.ord + 1] AS customer_id,
                   (SELECT c.customer_id FROM customer_keys c WHERE c.key_index = k.key_index) AS owner
                 FROM UNNEST($34::int[], $35::boolean[], $36::bytea[], $37::int[], $38::bytea[], $57::boolean[])
                   AS k(ord, decides, key_index, version, last_four, given)),
               key AS (
                 INSERT INTO customer_keys (key_index, version, last_four_index, customer_id, key_version, sealed)
                 SELECT key_index, version, last_four, customer_id, ($39::int[])[ord + 1], ($40::bytea[])[ord + 1]
                 FROM keys WHERE decides
                   AND (ord IN (SELECT ord FROM fresh WHERE new_customer)) IS TRUE
                   AND (ord IN (SELECT ord FROM keys WHERE owner IS NOT NULL)) IS NOT TRUE
                 ORDER BY key_index
                 ON CONFLICT DO NOTHING RETURNING customer_id),
               ready AS MATERIALIZED (
                 SELECT f.* FROM fresh f
                 WHERE (f.ord IN (SELECT ord FROM keys)) IS NOT TRUE
                    OR f.new_customer AND (f.customer_id IN (SELECT customer_id FROM key)) IS TRUE
                    OR NOT f.new_customer
                       AND (f.ord IN (SELECT ord FROM keys WHERE owner = customer_id)) IS TRUE),
               customer AS (
                 INSERT INTO customers (id, first_seen_at)
                 SELECT customer_id, recorded_at FROM ready WHERE new_customer),
               other_key AS (
                 INSERT INTO customer_keys (key_index, version, last_four_index, customer_id, key_version, sealed)
                 SELECT key_index, version, last_four, customer_id, ($39::int[])[ord + 1], ($40::bytea[])[ord + 1]
                 FROM keys WHERE given AND NOT decides AND (customer_id IN (SELECT customer_id FROM key)) IS TRUE
                 ORDER BY key_index),
               request AS (
                 INSERT INTO requests (caller, method, request_id, hash, resource_id, version, created_at)
                 SELECT caller, method, request_id, hash, id, version, recorded_at FROM ready
                 WHERE request_id IS NOT NULL ORDER BY request_id
                 ON CONFLICT DO NOTHING RETURNING resource_id),
               import AS (
                 INSERT INTO imports (external_source, external_id, hash, ticket_id)
                 SELECT source, external_id, hash, id FROM ready
                 WHERE request_id IS NULL ORDER BY source, external_id
                 ON CONFLICT DO NOTHING RETURNING ticket_id),
               won AS MATERIALIZED (
                 SELECT r.* FROM ready r
                 WHERE (r.id IN (SELECT resource_id FROM request UNION ALL SELECT ticket_id FROM import)) IS TRUE),
               ticket AS (
                 INSERT INTO tickets (id, number, version, phase, round, kind, item, region, channel, priority, origin,
                   customer_id, lead_unit, handler, received_at, resolved_at, subject, body, state, confidential,
                   sensitive, pool_unit, created_by, marks)
                 SELECT id, number, version, phase, round, kind, item, region, channel, priority, origin, customer_id,
                   lead_unit, handler, received_at, resolved_at, subject, body, state, ($54::boolean[])[ord + 1],
                   ($55::boolean[])[ord + 1], ($56::text[])[ord + 1], ($58::text[])[ord + 1], ($59::smallint[])[ord + 1]
                 FROM won),
               contact AS (
                 INSERT INTO contacts (ticket_id, customer_id, key_version, sealed, given_at)
                 SELECT id, customer_id, key_version, sealed, recorded_at FROM won WHERE sealed IS NOT NULL),
               resolution AS (
                 INSERT INTO resolutions (ticket_id, round, solution, root_cause, reply)
                 SELECT id, round, solution, root_cause, reply FROM won WHERE reply IS NOT NULL),
               participant AS (
                 INSERT INTO participants (ticket_id, unit_id)
                 SELECT ($2::uuid[])[u.ord + 1], u.unit FROM UNNEST($41::int[], $42::text[]) AS u(ord, unit)
                 WHERE (u.ord IN (SELECT ord FROM won)) IS TRUE),
               doer AS (
                 INSERT INTO doers (person, received_at, ticket_id, unit)
                 SELECT w.person, ($16::timestamptz[])[w.ord + 1], ($2::uuid[])[w.ord + 1], w.unit
                 FROM UNNEST($60::int[], $61::text[], $70::text[]) AS w(ord, person, unit)
                 WHERE (w.ord IN (SELECT ord FROM won)) IS TRUE),
               delta AS (
                 INSERT INTO queue_deltas (queue, owner, unit, region, class, n)
                 SELECT q.queue, q.owner, q.unit, q.region, q.class, sum(q.n)
                 FROM UNNEST($62::int[], $63::smallint[], $64::text[], $65::text[], $66::bigint[], $67::smallint[],
                   $68::int[], $69::boolean[]) AS q(ord, queue, owner, unit, region, class, n, if_overdue)
                 WHERE (q.ord IN (SELECT ord FROM won)) IS TRUE AND NOT q.if_overdue
                 GROUP BY 1, 2, 3, 4, 5 HAVING sum(q.n) <> 0),
               event AS (
                 INSERT INTO events (event_id, aggregate_id, version, type, subject, occurred_at, recorded_at, origin,
                   traceparent, payload)
                 SELECT v.event_id, v.aggregate_id, v.version, v.type, v.subject, v.occurred_at, v.recorded_at, v.origin,
                   v.traceparent, v.payload
                 FROM UNNEST($43::int[], $44::uuid[], $45::uuid[], $46::bigint[], $47::text[], $48::text[],
                   $49::timestamptz[], $50::timestamptz[], $51::smallint[], $52::text[], $53::bytea[])
                   AS v(ord, event_id, aggregate_id, version, type, subject, occurred_at, recorded_at, origin,
                     traceparent, payload)
                 WHERE (v.ord IN (SELECT ord FROM won)) IS TRUE ORDER BY v.ord, v.version)
               SELECT i.ord AS "ord!", i.ord IN (SELECT ord FROM won) AS "created!",
                      i.ord IN (SELECT ord FROM fresh) AND i.ord NOT IN (SELECT ord FROM ready) AS "taken!"
               FROM input i ORDER BY i.ord"#,
            &c.ordinal,
            &c.id,
            &c.number,
            &c.version,
            &c.phase,
            &c.round,
            &c.kind,
            &c.item,
            &c.region,
            &c.channel,
            &c.priority,
            &c.origin,
            &c.customer as &[Option<uuid::Uuid>],
            &c.lead_unit as &[Option<String>],
            &c.handler as &[Option<String>],
            &c.received_at as &[SqlTimestamp],
            &c.resolved_at as &[Option<SqlTimestamp>],
            &subject,
            &body,
            &c.state,
            &c.recorded_at as &[SqlTimestamp],
            &c.caller as &[Option<String>],
            &c.method as &[Option<String>],
            &c.request_id as &[Option<uuid::Uuid>],
            &hash as &[Option<Vec<u8>>],
            &source as &[Option<String>],
            &external as &[Option<String>],
            &new_customer,
            &key_version as &[Option<i32>],
            &sealed as &[Option<Vec<u8>>],
            &c.solution as &[Option<String>],
            &c.root_cause as &[Option<String>],
            &c.reply as &[Option<String>],
            &k.ordinal,
            &k.decides,
            &k.key,
            &k.version,
            &k.last_four as &[Option<Vec<u8>>],
            &handle_version as &[Option<i32>],
            &handle_sealed as &[Option<Vec<u8>>],
            &p.ordinal,
            &p.unit,
            &e.ordinal,
            &e.event_id,
            &e.aggregate_id,
            &e.version,
            &e.kind,
            &e.subject,
            &e.occurred_at as &[SqlTimestamp],
            &e.recorded_at as &[SqlTimestamp],
            &e.origin,
            &e.traceparent as &[Option<String>],
            &e.payload,
            &c.confidential,
            &c.sensitive,
            &c.pool_unit as &[Option<String>],
            &k.given,
            &c.created_by as &[Option<String>],
            &c.marks,
            &doers.ordinal,
            &doers.person,
            &q.ordinal,
            &q.queue,
            &q.owner,
            &q.unit,
            &q.region,
            &q.class,
            &q.n,
            &q.if_overdue,
            &doers.unit as &[Option<String>],
        )
        .fetch_all(connection)
        .await;
    let rows = match rows {
        Err(error) if inserts.len() == 1 && constraint(&error) == Some("customer_keys_pkey") => {
            return Ok(vec![Inserted::CustomerTaken]);
        }
        other => other?,
    };
    Ok(rows
        .into_iter()
        .map(|row| match (row.created, row.taken) {
            (true, _) => Inserted::Created,
            (false, true) => Inserted::CustomerTaken,
            (false, false) => Inserted::Known,
        })
        .collect())
}

/// Blind indexes of many inserts, each with the ordinal of its insert.
#[derive(Default)]
struct KeyColumns {
    ordinal: Vec<i32>,
    decides: Vec<bool>,
    key: Vec<Vec<u8>>,
    version: Vec<i32>,
    last_four: Vec<Option<Vec<u8>>>,
    given: Vec<bool>,
}

impl KeyColumns {
    fn of(inserts: &[Insert]) -> Self {
        let mut columns = Self::default();
        for (ordinal, insert) in (0..).zip(inserts) {
            for (at, blind) in insert.customer.blinds.iter().enumerate() {
                columns.ordinal.push(ordinal);
                columns.decides.push(at == 0);
                columns.key.push(blind.key.clone());
                columns.version.push(blind.version);
                columns.last_four.push(blind.last_four.clone());
                columns.given.push(insert.customer.given.contains(&blind.version));
            }
        }
        columns
    }
}
