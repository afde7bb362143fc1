//! Changes of tickets: rows guarded by their version, events, requests and texts of many in one statement.

use super::{
    extras,
    save::{Columns, DecisionColumns, DeltaColumns, DoerColumns, EventColumns, ParticipantColumns, Save},
    writer::Batch,
};
use async_trait::async_trait;
use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::{Connection as _, PgConnection};

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Updated {
    /// It is written.
    Done,
    /// The ticket no longer has the version it was changed from: nothing is written.
    Lost,
}

#[async_trait]
impl Batch for Save {
    type Answer = Updated;

    /// Answers each, in order. Of two changes of one ticket from one version one wins.
    ///
    /// Ordinals count from 0 without gaps, so that they find ids in the columns. `(… IN …) IS TRUE` is looked up in a
    /// hash; a join of one column with the other would compare each row with each.
    async fn run(connection: &mut PgConnection, saves: &[Self]) -> Result<Vec<Updated>, sqlx::Error> {
        if saves.iter().all(|save| save.extras.is_empty()) {
            return write(connection, saves).await;
        }
        let mut transaction = connection.begin().await?;
        let answers = write(&mut transaction, saves).await?;
        let written = saves.iter().zip(&answers).filter(|(_, answer)| **answer == Updated::Done);
        let written: Vec<&Self> = written.map(|(save, _)| save).collect();
        extras::write(&mut transaction, &written).await?;
        transaction.commit().await?;
        Ok(answers)
    }
}

