//! Table `ticket_scopes`: what scopes ask of a ticket, kept from tickets' events by services that keep what belongs to
//! tickets.

use crate::{
    caller::{Caller, denied},
    facts::Table,
    scope::Scope,
    sql::Columns,
};
use async_trait::async_trait;
use gongdan_errors::Error;
use gongdan_outbox::{ApplyError, Event, Handler};
use gongdan_proto::tickets::v1::{DataClass, Ticket, TicketEvent, ticket_event::Change};
use gongdan_region::RegionCode;
use gongdan_telemetry::sql_span;
use sqlx::{PgConnection, PgPool, Postgres, QueryBuilder};
use std::{collections::HashMap, sync::Arc};
use tracing::Instrument as _;
use uuid::Uuid;

/// Creates the table and its functions; part of the schema of services that have a [`ScopeProjection`].
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// Of a row `s` of the table. Region and units have indexes, by these very expressions.
const COLUMNS: Columns = Columns {
    region: "s.region",
    takes_part: "(s.unit_ids || ARRAY[s.lead_unit, s.pool_unit]) && ?",
    holds: "s.lead_unit = ANY (?) OR s.pool_unit = ANY (?)",
    own: "(s.customer_id = ?) IS TRUE",
    sensitive: "s.sensitive",
    confidential: "s.confidential",
};

/// Acts after which neither place nor units are others; live ones need not be looked at, unless nothing came before.
const LEAVE_SCOPE: [&str; 7] =
    ["accepted", "urged", "resolved", "callback_opened", "closed", "decision_refused", "cancelled"];

/// The events of tickets that a consumer with a [`ScopeProjection`] asks for beside its own.
pub const SCOPE_EVENTS: [&str; 11] = [
    "saved",
    "submitted",
    "dispatched",
    "pooled",
    "claimed",
    "returned",
    "transferred",
    "reopened",
    "resolved",
    "closed",
    "erased",
];

/// What tickets tells that is of no ticket: whoever hears all of its events passes these over.
pub const OF_NO_TICKET: [&str; 1] = ["announced"];

/// Keeps the table before it lets another handler apply the same events, but for those of no ticket.
pub struct ScopeProjection(Arc<dyn Handler>);

impl ScopeProjection {
    /// Around the handler of a consumer of tickets' events that hears all of them.
    #[must_use]
    pub fn around(handler: Arc<dyn Handler>) -> Arc<dyn Handler> {
        Arc::new(Self(handler))
    }
}

#[async_trait]
impl Handler for ScopeProjection {
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        let of_no_ticket = |event: &Event| OF_NO_TICKET.contains(&event.kind.as_str());
        if !events.iter().any(of_no_ticket) {
            project(connection, events).await?;
            return self.0.apply(connection, events).await;
        }
        let events: Vec<Event> = events.iter().filter(|event| !of_no_ticket(event)).cloned().collect();
        project(connection, &events).await?;
        self.0.apply(connection, &events).await
    }

    async fn committed(&self, events: &[Event]) {
        self.0.committed(events).await;
    }
}

/// Writes the latest state of each ticket, in one statement.
///
/// # Errors
/// A payload that is no `TicketEvent`; those of the database.
pub async fn project(connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
    let mut latest: HashMap<Uuid, (i64, Ticket)> = HashMap::new();
    for event in events {
        if event.version > 1 && !event.is_import() && LEAVE_SCOPE.contains(&event.kind.as_str()) {
            continue;
        }
        let message: TicketEvent = event.decode().map_err(|e| ApplyError::undecodable(event, &e))?;
        let forgotten = forgets_customer(&message);
        let Some(mut state) = message.state else { continue };
        if forgotten {
            state.customer_id.clear();
        }
        if latest.get(&event.aggregate_id).is_none_or(|(version, _)| *version < event.version) {
            latest.insert(event.aggregate_id, (event.version, state));
        }
    }
    if latest.is_empty() {
        return Ok(());
    }
    let mut rows: Vec<_> = latest
        .into_iter()
        .map(|(id, (version, ticket))| {
            serde_json::json!({
                "ticket_id": id,
                "version": version,
                "region": RegionCode::parse(&ticket.region).map_or(0, RegionCode::as_i64),
                "unit_ids": ticket.participant_unit_ids,
                "lead_unit": ticket.lead_unit_id,
                "pool_unit": ticket.pool_unit_id,
                "customer_id": Uuid::try_parse(&ticket.customer_id).ok(),
                "sensitive": ticket.sensitive,
                "confidential": ticket.confidential,
            })
        })
        .collect();
    // In the order of ids, so that two writers cannot wait for each other.
    rows.sort_by(|a, b| a["ticket_id"].as_str().cmp(&b["ticket_id"].as_str()));
    sqlx::query(
        "INSERT INTO ticket_scopes (ticket_id, version, region, unit_ids, lead_unit, pool_unit, customer_id, \
                                    sensitive, confidential) \
         SELECT * FROM jsonb_to_recordset($1) AS t (ticket_id uuid, version bigint, region bigint, unit_ids text[], \
                                    lead_unit text, pool_unit text, customer_id uuid, sensitive boolean, \
                                    confidential boolean) \
         ON CONFLICT (ticket_id) DO UPDATE SET version = excluded.version, region = excluded.region, \
             unit_ids = excluded.unit_ids, lead_unit = excluded.lead_unit, pool_unit = excluded.pool_unit, \
             customer_id = excluded.customer_id, sensitive = excluded.sensitive, \
             confidential = excluded.confidential \
         WHERE ticket_scopes.version < excluded.version",
    )
    .bind(sqlx::types::Json(rows))
    .execute(connection)
    .instrument(sql_span!("ticket_scopes.upsert", "INSERT"))
    .await?;
    Ok(())
}

