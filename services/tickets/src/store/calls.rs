//! Tables `calls`, `call_keys` and `call_links`. Source: T35, DESIGN rule 15.

use super::{
    key_rotations::Rotation,
    save::Save,
    seal::{Blind, Handle, Sealed, Sealer, Unsealable},
};
use gongdan_clock::stable_id;
use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{
    Change, Changed, ERASED, Event, PhoneNumber,
    groups::call::{CallId, Change as CallChange},
};
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::{PgConnection, PgPool};
use tracing::Instrument as _;
use uuid::Uuid;

/// A call that begins.
#[derive(Debug, Clone)]
pub(crate) struct NewCall {
    pub call_id: String,
    pub seat: String,
    pub agent_id: String,
    pub customer_id: Option<Uuid>,
    pub number: Option<Sealed>,
    /// What it is found by.
    pub blinds: Vec<Blind>,
    pub started_at: Timestamp,
}

/// How a call ended.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    pub call_id: String,
    pub ended_at: Timestamp,
    pub result: i16,
    pub note: String,
    pub recording_url: String,
}

/// A row.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub call_id: String,
    pub seat: String,
    pub agent_id: String,
    pub customer_id: Option<Uuid>,
    pub key_version: Option<i32>,
    pub sealed: Option<Vec<u8>>,
    pub started_at: SqlTimestamp,
    pub ended_at: Option<SqlTimestamp>,
    pub result: i16,
    pub note: String,
    pub recording_url: String,
}

impl Call {
    /// The caller's number, if it is known.
    pub(crate) fn number(&self, sealer: &Sealer) -> Result<Option<PhoneNumber>, Error> {
        let (Some(key_version), Some(bytes)) = (self.key_version, &self.sealed) else { return Ok(None) };
        let sealed = Sealed { key_version, bytes: bytes.clone() };
        open(sealer, &self.call_id, &sealed).map(Some).map_err(Error::internal)
    }
}

/// What the number of a call is bound to.
fn bound(call: &str) -> Uuid {
    stable_id("call", call)
}

/// Encrypts the number of a call.
pub(crate) fn seal(sealer: &Sealer, call: &str, number: &PhoneNumber) -> Result<Sealed, Error> {
    sealer.seal_bytes(bound(call), number.as_e164().as_bytes()).map_err(Error::internal)
}

fn open(sealer: &Sealer, call: &str, sealed: &Sealed) -> Result<PhoneNumber, Unsealable> {
    let bytes = sealer.open_bytes(bound(call), sealed)?;
    let text = String::from_utf8(bytes).map_err(|_| Unsealable::Damaged)?;
    PhoneNumber::from_e164(text).map_err(|_| Unsealable::Damaged)
}

/// Keeps a call; false when it was there.
pub(crate) async fn insert(pool: &PgPool, call: &NewCall) -> Result<bool, Error> {
    let kept = sqlx::query_scalar!(
        r#"WITH kept AS (
             INSERT INTO calls (call_id, seat, agent_id, customer_id, key_version, sealed, started_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (call_id) DO NOTHING RETURNING call_id),
           keys AS (
             INSERT INTO call_keys (call_id, version, key_index)
             SELECT kept.call_id, k.version, k.key_index
             FROM kept CROSS JOIN UNNEST($8::int[], $9::bytea[]) AS k(version, key_index))
           SELECT count(*) AS "kept!" FROM kept"#,
        call.call_id,
        call.seat,
        call.agent_id,
        call.customer_id,
        call.number.as_ref().map(|sealed| sealed.key_version),
        call.number.as_ref().map(|sealed| sealed.bytes.clone()),
        call.started_at.to_sqlx() as _,
        &call.blinds.iter().map(|blind| blind.version).collect::<Vec<_>>(),
        &call.blinds.iter().map(|blind| blind.key.clone()).collect::<Vec<_>>()
    )
    .fetch_one(pool)
    .instrument(sql_span!("calls.insert", "INSERT"))
    .await
    .map_err(error)?;
    Ok(kept > 0)
}

/// Calls from a number before an instant that belong to no ticket, newest first; `keys` are the number's indexes.
pub(crate) async fn unlinked(
    pool: &PgPool,
    keys: &[Vec<u8>],
    before: Timestamp,
    limit: i64,
) -> Result<Vec<Call>, Error> {
    sqlx::query_as!(
        Call,
        "SELECT call_id, seat, agent_id, customer_id, key_version, sealed, started_at, ended_at, result, note,
           recording_url
         FROM calls c
         WHERE call_id = ANY (ARRAY(SELECT k.call_id FROM call_keys k WHERE k.key_index = ANY ($1))) AND started_at < $2
           AND NOT linked
         ORDER BY started_at DESC, call_id DESC LIMIT $3",
        keys,
        before.to_sqlx() as _,
        limit
    )
    .fetch_all(pool)
    .instrument(sql_span!("calls.unlinked", "SELECT"))
    .await
    .map_err(error)
}

