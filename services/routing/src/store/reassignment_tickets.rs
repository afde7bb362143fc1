//! Table `reassignment_tickets`: what became of each ticket of a reassignment.

use super::{Answer, AnswerKind, InHandRow, Store};
use gongdan_errors::Error;
use gongdan_routing_domain::reassign::CourseTrial;
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use std::collections::HashMap;
use tracing::Instrument as _;
use uuid::Uuid;

/// What became of a ticket. The numbers are those of the table, and of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i16)]
pub enum TicketState {
    /// Not decided yet.
    Waiting = 1,
    /// Not answered yet.
    Open = 2,
    /// It went.
    Transferred = 3,
    /// Tickets refused it.
    Refused = 4,
    /// It stays.
    NobodyAble = 5,
    /// It was not in hand any more.
    MovedOn = 6,
    /// The reassignment was stopped before, or tickets did not answer and it was given up.
    Stopped = 7,
}

/// How many tickets of a reassignment are in each state, by its number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress([i32; 8]);

/// A ticket of a reassignment as it is kept.
#[derive(Debug, Clone)]
pub struct ReassignedTicket {
    pub ticket_id: Uuid,
    pub unit_id: String,
    pub state: i16,
    pub decision_id: Option<Uuid>,
    pub to_person_id: Option<String>,
    pub why: String,
    pub courses: Vec<CourseTrial>,
}

/// What was found out about a ticket whose turn it was.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The ticket.
    pub ticket_id: Uuid,
    /// What became of it.
    pub state: TicketState,
    /// The decision.
    pub decision_id: Option<Uuid>,
    /// Who gets it.
    pub to_person_id: Option<String>,
    /// In a line.
    pub why: String,
    /// Who was considered, where nobody could take it.
    pub courses: Vec<CourseTrial>,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    ticket_id: Uuid,
    unit_id: String,
    state: i16,
    decision_id: Option<Uuid>,
    to_person_id: Option<String>,
    why: String,
    courses: String,
}

impl From<Row> for ReassignedTicket {
    fn from(row: Row) -> Self {
        let courses = match row.courses.as_str() {
            "" => Vec::new(),
            // What another release wrote keeps no other ticket from being listed; `why` says it in a line.
            kept => serde_json::from_str(kept)
                .inspect_err(|error| {
                    tracing::warn!(ticket = %row.ticket_id, %error, "who was considered cannot be read");
                })
                .unwrap_or_default(),
        };
        Self {
            ticket_id: row.ticket_id,
            unit_id: row.unit_id,
            state: row.state,
            decision_id: row.decision_id,
            to_person_id: row.to_person_id,
            why: row.why,
            courses,
        }
    }
}

impl Progress {
    /// In a state.
    pub const fn of(&self, state: TicketState) -> i32 {
        self.0[state as usize]
    }
}

impl Store {
    /// How far reassignments are; one without tickets is not there.
    pub async fn progress(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Progress>, Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        progress(&mut connection, ids).await
    }