/// Whether the event says that nobody is to know any more whose request it was. Source: X11.
fn forgets_customer(message: &TicketEvent) -> bool {
    matches!(&message.change, Some(Change::Erased(erased)) if erased.classes().any(|class| class == DataClass::Contact))
}

/// A scope as the parameters of SQL function `ticket_in_scope`, in its order.
#[derive(Debug, Clone)]
pub struct ScopeParameters {
    /// The 64 answers; -1: everything.
    pub answers: i64,
    /// Where areas begin.
    pub low: Vec<i64>,
    /// Where they end.
    pub high: Vec<i64>,
    /// The caller's units.
    pub units: Vec<String>,
    /// The caller's own customer.
    pub customer: Option<Uuid>,
}

impl Scope {
    /// For statements that ask `ticket_in_scope(ticket_id, $…)`.
    #[must_use]
    pub fn parameters(&self) -> ScopeParameters {
        let actor = self.actor();
        ScopeParameters {
            answers: self.table().bits(),
            low: actor.regions.iter().map(|range| range.start).collect(),
            high: actor.regions.iter().map(|range| range.end).collect(),
            units: actor.unit_ids.clone(),
            customer: actor.customer_id,
        }
    }

    /// For statements put together at run time: adds the condition that the ticket in this column is within.
    pub fn push_ticket(&self, sql: &mut QueryBuilder<Postgres>, ticket_id: &'static str) {
        if self.table() == Table::ALL || self.table().is_none() {
            self.push(sql, &COLUMNS);
            return;
        }
        sql.push("EXISTS (SELECT 1 FROM ticket_scopes s WHERE s.ticket_id = ").push(ticket_id).push(" AND ");
        self.push(sql, &COLUMNS);
        sql.push(")");
    }

    /// Whether a ticket is within, by the table.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn allows_ticket(&self, pool: &PgPool, ticket: Uuid) -> Result<bool, Error> {
        if self.table() == Table::ALL || self.table().is_none() {
            return Ok(!self.table().is_none());
        }
        let with = self.parameters();
        sqlx::query_scalar("SELECT ticket_in_scope($1, $2, $3, $4, $5, $6)")
            .bind(ticket)
            .bind(with.answers)
            .bind(with.low)
            .bind(with.high)
            .bind(with.units)
            .bind(with.customer)
            .fetch_one(pool)
            .instrument(sql_span!("ticket_scopes.allows", "SELECT"))
            .await
            .map_err(gongdan_pg::error)
    }
}

impl Caller {
    /// As [`Caller::check`], by the table: refuses what belongs to a ticket that the caller may not do this with. What it
    /// may not even see, which is to do `seen` with, is `hidden`.
    ///
    /// # Errors
    /// `hidden`; PERMISSION_DENIED; those of the database.
    pub async fn check_ticket(
        &self,
        pool: &PgPool,
        ticket: Uuid,
        seen: &str,
        hidden: impl FnOnce() -> Error,
    ) -> Result<(), Error> {
        if !self.scope_of(seen).allows_ticket(pool, ticket).await? {
            return Err(hidden());
        }
        if self.scope().allows_ticket(pool, ticket).await? { Ok(()) } else { Err(denied(self.action())) }
    }
}
