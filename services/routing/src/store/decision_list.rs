//! Table `decisions`, for reading: one by name, many by filter, newest first. Each filter has an index that gives the
//! order: see the migrations.

use super::{Handover, Store, unreadable};
use gongdan_access::Scope;
use gongdan_errors::Error;
use gongdan_region::RegionCode;
use gongdan_routing_domain::{Explanation, Target};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::{PgConnection, Postgres, QueryBuilder};
use tracing::Instrument as _;
use uuid::Uuid;

const COLUMNS: &str = "SELECT d.id, d.ticket_id, d.ticket_number, d.ticket_version, d.round, d.region, d.item,
     d.decided_at, d.pooled, d.unit_id, d.person_id, d.pool_reason, d.claim_limit, d.assisting_unit_ids, d.mark_sensitive,
     d.set_priority, d.rule_revision, d.area_id, d.summary, d.explanation, d.state, d.refusal, d.answered_at, d.version,
     d.reassignment_id, d.from_person_id,
     (SELECT v.rule_id FROM rule_revisions v WHERE v.revision = d.rule_revision) AS rule_id,
     (SELECT r.reason FROM reassignments r WHERE r.id = d.reassignment_id) AS reassignment_reason,
     (SELECT r.cause FROM reassignments r WHERE r.id = d.reassignment_id) AS reassignment_cause,
     (SELECT r.started_by FROM reassignments r WHERE r.id = d.reassignment_id) AS started_by,
     (SELECT p.name FROM principals p WHERE p.id = d.from_person_id) AS from_person_name,
     (SELECT p.name FROM reassignments r JOIN principals p ON p.id = r.started_by WHERE r.id = d.reassignment_id)
         AS started_by_name
     FROM decisions d";

/// A decision, or a ticket standing for its decisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecisionName {
    /// The decision's id.
    Decision(Uuid),
    /// The ticket's id.
    Ticket(Uuid),
    /// The ticket's number.
    Number(String),
}

/// Which decisions; all given must match.
#[derive(Debug, Clone, Default)]
pub struct DecisionFilter {
    /// Of one ticket.
    pub ticket: Option<DecisionName>,
    /// In a state, by its number.
    pub state: Option<i16>,
}

/// A decision as it is kept.
#[derive(Debug, Clone)]
pub struct StoredDecision {
    pub id: Uuid,
    pub ticket_id: Uuid,
    pub ticket_number: String,
    pub ticket_version: i64,
    pub round: i32,
    pub region: RegionCode,
    pub item: String,
    pub decided_at: Timestamp,
    pub target: Target,
    pub assisting_unit_ids: Vec<String>,
    pub mark_sensitive: bool,
    pub set_priority: i32,
    pub rule_id: Option<String>,
    pub area_id: Option<i64>,
    pub summary: String,
    pub explanation: Explanation,
    pub state: i16,
    pub refusal: String,
    pub answered_at: Option<Timestamp>,
    pub version: i64,
    pub handover: Option<Handover>,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: Uuid,
    ticket_id: Uuid,
    ticket_number: String,
    ticket_version: i64,
    round: i32,
    region: i64,
    item: String,
    decided_at: SqlTimestamp,
    pooled: bool,
    unit_id: Option<String>,
    person_id: Option<String>,
    pool_reason: String,
    claim_limit: i32,
    assisting_unit_ids: Vec<String>,
    mark_sensitive: bool,
    set_priority: i16,
    area_id: Option<i64>,
    summary: String,
    explanation: String,
    state: i16,
    refusal: String,
    answered_at: Option<SqlTimestamp>,
    version: i64,
    rule_id: Option<String>,
    reassignment_id: Option<Uuid>,
    from_person_id: Option<String>,
    reassignment_reason: Option<String>,
    reassignment_cause: Option<i16>,
    started_by: Option<String>,
    from_person_name: Option<String>,
    started_by_name: Option<String>,
}

impl TryFrom<Row> for StoredDecision {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let target = match (row.pooled, row.unit_id) {
            (true, unit_id) => {
                let claim_limit = u32::try_from(row.claim_limit).map_err(unreadable)?;
                Target::Pool { unit_id, reason: row.pool_reason, claim_limit }
            }
            (false, Some(unit_id)) => Target::Dispatch { unit_id, person_id: row.person_id },
            (false, None) => return Err(unreadable(format!("decision {} goes nowhere", row.id))),
        };
        let handover = row.reassignment_id.map(|reassignment_id| Handover {
            reassignment_id,
            from_person_id: row.from_person_id.unwrap_or_default(),
            from_person_name: row.from_person_name.unwrap_or_default(),
            reason: row.reassignment_reason.unwrap_or_default(),
            cause: row.reassignment_cause.unwrap_or_default(),
            started_by: row.started_by.unwrap_or_default(),
            started_by_name: row.started_by_name.unwrap_or_default(),
        });
        Ok(Self {
            id: row.id,
            ticket_id: row.ticket_id,
            ticket_number: row.ticket_number,
            ticket_version: row.ticket_version,
            round: row.round,
            region: RegionCode::from_i64(row.region).map_err(unreadable)?,
            item: row.item,
            decided_at: row.decided_at.to_jiff(),
            target,
            assisting_unit_ids: row.assisting_unit_ids,
            mark_sensitive: row.mark_sensitive,
            set_priority: row.set_priority.into(),
            rule_id: row.rule_id,
            area_id: row.area_id,
            summary: row.summary,
            explanation: serde_json::from_str(&row.explanation).map_err(unreadable)?,
            state: row.state,
            refusal: row.refusal,
            answered_at: row.answered_at.map(SqlTimestamp::to_jiff),
            version: row.version,
            handover,
        })
    }
}

