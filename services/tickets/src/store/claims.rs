//! 抢单: the next ticket of pools, and how many from pools somebody has in hand. Source: R9.
//!
//! A claim that is limited first locks its person, so that two of theirs are counted one after the other, and then the
//! ticket: everybody in this order.

use super::{
    filter::Filter,
    save::Save,
    scope::{COLUMNS, Sight, acted_on},
    state,
    ticket_views::{Detail, TicketView, Viewer},
    tickets::{Call, TicketRef},
    update::Updated,
    workflows::Who,
    writer::Batch as _,
};
use crate::{
    Rooms,
    error::{damaged, lost_race, pool_empty, refused},
    events,
};
use gongdan_access::Caller;
use gongdan_errors::{Code, Error};
use gongdan_pg::{RequestKey, error};
use gongdan_proto::tickets::v1 as pb;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{Actor, Changed, PrincipalId, Refusal, Ticket};
use prost::Message as _;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use tracing::Instrument as _;
use uuid::Uuid;

/// Calls of `ClaimNext` that look for a ticket at once, in one process; each has a connection meanwhile.
pub(crate) const AT_ONCE: usize = 4;
/// Tickets that are looked at together.
const PAGE: i64 = 32;
/// Pages that a call looks at: who may claim none of a thousand is told why not of the first.
const PAGES: usize = 32;
/// How often a call begins again when others had all that it found.
const ATTEMPTS: usize = 5;

/// From which pools, and what of them.
pub(crate) struct Wanted {
    /// Units whose pools these are.
    pub units: Vec<String>,
    pub filter: Filter,
}

#[derive(Debug, FromRow)]
struct Candidate {
    id: Uuid,
    version: i64,
    priority: i16,
    received_at: jiff_sqlx::Timestamp,
    state: Vec<u8>,
}

/// What looking through the pools came to.
enum Looked {
    Taken(Uuid, Box<Changed>, Box<pb::Ticket>),
    Nothing(Error),
    /// Others are about to take what there is.
    Contended,
}

/// Writes a claim of a ticket whose pool is limited.
///
/// # Errors
/// FAILED_PRECONDITION/CLAIM_LIMIT, and those of any act.
pub(crate) async fn save_within(
    rooms: &Rooms,
    limit: u32,
    person: &PrincipalId,
    view: TicketView,
    changed: &Changed,
    call: &Call,
) -> Result<pb::Ticket, Error> {
    let tickets = &rooms.tickets;
    let changed = &tickets.judged(changed, Who::Caller(&call.caller)).await?;
    let now = rooms.clock.now();
    let written = events::write(changed, now);
    let answer = written.ticket.clone();
    let save = Save::new(changed, written, Some(call.key.clone()), now);
    let write = async {
        let mut transaction = rooms.pool.begin().await.map_err(error)?;
        let in_hand = in_hand(&mut transaction, person).await.map_err(error)?;
        if in_hand >= i64::from(limit) {
            return Err(refused(Refusal::ClaimLimit { limit, in_hand }));
        }
        let updated = Save::run(&mut transaction, &[save]).await.map_err(error)?;
        transaction.commit().await.map_err(error)?;
        Ok(updated == [Updated::Done])
    };
    let conflict = match write.instrument(sql_span!("tickets.claim", "UPDATE")).await {
        Ok(true) => {
            rooms.wake();
            tickets.count(changed);
            return view.with_texts(changed).present_as(answer, Detail::Full, call.viewer, &tickets.sealer);
        }
        Ok(false) => None,
        // The same request under way twice: its twin has it.
        Err(error) if matches!(error.code(), Code::Internal | Code::FailedPrecondition) => Some(error),
        Err(error) => return Err(error),
    };
    tickets.after_conflict(call, conflict).await
}

/// Takes the next ticket for the caller.
///
/// # Errors
/// NOT_FOUND/POOL_EMPTY, FAILED_PRECONDITION/CLAIM_LIMIT, what a workflow says when it refuses all there is,
/// ABORTED/WRITE_CONFLICT.
pub(crate) async fn take_next(
    rooms: &Rooms,
    caller: &Caller,
    by: &Actor,
    wanted: &Wanted,
    key: &RequestKey,
    viewer: Viewer,
) -> Result<pb::Ticket, Error> {
    let _permit = rooms.claims.acquire().await.map_err(Error::internal)?;
    for _ in 0..ATTEMPTS {
        let looked = look(rooms, caller, by, wanted, key);
        match looked.instrument(sql_span!("tickets.claim_next", "UPDATE")).await? {
            Looked::Taken(id, changed, answer) => {
                rooms.wake();
                rooms.tickets.count(&changed);
                let view = rooms.tickets.view(&TicketRef::Id(id)).await?;
                return view.present_as(*answer, Detail::Full, viewer, &rooms.tickets.sealer);
            }
            Looked::Nothing(error) => return Err(error),
            Looked::Contended => rooms.metrics.conflict(),
        }
    }
    Err(lost_race())
}