/// Tickets, events, requests and resolutions in one statement.
async fn write(connection: &mut PgConnection, saves: &[Save]) -> Result<Vec<Updated>, sqlx::Error> {
    // Everybody locks rows in the order of their ids: two batches with the same tickets do not block each other.
    let mut order: Vec<(usize, &Save)> = saves.iter().enumerate().collect();
    order.sort_by_key(|(_, save)| save.row.id);
    let saves: Vec<&Save> = order.iter().map(|(_, save)| *save).collect();
    let (c, e, p) = (Columns::of(&saves), EventColumns::of(&saves), ParticipantColumns::of(&saves));
    let (d, q) = (DecisionColumns::of(&saves), DeltaColumns::of(&saves));
    let doers = DoerColumns::of(&saves);
    let won = sqlx::query_scalar!(
            r#"WITH input AS MATERIALIZED (
                 SELECT * FROM UNNEST(
                   $1::int[], $2::uuid[], $3::bigint[], $4::bigint[], $5::smallint[], $6::int[], $7::smallint[],
                   $8::text[], $9::text[], $10::timestamptz[], $11::bytea[], $12::timestamptz[], $13::text[], $14::text[],
                   $15::uuid[], $16::bytea[], $17::text[], $18::text[], $19::text[], $35::boolean[], $36::text[],
                   $37::text[], $38::smallint[], $39::boolean[], $52::smallint[], $53::text[], $54::bigint[], $55::smallint[],
                   $56::boolean[], $57::text[], $58::text[])
                 AS i(ord, id, expected, version, phase, round, priority, lead_unit, handler, resolved_at, state,
                   recorded_at, caller, method, request_id, hash, solution, root_cause, reply, sensitive, pool_unit,
                   created_by, marks, rises, kind, item, region, channel, confidential, subject, body)),
               won AS (
                 UPDATE tickets t
                 SET version = i.version, phase = i.phase, round = i.round, priority = i.priority,
                     lead_unit = i.lead_unit, handler = i.handler, resolved_at = i.resolved_at, state = i.state,
                     sensitive = i.sensitive, pool_unit = i.pool_unit, texts_erased = t.texts_erased AND i.phase >= 10,
                     created_by = i.created_by, kind = i.kind, item = i.item, region = i.region, channel = i.channel,
                     confidential = i.confidential, subject = COALESCE(i.subject, t.subject),
                     body = COALESCE(i.body, t.body),
                     marks = i.marks | CASE WHEN i.rises THEN 0 ELSE t.marks & 8 END,
                     due_at = CASE WHEN NOT i.rises THEN t.due_at END
                 FROM input i WHERE t.id = i.id AND t.version = i.expected
                 RETURNING i.ord, t.marks & 8 <> 0 AS overdue),
               request AS (
                 INSERT INTO requests (caller, method, request_id, hash, resource_id, version, created_at)
                 SELECT caller, method, request_id, hash, id, version, recorded_at FROM input i
                 WHERE (i.ord IN (SELECT ord FROM won)) IS TRUE AND request_id IS NOT NULL),
               decision AS (
                 INSERT INTO answered_decisions (decision_id, ticket_id, answered_at)
                 SELECT x.decision, ($2::uuid[])[x.ord + 1], ($12::timestamptz[])[x.ord + 1]
                 FROM UNNEST($33::int[], $34::uuid[]) AS x(ord, decision)
                 WHERE (x.ord IN (SELECT ord FROM won)) IS TRUE
                 ON CONFLICT DO NOTHING),
               resolution AS (
                 INSERT INTO resolutions (ticket_id, round, solution, root_cause, reply)
                 SELECT id, round, solution, root_cause, reply FROM input i
                 WHERE (i.ord IN (SELECT ord FROM won)) IS TRUE AND reply IS NOT NULL
                 ON CONFLICT (ticket_id, round) DO UPDATE
                 SET solution = EXCLUDED.solution, root_cause = EXCLUDED.root_cause, reply = EXCLUDED.reply),
               participant AS (
                 INSERT INTO participants (ticket_id, unit_id)
                 SELECT ($2::uuid[])[u.ord + 1], u.unit FROM UNNEST($20::int[], $21::text[]) AS u(ord, unit)
                 WHERE (u.ord IN (SELECT ord FROM won)) IS TRUE
                 ON CONFLICT DO NOTHING),
               doer AS (
                 INSERT INTO doers (person, received_at, ticket_id, unit)
                 SELECT w.person, ($40::timestamptz[])[w.ord + 1], ($2::uuid[])[w.ord + 1], w.unit
                 FROM UNNEST($41::int[], $42::text[], $51::text[]) AS w(ord, person, unit)
                 WHERE (w.ord IN (SELECT ord FROM won)) IS TRUE
                 ON CONFLICT (person, received_at, ticket_id) DO UPDATE SET unit = excluded.unit),
               delta AS (
                 INSERT INTO queue_deltas (queue, owner, unit, region, class, n)
                 SELECT q.queue, q.owner, q.unit, q.region, q.class, sum(q.n)
                 FROM UNNEST($43::int[], $44::smallint[], $45::text[], $46::text[], $47::bigint[], $48::smallint[],
                   $49::int[], $50::boolean[]) AS q(ord, queue, owner, unit, region, class, n, if_overdue)
                 WHERE (q.ord IN (SELECT ord FROM won)) IS TRUE
                   AND (NOT q.if_overdue OR (q.ord IN (SELECT ord FROM won WHERE overdue)) IS TRUE)
                 GROUP BY 1, 2, 3, 4, 5 HAVING sum(q.n) <> 0),
               event AS (
                 INSERT INTO events (event_id, aggregate_id, version, type, subject, occurred_at, recorded_at, origin,
                   traceparent, payload)
                 SELECT v.event_id, v.aggregate_id, v.version, v.type, v.subject, v.occurred_at, v.recorded_at, v.origin,
                   v.traceparent, v.payload
                 FROM UNNEST($22::int[], $23::uuid[], $24::uuid[], $25::bigint[], $26::text[], $27::text[],
                   $28::timestamptz[], $29::timestamptz[], $30::smallint[], $31::text[], $32::bytea[])
                   AS v(ord, event_id, aggregate_id, version, type, subject, occurred_at, recorded_at, origin,
                     traceparent, payload)
                 WHERE (v.ord IN (SELECT ord FROM won)) IS TRUE ORDER BY v.ord, v.version)
               SELECT ord AS "ord!" FROM won"#,
            &c.ordinal,
            &c.id,
            &c.expected,
            &c.version,
            &c.phase,
            &c.round,
            &c.priority,
            &c.lead_unit as &[Option<String>],
            &c.handler as &[Option<String>],
            &c.resolved_at as &[Option<SqlTimestamp>],
            &c.state,
            &c.recorded_at as &[SqlTimestamp],
            &c.caller as &[Option<String>],
            &c.method as &[Option<String>],
            &c.request_id as &[Option<uuid::Uuid>],
            &c.hash as &[Option<Vec<u8>>],
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
            &d.ordinal,
            &d.decision,
            &c.sensitive,
            &c.pool_unit as &[Option<String>],
            &c.created_by as &[Option<String>],
            &c.marks,
            &c.rises,
            &c.received_at as &[SqlTimestamp],
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
            &c.kind,
            &c.item,
            &c.region,
            &c.channel,
            &c.confidential,
            &c.subject as &[Option<String>],
            &c.body as &[Option<String>],
        )
        .fetch_all(connection)
        .await?;
    let mut answers = vec![Updated::Lost; saves.len()];
    for ordinal in won {
        let at = usize::try_from(ordinal).ok().and_then(|at| order.get(at));
        if let Some(answer) = at.and_then(|(at, _)| answers.get_mut(*at)) {
            *answer = Updated::Done;
        }
    }
    Ok(answers)
}
