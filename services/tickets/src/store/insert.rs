//! New tickets: rows, events, requests or import keys, customers and contacts of many in one statement.

use super::{
    save::{Columns, EventColumns, ParticipantColumns, Save},
    seal::Sealed,
    writer::Batch,
};
use async_trait::async_trait;
use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::PgConnection;

/// A new ticket ready to be written.
#[derive(Debug, Clone)]
pub(crate) struct Insert {
    pub save: Save,
    pub subject: String,
    pub body: String,
    /// Its key in the source, when it is an import; the guard instead of a request.
    pub import: Option<ImportKey>,
    /// Set when the customer is to be made with it.
    pub new_customer: Option<NewCustomer>,
    pub contact: Option<Sealed>,
}

/// The key of an import and a hash of its content.
#[derive(Debug, Clone)]
pub(crate) struct ImportKey {
    pub source: String,
    pub id: String,
    pub hash: [u8; 32],
}

/// How a new customer will be found again.
#[derive(Debug, Clone)]
pub(crate) struct NewCustomer {
    /// None for one who left no number.
    pub key_index: Option<Vec<u8>>,
    pub last_four_index: Option<Vec<u8>>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inserted {
    /// It is written.
    Created,
    /// Its request or import key was there: nothing is written.
    Known,
    /// Somebody made the customer at the same moment: nothing is written.
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
    /// Events are inserted in the order of versions, so that their positions have it too.
    #[allow(clippy::too_many_lines, reason = "one statement")]
    async fn run(connection: &mut PgConnection, inserts: &[Self]) -> Result<Vec<Inserted>, sqlx::Error> {
        let saves: Vec<&Save> = inserts.iter().map(|insert| &insert.save).collect();
        let (c, e, p) = (Columns::of(&saves), EventColumns::of(&saves), ParticipantColumns::of(&saves));
        let customer = |i: &Insert| i.new_customer.clone();
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
        let new_customer: Vec<bool> = inserts.iter().map(|i| i.new_customer.is_some()).collect();
        let key_index: Vec<Option<Vec<u8>>> =
            inserts.iter().map(|i| customer(i).and_then(|n| n.key_index)).collect();
        let last_four: Vec<Option<Vec<u8>>> =
            inserts.iter().map(|i| customer(i).and_then(|n| n.last_four_index)).collect();
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
                   $29::bytea[], $30::bytea[], $31::int[], $32::bytea[], $33::text[], $34::text[], $35::text[],
                   $49::boolean[], $50::text[])
                 AS i(ord, id, number, version, phase, round, kind, item, region, channel, priority, origin, customer_id,
                   lead_unit, handler, received_at, resolved_at, subject, body, state, recorded_at, caller, method,
                   request_id, hash, source, external_id, new_customer, key_index, last_four, key_version, sealed,
                   solution, root_cause, reply, sensitive, pool_unit)),
               fresh AS MATERIALIZED (
                 SELECT i.* FROM input i
                 WHERE CASE WHEN i.request_id IS NOT NULL
                   THEN (SELECT r.version FROM requests r
                         WHERE r.caller = i.caller AND r.method = i.method AND r.request_id = i.request_id) IS NULL
                   ELSE (SELECT m.ticket_id FROM imports m
                         WHERE m.external_source = i.source AND m.external_id = i.external_id) IS NULL END),
               customer AS (
                 INSERT INTO customers (id, key_index, last_four_index, first_seen_at)
                 SELECT customer_id, key_index, last_four, recorded_at FROM fresh WHERE new_customer ORDER BY key_index
                 ON CONFLICT (key_index) DO NOTHING RETURNING id),
               ready AS MATERIALIZED (
                 SELECT f.* FROM fresh f
                 WHERE NOT f.new_customer OR f.customer_id IN (SELECT id FROM customer)),
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
                   customer_id, lead_unit, handler, received_at, resolved_at, subject, body, state, sensitive, pool_unit)
                 SELECT id, number, version, phase, round, kind, item, region, channel, priority, origin, customer_id,
                   lead_unit, handler, received_at, resolved_at, subject, body, state, sensitive, pool_unit FROM won),
               contact AS (
                 INSERT INTO contacts (ticket_id, customer_id, key_version, sealed, given_at)
                 SELECT id, customer_id, key_version, sealed, recorded_at FROM won WHERE sealed IS NOT NULL),
               resolution AS (
                 INSERT INTO resolutions (ticket_id, round, solution, root_cause, reply)
                 SELECT id, round, solution, root_cause, reply FROM won WHERE reply IS NOT NULL),
               participant AS (
                 INSERT INTO participants (ticket_id, unit_id)
                 SELECT ($2::uuid[])[u.ord + 1], u.unit FROM UNNEST($36::int[], $37::text[]) AS u(ord, unit)
                 WHERE (u.ord IN (SELECT ord FROM won)) IS TRUE),
               event AS (
                 INSERT INTO events (event_id, aggregate_id, version, type, subject, occurred_at, recorded_at, origin,
                   traceparent, payload)
                 SELECT v.event_id, v.aggregate_id, v.version, v.type, v.subject, v.occurred_at, v.recorded_at, v.origin,
                   v.traceparent, v.payload
                 FROM UNNEST($38::int[], $39::uuid[], $40::uuid[], $41::bigint[], $42::text[], $43::text[],
                   $44::timestamptz[], $45::timestamptz[], $46::smallint[], $47::text[], $48::bytea[])
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
            &key_index as &[Option<Vec<u8>>],
            &last_four as &[Option<Vec<u8>>],
            &key_version as &[Option<i32>],
            &sealed as &[Option<Vec<u8>>],
            &c.solution as &[Option<String>],
            &c.root_cause as &[Option<String>],
            &c.reply as &[Option<String>],
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
            &c.sensitive,
            &c.pool_unit as &[Option<String>],
        )
        .fetch_all(connection)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| match (row.created, row.taken) {
                (true, _) => Inserted::Created,
                (false, true) => Inserted::CustomerTaken,
                (false, false) => Inserted::Known,
            })
            .collect())
    }
}