/// Says how a call ended; none when it is not there. What was erased of it does not come back.
pub(crate) async fn end(pool: &PgPool, ending: &Ending) -> Result<Option<Call>, Error> {
    sqlx::query_as!(
        Call,
        r#"UPDATE calls SET ended_at = $2, result = $3, note = CASE WHEN note_erased THEN note ELSE $4 END,
             recording_url = CASE WHEN recording_erased THEN '' ELSE $5 END
           WHERE call_id = $1
           RETURNING call_id, seat, agent_id, customer_id, key_version, sealed, started_at, ended_at, result, note,
             recording_url"#,
        ending.call_id,
        ending.ended_at.to_sqlx() as _,
        ending.result,
        ending.note,
        ending.recording_url
    )
    .fetch_optional(pool)
    .instrument(sql_span!("calls.end", "UPDATE"))
    .await
    .map_err(error)
}

/// A call.
pub(crate) async fn get(pool: &PgPool, call: &str) -> Result<Option<Call>, Error> {
    sqlx::query_as!(
        Call,
        "SELECT call_id, seat, agent_id, customer_id, key_version, sealed, started_at, ended_at, result, note,
           recording_url
         FROM calls WHERE call_id = $1",
        call
    )
    .fetch_optional(pool)
    .instrument(sql_span!("calls.get", "SELECT"))
    .await
    .map_err(error)
}

/// A call of a ticket.
pub(crate) async fn of_ticket(pool: &PgPool, ticket: Uuid, call: &str) -> Result<Option<Call>, Error> {
    sqlx::query_as!(
        Call,
        "SELECT c.call_id, seat, agent_id, customer_id, key_version, sealed, started_at, ended_at, result, note,
           recording_url
         FROM call_links l JOIN calls c ON c.call_id = l.call_id WHERE l.ticket_id = $1 AND l.call_id = $2",
        ticket,
        call
    )
    .fetch_optional(pool)
    .instrument(sql_span!("calls.of_ticket", "SELECT"))
    .await
    .map_err(error)
}

/// Calls of a ticket that were linked before a version, with it, newest first.
pub(crate) async fn list(
    pool: &PgPool,
    ticket: Uuid,
    before: i64,
    limit: i64,
) -> Result<Vec<(i64, Call)>, Error> {
    let rows = sqlx::query!(
        "SELECT l.version, c.call_id, seat, agent_id, customer_id, key_version, sealed, started_at, ended_at, result,
           note, recording_url
         FROM call_links l JOIN calls c ON c.call_id = l.call_id
         WHERE l.ticket_id = $1 AND l.version < $2 ORDER BY l.version DESC LIMIT $3",
        ticket,
        before,
        limit
    )
    .fetch_all(pool)
    .instrument(sql_span!("calls.list", "SELECT"))
    .await
    .map_err(error)?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let call = Call {
                call_id: row.call_id,
                seat: row.seat,
                agent_id: row.agent_id,
                customer_id: row.customer_id,
                key_version: row.key_version,
                sealed: row.sealed,
                started_at: row.started_at,
                ended_at: row.ended_at,
                result: row.result,
                note: row.note,
                recording_url: row.recording_url,
            };
            (row.version, call)
        })
        .collect())
}

/// Calls that an act linked.
pub(super) fn linked(changed: &Changed) -> Vec<(i64, CallId)> {
    let call = |event: &Event| match &event.change {
        Change::Call(CallChange::Linked { call, .. }) => Some((event.version, call.clone())),
        _ => None,
    };
    changed.events().filter_map(call).collect()
}

/// Writes the links that acts brought.
pub(super) async fn write(connection: &mut PgConnection, saves: &[&Save]) -> Result<(), sqlx::Error> {
    for save in saves {
        for (version, call) in &save.extras.calls {
            link(connection, save.row.id, *version, call).await?;
        }
    }
    Ok(())
}

async fn link(
    connection: &mut PgConnection,
    ticket: Uuid,
    version: i64,
    call: &CallId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH linked AS (UPDATE calls SET linked = true WHERE call_id = $2 AND NOT linked)
         INSERT INTO call_links (ticket_id, call_id, version) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        ticket,
        call.as_str(),
        version
    )
    .execute(connection)
    .instrument(sql_span!("call_links.insert", "INSERT"))
    .await?;
    Ok(())
}

