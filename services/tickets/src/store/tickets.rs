//! Tables `tickets`, `requests` and `events` as one act uses them: a read, and a guarded write.

mod answered;
mod write;

use super::{
    insert::Insert,
    save::Save,
    seal::Sealer,
    state,
    ticket_views::{self, TicketView, Viewer},
    workflows::Workflows,
    writer::{AfterCommit, Lane},
};
use crate::{
    config::WriterConfig,
    error::{stale_etag, ticket_not_found},
    telemetry::Metrics,
};
use gongdan_access::Caller;
use gongdan_clock::SharedClock;
use gongdan_errors::Error;
use gongdan_pg::{RequestKey, error};
use gongdan_proto::tickets::v1 as pb;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::Ticket;
use sqlx::PgPool;
use std::{collections::HashMap, sync::Arc};
use tracing::Instrument as _;
use uuid::Uuid;
pub(super) use write::Prepared;
pub(crate) use write::{Beside, Created};

/// How a caller names a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TicketRef {
    /// By its id.
    Id(Uuid),
    /// By the number people read.
    Number(String),
}

/// What a call on a ticket begins with.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Who calls, and what for.
    pub caller: Caller,
    /// The request, to know it again.
    pub key: RequestKey,
    /// The ticket.
    pub ticket: TicketRef,
    /// The version the caller believes it has.
    pub etag: Option<i64>,
    /// For whom the answer is.
    pub viewer: Viewer,
}

/// A ticket opened for an act.
pub(crate) enum Opened {
    /// The request was answered before: this is its answer.
    Answered(Box<pb::Ticket>),
    /// The request is new.
    Fresh(Box<Fresh>),
}

/// A ticket as it is now.
pub(crate) struct Fresh {
    /// For the domain.
    pub ticket: Ticket,
    /// For the answer.
    pub view: TicketView,
    /// Whether the caller may do it whichever unit has the ticket.
    pub any_unit: bool,
}

/// Where tickets are kept.
pub(crate) struct Tickets {
    pub(super) pool: PgPool,
    pub(super) sealer: Arc<Sealer>,
    clock: SharedClock,
    metrics: Metrics,
    inserts: Lane<Insert>,
    updates: Lane<Save>,
    /// What tickets follow.
    pub(crate) workflows: Workflows,
}

impl Tickets {
    pub(crate) fn new(
        pool: PgPool,
        sealer: Arc<Sealer>,
        clock: SharedClock,
        config: &WriterConfig,
        metrics: Metrics,
        after_commit: &AfterCommit,
    ) -> Self {
        let inserts = Lane::start(&pool, config, &metrics, after_commit);
        let updates = Lane::start(&pool, config, &metrics, after_commit);
        let workflows = Workflows::new(pool.clone(), clock.clone());
        Self { pool, sealer, clock, metrics, inserts, updates, workflows }
    }

    /// The id of a ticket that may be named by its number.
    pub(crate) async fn find(&self, ticket: &TicketRef) -> Result<Uuid, Error> {
        let number = match ticket {
            TicketRef::Id(id) => return Ok(*id),
            TicketRef::Number(number) => number,
        };
        sqlx::query_scalar!("SELECT id FROM tickets WHERE number = $1", number)
            .fetch_optional(&self.pool)
            .instrument(sql_span!("tickets.find", "SELECT"))
            .await
            .map_err(error)?
            .ok_or_else(ticket_not_found)
    }

    /// One ticket.
    pub(crate) async fn view(&self, ticket: &TicketRef) -> Result<TicketView, Error> {
        let id = self.find(ticket).await?;
        ticket_views::get(&self.pool, id).await?.ok_or_else(ticket_not_found)
    }

    /// Those of many tickets that are there, by their ids.
    pub(crate) async fn views(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, TicketView>, Error> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let views = ticket_views::many(&self.pool, ids).await?;
        Ok(views.into_iter().map(|view| (view.id, view)).collect())
    }

    /// Reads the ticket together with any earlier use of the request; judges the etag only when there is none.
    pub(crate) async fn open(&self, call: &Call) -> Result<Opened, Error> {
        let id = self.find(&call.ticket).await?;
        gongdan_audit::touched("ticket", id);
        let row = sqlx::query!(
            r#"SELECT v.id AS "id!", v.version AS "version!", v.received_at AS "received_at!",
                      v.customer_id AS "customer_id?", v.state AS "state!",
                      v.subject AS "subject!", v.body AS "body!", v.solution AS "solution?",
                      v.root_cause AS "root_cause?", v.reply AS "reply?", v.key_version AS "key_version?",
                      v.sealed AS "sealed?", v.records AS "records!",
                      v.due_at AS "due_at?", v.overdue AS "overdue!", r.hash AS "hash?", r.version AS "answered_version?",
                      r.created_at AS "answered_at?"
               FROM ticket_views v
               LEFT JOIN requests r ON r.caller = $2 AND r.method = $3 AND r.request_id = $4
               WHERE v.id = $1"#,
            id,
            call.key.caller,
            call.key.method,
            call.key.request_id
        )
        .fetch_optional(&self.pool)
        .instrument(sql_span!("tickets.open", "SELECT"))
        .await
        .map_err(error)?
        .ok_or_else(ticket_not_found)?;
        let view = TicketView {
            id: row.id,
            version: row.version,
            received_at: row.received_at,
            customer_id: row.customer_id,
            state: row.state,
            subject: row.subject,
            body: row.body,
            solution: row.solution,
            root_cause: row.root_cause,
            reply: row.reply,
            key_version: row.key_version,
            sealed: row.sealed,
            records: row.records,
            due_at: row.due_at,
            overdue: row.overdue,
        };
        if let (Some(hash), Some(version), Some(at)) = (row.hash, row.answered_version, row.answered_at) {
            view.check_seen(&call.caller)?;
            call.key.verify(&hash)?;
            return Ok(Opened::Answered(Box::new(self.answer_of(view, version, at, call.viewer).await?)));
        }
        let any_unit = view.check_acted_on(&call.caller)?;
        if let Some(etag) = call.etag
            && etag != view.version
        {
            return Err(stale_etag(view.version));
        }
        Ok(Opened::Fresh(Box::new(Fresh { ticket: view.ticket()?, view, any_unit })))
    }
}

/// The state of a stored ticket, for those who need no texts.
pub(crate) async fn states(
    connection: &mut sqlx::PgConnection,
    ids: &[Uuid],
) -> Result<Vec<(Uuid, Result<Ticket, state::InvalidState>)>, sqlx::Error> {
    let rows = sqlx::query!("SELECT id, state FROM tickets WHERE id = ANY($1)", ids)
        .fetch_all(connection)
        .instrument(sql_span!("tickets.states", "SELECT"))
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, state::decode(&row.state))).collect())
}
