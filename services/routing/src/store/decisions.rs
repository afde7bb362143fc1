//! Table `decisions`, many at a time: what follows from a batch of events.

use gongdan_region::RegionCode;
use gongdan_routing_domain::{Decided, Target};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::PgConnection;
use std::collections::HashSet;
use tracing::Instrument as _;
use uuid::Uuid;

/// A decision with what it was about.
#[derive(Debug, Clone)]
pub struct DecisionRow {
    /// Its id.
    pub id: Uuid,
    /// The ticket.
    pub ticket_id: Uuid,
    /// Its number.
    pub ticket_number: String,
    /// The version it was decided for.
    pub ticket_version: i64,
    /// Its round.
    pub round: i32,
    /// Its region.
    pub region: RegionCode,
    /// Its catalogue item.
    pub item: String,
    /// When.
    pub decided_at: Timestamp,
    /// What.
    pub decided: Decided,
    /// 1, and +1 for a decision that follows a refused one.
    pub attempt: i32,
    /// When it is sent again if nobody answers.
    pub resend_at: Timestamp,
    /// Somebody hands it over; none: it waits to be dispatched.
    pub handover: Option<Handover>,
}

/// Somebody hands their tickets over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// The reassignment.
    pub reassignment_id: Uuid,
    /// Who has it in hand.
    pub from_person_id: String,
    /// What people read of them.
    pub from_person_name: String,
    /// Why.
    pub reason: String,
    /// Why, where nobody wrote a reason; a number of the contract.
    pub cause: i16,
    /// Who began the reassignment.
    pub started_by: String,
    /// What people read of them.
    pub started_by_name: String,
}

/// How tickets answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerKind {
    /// The ticket was dispatched so.
    Dispatched,
    /// The ticket waits in a pool so.
    Pooled,
    /// The ticket went to somebody else of its unit so.
    Transferred,
    /// Not applied.
    Refused,
}

/// An answer to a decision.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The decision.
    pub decision_id: Uuid,
    /// How.
    pub kind: AnswerKind,
    /// Why it was refused.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// A decision that was answered just now.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The decision.
    pub id: Uuid,
    /// Its attempt.
    pub attempt: i32,
    /// Whether no later decision was made for the ticket as it waits to be dispatched.
    pub newest: bool,
    /// Whether somebody handed the ticket over by it.
    pub handover: bool,
}

impl AnswerKind {
    const fn state(self) -> i16 {
        match self {
            Self::Dispatched => 2,
            Self::Pooled => 3,
            Self::Refused => 4,
            Self::Transferred => 6,
        }
    }
}

/// Writes decisions; answers the ids of those that were written. A version of a ticket that has its decision keeps it, unless
/// that was given up.
pub async fn insert_many(
    connection: &mut PgConnection,
    rows: &[DecisionRow],
) -> Result<HashSet<Uuid>, InsertError> {
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    let explanations = rows
        .iter()
        .map(|row| serde_json::to_string(&row.decided.explanation))
        .collect::<Result<Vec<_>, _>>()?;
    // An array of arrays must be rectangular: lists of units travel joined, ids have no comma.
    let assisting: Vec<String> = rows.iter().map(|row| row.decided.assisting_unit_ids.join(",")).collect();
    let column = Columns(rows);
    let ids = sqlx::query_scalar!(
        "INSERT INTO decisions (id, ticket_id, ticket_number, ticket_version, round, region, item, decided_at, pooled,
                                unit_id, person_id, pool_reason, assisting_unit_ids, mark_sensitive, set_priority,
                                rule_revision, area_id, summary, explanation, attempt, resend_at, claim_limit,
                                reassignment_id, from_person_id)
         SELECT n.id, n.ticket_id, n.ticket_number, n.ticket_version, n.round, n.region, n.item, n.decided_at, n.pooled,
                n.unit_id, n.person_id, n.pool_reason, string_to_array(n.assisting, ','), n.mark_sensitive,
                n.set_priority, n.rule_revision, n.area_id, n.summary, n.explanation, n.attempt, n.resend_at,
                n.claim_limit, n.reassignment_id, n.from_person_id
         FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int8[], $5::int4[], $6::int8[], $7::text[],
                     $8::timestamptz[], $9::bool[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bool[],
                     $15::int2[], $16::int8[], $17::int8[], $18::text[], $19::text[], $20::int4[], $21::timestamptz[],
                     $22::int4[], $23::uuid[], $24::text[])
              AS n (id, ticket_id, ticket_number, ticket_version, round, region, item, decided_at, pooled, unit_id,
                    person_id, pool_reason, assisting, mark_sensitive, set_priority, rule_revision, area_id, summary,
                    explanation, attempt, resend_at, claim_limit, reassignment_id, from_person_id)
         ON CONFLICT (ticket_id, ticket_version) WHERE given_up_at IS NULL DO NOTHING
         RETURNING id",
        &column.of(|row| row.id),
        &column.of(|row| row.ticket_id),
        &column.of(|row| row.ticket_number.clone()),
        &column.of(|row| row.ticket_version),
        &column.of(|row| row.round),
        &column.of(|row| row.region.as_i64()),
        &column.of(|row| row.item.clone()),
        &column.of(|row| row.decided_at.to_sqlx()) as _,
        &column.of(|row| matches!(row.decided.target, Target::Pool { .. })),
        &column.of(|row| row.decided.target.unit_id().map(str::to_owned)) as _,
        &column.of(|row| match &row.decided.target {
            Target::Dispatch { person_id, .. } => person_id.clone(),
            Target::Pool { .. } => None,
        }) as _,
        &column.of(|row| match &row.decided.target {
            Target::Dispatch { .. } => String::new(),
            Target::Pool { reason, .. } => reason.clone(),
        }),
        &assisting,
        &column.of(|row| row.decided.mark_sensitive),
        &column.of(|row| i16::from(row.decided.set_priority)),
        &column.of(|row| row.decided.rule_revision) as _,
        &column.of(|row| row.decided.area_id) as _,
        &column.of(|row| row.decided.summary.clone()),
        &explanations,
        &column.of(|row| row.attempt),
        &column.of(|row| row.resend_at.to_sqlx()) as _,
        &column.of(|row| match row.decided.target {
            Target::Dispatch { .. } => 0,
            Target::Pool { claim_limit, .. } => i32::try_from(claim_limit).unwrap_or(i32::MAX),
        }),
        &column.of(|row| row.handover.as_ref().map(|handover| handover.reassignment_id)) as _,
        &column.of(|row| row.handover.as_ref().map(|handover| handover.from_person_id.clone())) as _,
    )
    .fetch_all(connection)
    .instrument(sql_span!("decisions.insert_many", "INSERT"))
    .await?;
    Ok(ids.into_iter().collect())
}