/// Number, customer and recording go with the contact, unless the call belongs to a ticket that is held as well; of calls from
/// the customer's number that belong to no ticket the note goes too, since nothing else would take it.
pub(super) async fn erase_contacts(
    connection: &mut PgConnection,
    tickets: &[Uuid],
    customers: &[Uuid],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH erased AS (
           UPDATE calls c SET key_version = NULL, sealed = NULL, customer_id = NULL, recording_url = '',
               recording_erased = true, note_erased = c.note_erased OR NOT c.linked,
               note = CASE WHEN c.note = '' OR c.linked THEN c.note ELSE $3 END
           WHERE call_id = ANY (ARRAY(
               SELECT call_id FROM call_links WHERE ticket_id = ANY ($1)
               UNION SELECT call_id FROM calls WHERE customer_id = ANY ($2)
               UNION SELECT call_id FROM call_keys
                     WHERE key_index = ANY (ARRAY(SELECT key_index FROM customer_keys WHERE customer_id = ANY ($2)))))
             AND NOT EXISTS (
               SELECT FROM call_links l JOIN legal_holds h ON h.ticket_id = l.ticket_id
               WHERE l.call_id = c.call_id AND h.released_at IS NULL AND l.ticket_id <> ALL ($1))
           RETURNING call_id)
         DELETE FROM call_keys WHERE call_id = ANY (ARRAY(SELECT call_id FROM erased))",
        tickets,
        customers,
        ERASED
    )
    .execute(connection)
    .instrument(sql_span!("calls.erase", "UPDATE"))
    .await?;
    Ok(())
}

/// What was noted goes with the texts.
pub(super) async fn erase_texts(connection: &mut PgConnection, tickets: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE calls SET note = CASE WHEN note = '' THEN '' ELSE $2 END, note_erased = true
         WHERE call_id IN (SELECT call_id FROM call_links WHERE ticket_id = ANY ($1))",
        tickets,
        ERASED
    )
    .execute(connection)
    .instrument(sql_span!("calls.erase_texts", "UPDATE"))
    .await?;
    Ok(())
}

/// Forgets calls of before an instant that belong to no ticket; says how many.
pub(crate) async fn forget(pool: &PgPool, before: Timestamp) -> Result<u64, Error> {
    let done = sqlx::query!("DELETE FROM calls WHERE NOT linked AND started_at < $1", before.to_sqlx() as _)
        .execute(pool)
        .instrument(sql_span!("calls.forget", "DELETE"))
        .await
        .map_err(error)?;
    Ok(done.rows_affected())
}

/// Seals and indexes the numbers of the next ones anew; says how many. What cannot be opened stays, and the end of the
/// rotation tells.
pub(crate) async fn rotate(
    pool: &PgPool,
    sealer: &Sealer,
    rotation: &Rotation,
    after: &str,
    limit: i64,
) -> Result<(Option<String>, i64), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let rows = sqlx::query!(
        r#"SELECT call_id, key_version AS "key_version!", sealed AS "sealed!" FROM calls
           WHERE sealed IS NOT NULL AND call_id = ANY (ARRAY(
               (SELECT call_id FROM calls WHERE key_version < $1 AND call_id > $2 ORDER BY call_id LIMIT $3)
               UNION (SELECT call_id FROM call_keys WHERE version < $4 AND call_id > $2 ORDER BY call_id LIMIT $3)))
           ORDER BY call_id LIMIT $3 FOR UPDATE SKIP LOCKED"#,
        rotation.encryption_version,
        after,
        limit,
        rotation.index_version
    )
    .fetch_all(&mut *transaction)
    .instrument(sql_span!("calls.rotate", "SELECT"))
    .await?;
    let last = rows.last().map(|row| row.call_id.clone());
    let mut done = 0;
    for row in rows {
        let sealed = Sealed { key_version: row.key_version, bytes: row.sealed };
        let number = open(sealer, &row.call_id, &sealed).map(Handle::Phone);
        let anew = number.and_then(|number| {
            let sealed = sealer.reseal(bound(&row.call_id), &sealed)?;
            Ok((sealed, sealer.blind(rotation.index_version, &number)))
        });
        match anew {
            Ok((sealed, Some(blind))) => {
                sqlx::query!(
                    "WITH sealed AS (UPDATE calls SET key_version = $2, sealed = $3 WHERE call_id = $1),
                       old AS (DELETE FROM call_keys WHERE call_id = $1 AND version < $4)
                     INSERT INTO call_keys (call_id, version, key_index) VALUES ($1, $4, $5) ON CONFLICT DO NOTHING",
                    row.call_id,
                    sealed.key_version,
                    sealed.bytes,
                    blind.version,
                    blind.key
                )
                .execute(&mut *transaction)
                .instrument(sql_span!("calls.reseal", "UPDATE"))
                .await?;
                done += 1;
            }
            Ok((_, None)) => {
                tracing::error!(call = row.call_id, "a number cannot be indexed anew: no such key");
            }
            Err(error) => tracing::error!(call = row.call_id, %error, "a number cannot be sealed anew"),
        }
    }
    transaction.commit().await?;
    Ok((last, done))
}
