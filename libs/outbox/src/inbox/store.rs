//! The tables of the inbox.
//!
//! A join takes the consumer from the side of what is wanted, behind OFFSET 0: with the consumer as a constant, a young
//! table would be read from one end to the other, the rows of the consumer compared with each one that is wanted.

use super::plan::{After, Slot};
use crate::Event;
use gongdan_telemetry::sql_span;
use prost::Message as _;
use sqlx::{PgConnection, Row as _};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tracing::Instrument as _;
use uuid::Uuid;

/// What a lock gave.
pub(super) enum Locked {
    /// All aggregates, with what is parked of those that are not held, and the versions that rows were made with.
    All(HashMap<Uuid, Slot>, HashMap<Uuid, i64>),
    /// These are not there: begin again and name them as new. Making them now, with others locked, could end in a
    /// deadlock with a replica that does the same in another order.
    Absent(Vec<Uuid>),
}

/// Locks the aggregates and reads what is known of them. `new` are those that are probably not there, with the version
/// they will probably have in the end: their rows are made with it and need no change later. `old` are the others.
///
/// Rows are made first and locked after, each in the order of their ids: who waits to make a row has locked none, and
/// who waits for a lock waits for one who makes no more.
pub(super) async fn lock(
    connection: &mut PgConnection,
    consumer: &str,
    old: &BTreeSet<Uuid>,
    new: &BTreeMap<Uuid, i64>,
) -> Result<Locked, sqlx::Error> {
    let mut slots = HashMap::with_capacity(old.len() + new.len());
    let mut made = HashMap::new();
    let mut there = old.clone();
    if !new.is_empty() {
        let rows: Vec<Uuid> = sqlx::query_scalar(
            "INSERT INTO inbox_versions (consumer, aggregate_id, version)
             SELECT $1, new.* FROM UNNEST($2::uuid[], $3::bigint[]) AS new
             ON CONFLICT (consumer, aggregate_id) DO NOTHING
             RETURNING aggregate_id",
        )
        .bind(consumer)
        .bind(Vec::from_iter(new.keys().copied()))
        .bind(Vec::from_iter(new.values().copied()))
        .fetch_all(&mut *connection)
        .instrument(sql_span!("inbox_versions.lock", "INSERT"))
        .await?;
        there.extend(new.keys());
        for id in rows {
            there.remove(&id);
            slots.insert(id, Slot::default());
            made.insert(id, new.get(&id).copied().unwrap_or_default());
        }
    }
    let mut waiting = Vec::new();
    if !there.is_empty() {
        let known = sqlx::query(
            "SELECT known.aggregate_id, known.version, known.waiting, known.held
             FROM (SELECT $1::text AS consumer, id FROM UNNEST($2::uuid[]) AS id OFFSET 0) AS wanted
             JOIN inbox_versions AS known ON known.consumer = wanted.consumer AND known.aggregate_id = wanted.id
             ORDER BY known.aggregate_id FOR UPDATE OF known",
        )
        .bind(consumer)
        .bind(Vec::from_iter(there.iter().copied()))
        .fetch_all(&mut *connection)
        .instrument(sql_span!("inbox_versions.lock", "SELECT"))
        .await?;
        for row in known {
            let id: Uuid = row.try_get("aggregate_id")?;
            let slot = Slot {
                version: row.try_get("version")?,
                waiting: row.try_get("waiting")?,
                held: row.try_get("held")?,
                ..Slot::default()
            };
            if slot.waiting && slot.held.is_none() {
                waiting.push(id);
            }
            there.remove(&id);
            slots.insert(id, slot);
        }
        if !there.is_empty() {
            return Ok(Locked::Absent(Vec::from_iter(there)));
        }
    }
    if !waiting.is_empty() {
        let rows = sqlx::query(
            "SELECT aggregate_id, version, event FROM inbox_parked WHERE consumer = $1 AND aggregate_id = ANY ($2)",
        )
        .bind(consumer)
        .bind(&waiting)
        .fetch_all(connection)
        .instrument(sql_span!("inbox_parked.read", "SELECT"))
        .await?;
        for row in rows {
            let event = decode(row.try_get("event")?)?;
            if let Some(slot) = slots.get_mut(&row.try_get("aggregate_id")?) {
                slot.parked.insert(row.try_get("version")?, event);
            }
        }
    }
    Ok(Locked::All(slots, made))
}

/// Writes the versions of aggregates after a transaction's events.
pub(super) async fn advance(
    connection: &mut PgConnection,
    consumer: &str,
    after: &HashMap<Uuid, After>,
) -> Result<(), sqlx::Error> {
    if after.is_empty() {
        return Ok(());
    }
    let (mut ids, mut versions, mut waiting, mut held) = (vec![], vec![], vec![], vec![]);
    for (id, after) in after {
        ids.push(*id);
        versions.push(after.version);
        waiting.push(after.waiting);
        held.push(after.held);
    }
    sqlx::query(
        "UPDATE inbox_versions AS known SET version = n.version, waiting = n.waiting, held = n.held
         FROM (SELECT $1::text AS consumer, n.* FROM UNNEST($2::uuid[], $3::bigint[], $4::boolean[], $5::bigint[])
               AS n (id, version, waiting, held) OFFSET 0) AS n
         WHERE known.consumer = n.consumer AND known.aggregate_id = n.id",
    )
    .bind(consumer)
    .bind(ids)
    .bind(versions)
    .bind(waiting)
    .bind(held)
    .execute(connection)
    .instrument(sql_span!("inbox_versions.advance", "UPDATE"))
    .await?;
    Ok(())
}

/// Parks events.
pub(super) async fn park(
    connection: &mut PgConnection,
    consumer: &str,
    events: &[&Event],
) -> Result<(), sqlx::Error> {
    if events.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO inbox_parked (consumer, aggregate_id, version, event)
         SELECT $1, e.* FROM UNNEST($2::uuid[], $3::bigint[], $4::bytea[]) AS e ON CONFLICT DO NOTHING",
    )
    .bind(consumer)
    .bind(events.iter().map(|event| event.aggregate_id).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.version).collect::<Vec<_>>())
    .bind(events.iter().map(|event| encode(event)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes away what is parked of each aggregate up to a version.
pub(super) async fn unpark(
    connection: &mut PgConnection,
    consumer: &str,
    up_to: &[(Uuid, i64)],
) -> Result<(), sqlx::Error> {
    if up_to.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "DELETE FROM inbox_parked AS parked USING UNNEST($2::uuid[], $3::bigint[]) AS done (id, version)
         WHERE parked.consumer = $1 AND parked.aggregate_id = done.id AND parked.version <= done.version",
    )
    .bind(consumer)
    .bind(up_to.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind(up_to.iter().map(|(_, version)| *version).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets all of a consumer.
pub(super) async fn forget(connection: &mut PgConnection, consumer: &str) -> Result<(), sqlx::Error> {
    for statement in [
        "DELETE FROM inbox_versions WHERE consumer = $1",
        "DELETE FROM inbox_parked WHERE consumer = $1",
        "DELETE FROM inbox_dead WHERE consumer = $1 AND discarded_at IS NULL",
    ] {
        sqlx::query(statement).bind(consumer).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The root plays no part in a row.
const ROOT: &str = "_";

pub(super) fn encode(event: &Event) -> Vec<u8> {
    event.to_proto(ROOT).encode_to_vec()
}

pub(super) fn decode(bytes: &[u8]) -> Result<Event, sqlx::Error> {
    let event =
        gongdan_proto::common::v1::Event::decode(bytes).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
    Event::from_proto(event).map_err(|e| sqlx::Error::Decode(Box::new(e)))
}