/// Decisions could not be written.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// By the database.
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    /// The explanation cannot be written as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// Notes answers; an answer that came before is not noted again.
pub async fn answer_many(
    connection: &mut PgConnection,
    answers: &[Answer],
) -> Result<Vec<Answered>, sqlx::Error> {
    if answers.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"UPDATE decisions d SET state = n.state, refusal = n.refusal, answered_at = n.answered_at
         FROM unnest($1::uuid[], $2::int2[], $3::text[], $4::timestamptz[]) AS n (id, state, refusal, answered_at)
         WHERE d.id = n.id AND d.state IN (1, 5)
         RETURNING d.id, d.attempt, NOT EXISTS (
             SELECT FROM decisions l WHERE l.ticket_id = d.ticket_id AND l.ticket_version > d.ticket_version
                 AND l.reassignment_id IS NULL
         ) AS "newest!", d.reassignment_id IS NOT NULL AS "handover!""#,
        &answers.iter().map(|answer| answer.decision_id).collect::<Vec<_>>(),
        &answers.iter().map(|answer| answer.kind.state()).collect::<Vec<_>>(),
        &answers.iter().map(|answer| answer.reason.clone()).collect::<Vec<_>>(),
        &answers.iter().map(|answer| answer.at.to_sqlx()).collect::<Vec<SqlTimestamp>>() as _,
    )
    .fetch_all(connection)
    .instrument(sql_span!("decisions.answer_many", "UPDATE"))
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Answered { id: row.id, attempt: row.attempt, newest: row.newest, handover: row.handover })
        .collect())
}

/// Ends the waiting for answers about tickets that have gone on without them, up to a version of each; answers which. What
/// hands a ticket over is not among them: a ticket that goes on may be in hand still, and tickets answers it either way.
pub async fn supersede_many(
    connection: &mut PgConnection,
    gone: &[(Uuid, i64)],
) -> Result<Vec<Uuid>, sqlx::Error> {
    if gone.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query_scalar!(
        "UPDATE decisions d SET state = 5
         FROM unnest($1::uuid[], $2::int8[]) AS n (ticket_id, version)
         WHERE d.ticket_id = n.ticket_id AND d.ticket_version <= n.version AND d.state = 1
             AND d.reassignment_id IS NULL
         RETURNING d.id",
        &gone.iter().map(|(ticket, _)| *ticket).collect::<Vec<_>>(),
        &gone.iter().map(|(_, version)| *version).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .instrument(sql_span!("decisions.supersede_many", "UPDATE"))
    .await
}

/// Notes that decisions are sent once more, and when they would be again.
pub async fn send_again(
    connection: &mut PgConnection,
    decisions: &[(Uuid, i64, Timestamp)],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE decisions d SET version = n.version, resend_at = n.resend_at
         FROM unnest($1::uuid[], $2::int8[], $3::timestamptz[]) AS n (id, version, resend_at) WHERE d.id = n.id",
        &decisions.iter().map(|(id, ..)| *id).collect::<Vec<_>>(),
        &decisions.iter().map(|(_, version, _)| *version).collect::<Vec<_>>(),
        &decisions.iter().map(|(.., at)| at.to_sqlx()).collect::<Vec<SqlTimestamp>>() as _,
    )
    .execute(connection)
    .instrument(sql_span!("decisions.send_again", "UPDATE"))
    .await?;
    Ok(())
}

/// Decisions, column by column.
struct Columns<'a>(&'a [DecisionRow]);

impl Columns<'_> {
    fn of<T>(&self, value: impl Fn(&DecisionRow) -> T) -> Vec<T> {
        self.0.iter().map(value).collect()
    }
}