async fn look(
    rooms: &Rooms,
    caller: &Caller,
    by: &Actor,
    wanted: &Wanted,
    key: &RequestKey,
) -> Result<Looked, Error> {
    let mut transaction = rooms.pool.begin().await.map_err(error)?;
    let in_hand = in_hand(&mut transaction, &by.id).await.map_err(error)?;
    let (mut after, mut refusal, mut broken, mut contended) = (None, None, None, false);
    for _ in 0..PAGES {
        let page = candidates(&mut transaction, caller, wanted, after.as_ref()).await.map_err(error)?;
        for candidate in &page {
            let changed = match claimed(rooms, caller, by, candidate, in_hand).await {
                Ok(Some(changed)) => changed,
                Ok(None) => continue,
                // Of what one could claim but for this, the first is what is told when there is nothing else.
                Err(error) if matches!(error.code(), Code::FailedPrecondition | Code::PermissionDenied) => {
                    refusal.get_or_insert(error);
                    continue;
                }
                // One that cannot be read does not close the pool to all that is behind it.
                Err(error) if matches!(error.code(), Code::Internal | Code::NotFound) => {
                    tracing::error!(ticket = %candidate.id, %error, "a ticket of a pool cannot be claimed by anybody");
                    broken.get_or_insert(error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            if !lock(&mut transaction, candidate).await.map_err(error)? {
                contended = true;
                continue;
            }
            let now = rooms.clock.now();
            let written = events::write(&changed, now);
            let answer = Box::new(written.ticket.clone());
            let save = Save::new(&changed, written, Some(key.clone()), now);
            let updated = Save::run(&mut transaction, &[save]).await.map_err(error)?;
            if updated != [Updated::Done] {
                return Err(Error::internal("a ticket that was locked has changed"));
            }
            transaction.commit().await.map_err(error)?;
            return Ok(Looked::Taken(candidate.id, Box::new(changed), answer));
        }
        after = match page.into_iter().last() {
            Some(last) => Some(last),
            None => break,
        };
    }
    if contended {
        Ok(Looked::Contended)
    } else {
        Ok(Looked::Nothing(refusal.or(broken).unwrap_or_else(pool_empty)))
    }
}

/// The claim of a ticket, or none if it is not the caller's to claim.
async fn claimed(
    rooms: &Rooms,
    caller: &Caller,
    by: &Actor,
    candidate: &Candidate,
    in_hand: i64,
) -> Result<Option<Changed>, Error> {
    let state = pb::Ticket::decode(candidate.state.as_slice()).map_err(Error::internal)?;
    // Judged again: it may have become another's since it was found.
    let Ok(any_unit) = acted_on(caller, &state) else { return Ok(None) };
    let ticket: Ticket = state::from_pb(state).map_err(damaged)?;
    if ticket.put_back_by.contains(&by.id) {
        return Ok(None);
    }
    let by = Actor { any_unit, ..by.clone() };
    if let Some(limit) = ticket.claim_limit(&by).filter(|limit| in_hand >= i64::from(*limit)) {
        return Err(refused(Refusal::ClaimLimit { limit, in_hand }));
    }
    let Ok(changed) = ticket.claim(&by, rooms.clock.now()) else { return Ok(None) };
    rooms.tickets.judged(&changed, Who::Caller(caller)).await.map(Some)
}

/// Locks the person until the transaction ends, and counts what they claimed and have in hand.
async fn in_hand(connection: &mut PgConnection, person: &PrincipalId) -> Result<i64, sqlx::Error> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('gongdan.claims.' || $1, 0))",
        person.as_str()
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM tickets
           WHERE handler = $1 AND phase BETWEEN 4 AND 7 AND marks & 16 <> 0"#,
        person.as_str()
    )
    .fetch_one(connection)
    .await
}

/// What waits in the pools, in the order in which it is claimed.
async fn candidates(
    connection: &mut PgConnection,
    caller: &Caller,
    wanted: &Wanted,
    after: Option<&Candidate>,
) -> Result<Vec<Candidate>, sqlx::Error> {
    let after = after.map(|last| (last.priority, last.received_at, last.id));
    statement("", caller, wanted, after).build_query_as().fetch_all(connection).await
}

/// The pages of several pools, merged.
pub(super) fn statement(
    prefix: &str,
    caller: &Caller,
    wanted: &Wanted,
    after: Option<(i16, jiff_sqlx::Timestamp, Uuid)>,
) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(prefix);
    sql.push("SELECT part.* FROM unnest(").push_bind(wanted.units.clone()).push(
        ") AS k(key) CROSS JOIN LATERAL (
           SELECT id, version, priority, received_at, state FROM tickets AS ticket_views
           WHERE pool_unit = k.key AND phase = 3 AND ",
    );
    caller.scope().push(&mut sql, &COLUMNS);
    sql.push(" AND ");
    Sight::of(caller).push(&mut sql);
    wanted.filter.push(&mut sql);
    if let Some((priority, received_at, id)) = after {
        sql.push(" AND (priority, received_at, id) > (").push_bind(priority).push(", ");
        sql.push_bind(received_at).push(", ").push_bind(id).push(")");
    }
    sql.push(" ORDER BY priority, received_at, id LIMIT ").push_bind(PAGE);
    sql.push(") AS part ORDER BY priority, received_at, id LIMIT ").push_bind(PAGE);
    sql
}

/// Locks a ticket that nobody else has locked or changed since.
async fn lock(connection: &mut PgConnection, candidate: &Candidate) -> Result<bool, sqlx::Error> {
    let row = sqlx::query_scalar!(
        "SELECT id FROM tickets WHERE id = $1 AND version = $2 FOR UPDATE SKIP LOCKED",
        candidate.id,
        candidate.version
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.is_some())
}