    /// At most `limit` tickets of a reassignment after one, oldest first.
    pub async fn list_reassignment_tickets(
        &self,
        id: Uuid,
        state: Option<i16>,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<ReassignedTicket>, Error> {
        let rows: Vec<Row> = list(id, state, after, limit)
            .build_query_as()
            .fetch_all(&self.pool)
            .instrument(sql_span!("reassignment_tickets.list", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}

/// How far reassignments are.
pub async fn progress(connection: &mut PgConnection, ids: &[Uuid]) -> Result<HashMap<Uuid, Progress>, Error> {
    let rows = sqlx::query!(
        r#"SELECT reassignment_id, state, count(*) AS "tickets!" FROM reassignment_tickets
         WHERE reassignment_id = ANY ($1) GROUP BY reassignment_id, state"#,
        ids,
    )
    .fetch_all(connection)
    .instrument(sql_span!("reassignment_tickets.progress", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    let mut far: HashMap<Uuid, Progress> = HashMap::new();
    for row in rows {
        let progress = far.entry(row.reassignment_id).or_default();
        if let Some(count) = usize::try_from(row.state).ok().and_then(|state| progress.0.get_mut(state)) {
            *count = i32::try_from(row.tickets).unwrap_or(i32::MAX);
        }
    }
    Ok(far)
}

/// All of these wait.
pub(super) async fn insert(
    connection: &mut PgConnection,
    id: Uuid,
    in_hand: &[InHandRow],
) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO reassignment_tickets (reassignment_id, ticket_id, unit_id)
         SELECT $1, n.ticket_id, n.unit_id FROM unnest($2::uuid[], $3::text[]) AS n (ticket_id, unit_id)",
        id,
        &in_hand.iter().map(|row| row.ticket_id).collect::<Vec<_>>(),
        &in_hand.iter().map(|row| row.unit_id.clone()).collect::<Vec<_>>(),
    )
    .execute(connection)
    .instrument(sql_span!("reassignment_tickets.insert", "INSERT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(())
}

/// What waits of a reassignment stays where it is.
pub(super) async fn stop(connection: &mut PgConnection, id: Uuid) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE reassignment_tickets SET state = 7, why = 'stopped before its turn'
         WHERE reassignment_id = $1 AND state = 1",
        id,
    )
    .execute(connection)
    .instrument(sql_span!("reassignment_tickets.stop", "UPDATE"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(())
}

/// At most `limit` tickets whose turn is next, oldest first.
pub async fn waiting(connection: &mut PgConnection, id: Uuid, limit: i64) -> Result<Vec<Uuid>, Error> {
    sqlx::query_scalar!(
        "SELECT ticket_id FROM reassignment_tickets
         WHERE reassignment_id = $1 AND state = 1 ORDER BY ticket_id LIMIT $2",
        id,
        limit,
    )
    .fetch_all(connection)
    .instrument(sql_span!("reassignment_tickets.waiting", "SELECT"))
    .await
    .map_err(gongdan_pg::error)
}

/// Notes what was found out about tickets that waited.
pub async fn note(connection: &mut PgConnection, id: Uuid, outcomes: &[Outcome]) -> Result<(), Error> {
    let courses = outcomes
        .iter()
        .map(|outcome| match outcome.courses.as_slice() {
            [] => Ok(String::new()),
            courses => serde_json::to_string(courses),
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(Error::internal)?;
    sqlx::query!(
        "UPDATE reassignment_tickets t
         SET state = n.state, decision_id = n.decision_id, to_person_id = n.to_person_id, why = n.why,
             courses = n.courses
         FROM unnest($2::uuid[], $3::int2[], $4::uuid[], $5::text[], $6::text[], $7::text[])
              AS n (ticket_id, state, decision_id, to_person_id, why, courses)
         WHERE t.reassignment_id = $1 AND t.ticket_id = n.ticket_id AND t.state = 1",
        id,
        &outcomes.iter().map(|outcome| outcome.ticket_id).collect::<Vec<_>>(),
        &outcomes.iter().map(|outcome| outcome.state as i16).collect::<Vec<_>>(),
        &outcomes.iter().map(|outcome| outcome.decision_id).collect::<Vec<_>>() as _,
        &outcomes.iter().map(|outcome| outcome.to_person_id.clone()).collect::<Vec<_>>() as _,
        &outcomes.iter().map(|outcome| outcome.why.clone()).collect::<Vec<_>>(),
        &courses,
    )
    .execute(connection)
    .instrument(sql_span!("reassignment_tickets.note", "UPDATE"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(())
}

/// Gives up decisions of a reassignment that were made before an instant and are not answered; answers which. Their versions
/// of tickets may be decided about anew.
pub async fn give_up(
    connection: &mut PgConnection,
    id: Uuid,
    before: Timestamp,
    now: Timestamp,
) -> Result<Vec<Uuid>, Error> {
    sqlx::query_scalar!(
        r#"WITH given_up AS (
             UPDATE decisions d SET state = 5, given_up_at = $3 FROM reassignment_tickets t
             WHERE t.reassignment_id = $1 AND t.state = 2 AND d.id = t.decision_id AND d.state = 1 AND d.decided_at <= $2
             RETURNING d.id
         )
         UPDATE reassignment_tickets t SET state = 7, why = 'tickets did not answer: given up'
         FROM given_up g WHERE t.reassignment_id = $1 AND t.decision_id = g.id AND t.state = 2
         RETURNING g.id AS "id!""#,
        id,
        before.to_sqlx() as _,
        now.to_sqlx() as _,
    )
    .fetch_all(connection)
    .instrument(sql_span!("reassignment_tickets.give_up", "UPDATE"))
    .await
    .map_err(gongdan_pg::error)
}

/// Notes tickets' answers, also those that come after it was given up.
pub async fn answered<'a>(
    connection: &mut PgConnection,
    answers: impl Iterator<Item = &'a Answer>,
) -> Result<(), sqlx::Error> {
    let answers: Vec<&Answer> = answers.collect();
    if answers.is_empty() {
        return Ok(());
    }
    let state = |answer: &Answer| match answer.kind {
        AnswerKind::Refused => TicketState::Refused,
        AnswerKind::Transferred | AnswerKind::Dispatched | AnswerKind::Pooled => TicketState::Transferred,
    };
    sqlx::query!(
        "UPDATE reassignment_tickets t SET state = n.state, why = CASE WHEN n.why = '' THEN t.why ELSE n.why END
         FROM unnest($1::uuid[], $2::int2[], $3::text[]) AS n (decision_id, state, why)
         WHERE t.decision_id = n.decision_id AND t.state IN (2, 7)",
        &answers.iter().map(|answer| answer.decision_id).collect::<Vec<_>>(),
        &answers.iter().map(|answer| state(answer) as i16).collect::<Vec<_>>(),
        &answers.iter().map(|answer| answer.reason.clone()).collect::<Vec<_>>(),
    )
    .execute(connection)
    .instrument(sql_span!("reassignment_tickets.answered", "UPDATE"))
    .await?;
    Ok(())
}

pub(super) fn list(id: Uuid, state: Option<i16>, after: Option<Uuid>, limit: i64) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(
        "SELECT ticket_id, unit_id, state, decision_id, to_person_id, why, courses
         FROM reassignment_tickets WHERE reassignment_id = ",
    );
    sql.push_bind(id).push(" AND ticket_id > ").push_bind(after.unwrap_or(Uuid::nil()));
    if let Some(state) = state {
        sql.push(" AND state = ").push_bind(state);
    }
    sql.push(" ORDER BY ticket_id LIMIT ").push_bind(limit);
    sql
}