impl Store {
    /// A decision, or the newest one of a ticket.
    pub async fn decision(&self, name: &DecisionName) -> Result<Option<StoredDecision>, Error> {
        let mut sql = QueryBuilder::new(COLUMNS);
        match name {
            DecisionName::Decision(id) => sql.push(" WHERE d.id = ").push_bind(*id),
            DecisionName::Ticket(id) => sql
                .push(" WHERE d.ticket_id = ")
                .push_bind(*id)
                .push(" ORDER BY d.ticket_version DESC, d.id DESC LIMIT 1"),
            DecisionName::Number(number) => sql
                .push(" WHERE d.ticket_number = ")
                .push_bind(number.clone())
                .push(" ORDER BY d.ticket_version DESC, d.id DESC LIMIT 1"),
        };
        let row: Option<Row> = sql
            .build_query_as()
            .fetch_optional(&self.pool)
            .instrument(sql_span!("decisions.get", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        row.map(TryInto::try_into).transpose()
    }

    /// Whether a ticket is within a scope.
    pub async fn sees(&self, scope: &Scope, ticket: Uuid) -> Result<bool, Error> {
        scope.allows_ticket(&self.pool, ticket).await
    }

    /// When the next unanswered decision is to be sent again.
    pub async fn next_unanswered(&self) -> Result<Option<Timestamp>, Error> {
        let next =
            sqlx::query_scalar!("SELECT resend_at FROM decisions WHERE state = 1 ORDER BY resend_at LIMIT 1")
                .fetch_optional(&self.pool)
                .instrument(sql_span!("decisions.next_unanswered", "SELECT"))
                .await
                .map_err(gongdan_pg::error)?;
        Ok(next.map(SqlTimestamp::to_jiff))
    }

    /// At most `limit` decisions within `scope` whose id is below `after`, newest first.
    pub async fn list_decisions(
        &self,
        scope: &Scope,
        filter: &DecisionFilter,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<StoredDecision>, Error> {
        let rows: Vec<Row> = list(scope, filter, after, limit)
            .build_query_as()
            .fetch_all(&self.pool)
            .instrument(sql_span!("decisions.list", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        // A list shows no explanation: one that another release wrote holds nothing back.
        let unexplained = unexplained()?;
        rows.into_iter().map(|row| Row { explanation: unexplained.clone(), ..row }.try_into()).collect()
    }
}

/// Decisions nobody answered in time, locked against other replicas.
pub async fn unanswered_due(
    connection: &mut PgConnection,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<StoredDecision>, Error> {
    let mut sql = QueryBuilder::new(COLUMNS);
    sql.push(" WHERE d.state = 1 AND d.resend_at <= ").push_bind(now.to_sqlx());
    sql.push(" ORDER BY d.resend_at LIMIT ").push_bind(limit).push(" FOR UPDATE OF d SKIP LOCKED");
    let rows: Vec<Row> = sql
        .build_query_as()
        .fetch_all(connection)
        .instrument(sql_span!("decisions.unanswered_due", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
    // What is sent has no explanation: one that a newer replica wrote holds nothing back.
    let unexplained = unexplained()?;
    let sent = |row: Row| {
        let id = row.id;
        StoredDecision::try_from(Row { explanation: unexplained.clone(), ..row })
            .inspect_err(|error| tracing::error!(decision = %id, %error, "a decision cannot be sent again"))
            .ok()
    };
    Ok(rows.into_iter().filter_map(sent).collect())
}

/// In the place of an explanation that nobody asks for.
fn unexplained() -> Result<String, Error> {
    serde_json::to_string(&Explanation::default()).map_err(unreadable)
}

pub(super) fn list(
    scope: &Scope,
    filter: &DecisionFilter,
    after: Option<Uuid>,
    limit: i64,
) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(COLUMNS);
    sql.push(" WHERE ");
    scope.push_ticket(&mut sql, "d.ticket_id");
    match &filter.ticket {
        None => {}
        Some(DecisionName::Decision(id)) => {
            sql.push(" AND d.id = ").push_bind(*id);
        }
        Some(DecisionName::Ticket(id)) => {
            sql.push(" AND d.ticket_id = ").push_bind(*id);
        }
        Some(DecisionName::Number(number)) => {
            sql.push(" AND d.ticket_number = ").push_bind(number.clone());
        }
    }
    if let Some(state) = filter.state {
        // Written out, so that the planner sees which partial index serves it.
        sql.push(format!(" AND d.state = {state}"));
    }
    if let Some(after) = after {
        sql.push(" AND d.id < ").push_bind(after);
    }
    sql.push(" ORDER BY d.id DESC LIMIT ").push_bind(limit);
    sql
}
