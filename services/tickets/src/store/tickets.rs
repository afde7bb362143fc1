//! Tables `tickets`, `requests` and `events` as one act uses them: a read, and a guarded write.

use super::{
    insert::{ImportKey, Insert, Inserted, TicketCustomer},
    places::NewPlace,
    save::Save,
    seal::{Sealed, Sealer},
    state,
    ticket_views::{self, Detail, TicketView, Viewer},
    update::Updated,
    workflows::{Who, Workflows},
    writer::{AfterCommit, Lane},
};
use crate::{
    config::WriterConfig,
    error::{lost_race_to, stale_etag, ticket_not_found},
    events,
    telemetry::Metrics,
};
use gongdan_access::Caller;
use gongdan_clock::SharedClock;
use gongdan_errors::{Error, Reason};
use gongdan_pg::{RequestKey, error};
use gongdan_proto::tickets::v1 as pb;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{Changed, Ticket, form::Found};
use jiff_sqlx::Timestamp as SqlTimestamp;
use prost::Message as _;
use sqlx::PgPool;
use std::{collections::HashMap, sync::Arc};
use tracing::Instrument as _;
use uuid::Uuid;

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

/// What became of a new ticket.
pub(crate) enum Created {
    /// It is there.
    New(Box<pb::Ticket>),
    /// Request or import key were there before.
    Known,
    /// The customer was made by somebody else at the same moment: look it up and try again.
    CustomerTaken,
}

/// What comes with a new ticket.
pub(crate) struct Beside {
    /// Whose it is.
    pub customer: TicketCustomer,
    /// The contact.
    pub contact: Option<Sealed>,
    /// What of its form can be filtered on.
    pub fields: Option<Vec<(String, Found)>>,
    /// Where it is about.
    pub place: Option<NewPlace>,
}

/// A new ticket before it is written.
pub(super) struct Prepared {
    pub insert: Insert,
    pub view: TicketView,
    pub answer: pb::Ticket,
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

    /// Writes an act, which its workflow may refuse. Somebody else's act in between is ABORTED, unless it was the same request: then this is its answer.
    pub(crate) async fn save(
        &self,
        view: TicketView,
        changed: &Changed,
        call: &Call,
    ) -> Result<pb::Ticket, Error> {
        self.save_beside(view, changed, call, None, Vec::new()).await
    }

    /// As [`Self::save`], with what of its form can be filtered on from now on, if that changes.
    pub(crate) async fn save_with(
        &self,
        view: TicketView,
        changed: &Changed,
        call: &Call,
        fields: Option<Vec<(String, Found)>>,
    ) -> Result<pb::Ticket, Error> {
        self.save_beside(view, changed, call, fields, Vec::new()).await
    }

    /// As [`Self::save`], with places that came with the act.
    pub(crate) async fn save_placed(
        &self,
        view: TicketView,
        changed: &Changed,
        call: &Call,
        places: Vec<NewPlace>,
    ) -> Result<pb::Ticket, Error> {
        self.save_beside(view, changed, call, None, places).await
    }

    async fn save_beside(
        &self,
        view: TicketView,
        changed: &Changed,
        call: &Call,
        fields: Option<Vec<(String, Found)>>,
        places: Vec<NewPlace>,
    ) -> Result<pb::Ticket, Error> {
        let changed = &self.workflows.govern(changed, Who::Caller(&call.caller)).await?;
        let save = |tickets: &Self| {
            let now = tickets.clock.now();
            let written = events::write(changed, now);
            let answer = written.ticket.clone();
            let mut save = Save::new(changed, written, Some(call.key.clone()), now);
            save.extras.fields.clone_from(&fields);
            save.extras.places.clone_from(&places);
            (answer, save)
        };
        let span = sql_span!("tickets.update", "UPDATE");
        let outcome = async {
            let (answer, save) = save(self);
            Ok::<_, Error>((answer, self.updates.write(save).await?))
        }
        .instrument(span)
        .await;
        let conflict = match outcome {
            Ok((answer, Updated::Done)) => {
                self.count(changed);
                return view.with_texts(changed).present_as(answer, Detail::Full, call.viewer, &self.sealer);
            }
            Ok((_, Updated::Lost)) => None,
            // The same request under way twice: the twin's row is there when this one fails.
            Err(error) if error.code() == gongdan_errors::Code::Internal => Some(error),
            Err(error) => return Err(error),
        };
        self.metrics.conflict();
        let again = Call { etag: None, ..call.clone() };
        match self.open(&again).await? {
            Opened::Answered(answer) => Ok(*answer),
            Opened::Fresh(present) => Err(conflict.unwrap_or_else(|| lost_race_to(present.view.version))),
        }
    }

    /// Writes an act that no call asked for; false when somebody else was faster.
    pub(crate) async fn save_unasked(&self, changed: &Changed) -> Result<bool, Error> {
        let changed = &self.workflows.govern(changed, Who::Program).await?;
        let now = self.clock.now();
        let save = Save::new(changed, events::write(changed, now), None, now);
        let updated = self.updates.write(save).instrument(sql_span!("tickets.update", "UPDATE")).await?;
        if updated == Updated::Done {
            self.count(changed);
        }
        Ok(updated == Updated::Done)
    }

    /// Writes a new ticket that a call or an import asked for.
    pub(crate) async fn create(
        &self,
        changed: &Changed,
        key: Option<&RequestKey>,
        import: Option<ImportKey>,
        beside: Beside,
        viewer: Viewer,
        who: Who<'_>,
    ) -> Result<Created, Error> {
        let changed = &self.workflows.govern(changed, who).await?;
        let span = sql_span!("tickets.insert", "INSERT");
        let prepared = span.in_scope(|| self.prepare(changed, key, import, beside));
        let Prepared { insert, view, answer } = prepared;
        Ok(match self.inserts.write(insert).instrument(span).await? {
            Inserted::Created => {
                self.count(changed);
                let ticket =
                    view.with_texts(changed).present_as(answer, Detail::Full, viewer, &self.sealer)?;
                Created::New(Box::new(ticket))
            }
            Inserted::Known => Created::Known,
            Inserted::CustomerTaken => Created::CustomerTaken,
        })
    }

    /// A new ticket as it is written, and what its answer is made of.
    pub(super) fn prepare(
        &self,
        changed: &Changed,
        key: Option<&RequestKey>,
        import: Option<ImportKey>,
        beside: Beside,
    ) -> Prepared {
        let now = self.clock.now();
        let written = events::write(changed, now);
        let answer = written.ticket.clone();
        let mut save = Save::new(changed, written, key.cloned(), now);
        let (subject, body) = match &changed.texts.request {
            Some((subject, body)) => (subject.as_str().to_owned(), body.as_str().to_owned()),
            None => (String::new(), String::new()),
        };
        let Beside { customer, contact, fields, place } = beside;
        save.extras.fields = fields;
        save.extras.places = place.into_iter().collect();
        let insert = Insert { save, subject, body, import, customer, contact };
        let view = TicketView {
            id: insert.save.row.id,
            version: insert.save.row.version,
            received_at: insert.save.row.received_at.into(),
            customer_id: insert.save.row.customer_id,
            state: Vec::new(),
            subject: insert.subject.clone(),
            body: insert.body.clone(),
            solution: None,
            root_cause: None,
            reply: None,
            key_version: insert.contact.as_ref().map(|sealed| sealed.key_version),
            sealed: insert.contact.as_ref().map(|sealed| sealed.bytes.clone()),
            records: Vec::new(),
            due_at: None,
            overdue: false,
        };
        Prepared { insert, view, answer }
    }

    /// The answer that a request to make a ticket got before.
    pub(crate) async fn created_by(
        &self,
        key: &RequestKey,
        viewer: Viewer,
    ) -> Result<Option<pb::Ticket>, Error> {
        let row = sqlx::query!(
            "SELECT hash, resource_id, version, created_at FROM requests
             WHERE caller = $1 AND method = $2 AND request_id = $3",
            key.caller,
            key.method,
            key.request_id
        )
        .fetch_optional(&self.pool)
        .instrument(sql_span!("requests.get", "SELECT"))
        .await
        .map_err(error)?;
        let Some(row) = row else { return Ok(None) };
        key.verify(&row.hash)?;
        let view = self.view(&TicketRef::Id(row.resource_id)).await?;
        self.answer_of(view, row.version, row.created_at, viewer).await.map(Some)
    }

    /// The ticket that an import key led to.
    pub(crate) async fn imported_as(
        &self,
        key: &ImportKey,
        viewer: Viewer,
    ) -> Result<Option<pb::Ticket>, Error> {
        let row = sqlx::query!(
            "SELECT hash, ticket_id FROM imports WHERE external_source = $1 AND external_id = $2",
            key.source,
            key.id
        )
        .fetch_optional(&self.pool)
        .instrument(sql_span!("imports.get", "SELECT"))
        .await
        .map_err(error)?;
        let Some(row) = row else { return Ok(None) };
        if row.hash != key.hash {
            return Err(Error::already_exists(
                Reason::ExternalIdReused,
                "this external_id was recorded with another content",
            )
            .with("external_source", &key.source)
            .with("external_id", &key.id));
        }
        let view = self.view(&TicketRef::Id(row.ticket_id)).await?;
        view.present(Detail::Full, viewer, &self.sealer).map(Some)
    }

    /// The ticket as it was at a version, written at an instant.
    async fn answer_of(
        &self,
        mut view: TicketView,
        version: i64,
        at: SqlTimestamp,
        viewer: Viewer,
    ) -> Result<pb::Ticket, Error> {
        if version == view.version {
            return view.present(Detail::Full, viewer, &self.sealer);
        }
        let payload = sqlx::query_scalar!(
            "SELECT payload FROM events WHERE aggregate_id = $1 AND version = $2 AND recorded_at = $3",
            view.id,
            version,
            at as _
        )
        .fetch_optional(&self.pool)
        .instrument(sql_span!("events.state_at", "SELECT"))
        .await
        .map_err(error)?
        .ok_or_else(|| Error::internal("the event of an answered request is not there"))?;
        let event = pb::TicketEvent::decode(payload.as_slice()).map_err(Error::internal)?;
        let state = event.state.ok_or_else(|| Error::internal("an event without state"))?;
        let texts = sqlx::query!(
            "SELECT solution, root_cause, reply FROM resolutions WHERE ticket_id = $1 AND round = $2",
            view.id,
            state.round
        )
        .fetch_optional(&self.pool)
        .instrument(sql_span!("resolutions.get", "SELECT"))
        .await
        .map_err(error)?;
        if let Some(texts) = texts {
            view.solution = texts.solution;
            view.root_cause = Some(texts.root_cause);
            view.reply = Some(texts.reply);
        }
        view.present_as(state, Detail::Full, viewer, &self.sealer)
    }

    pub(super) fn count(&self, changed: &Changed) {
        for event in changed.events() {
            self.metrics.event(event.change.name(), event.origin.name());
        }
    }
}

impl TicketView {
    /// With the texts that an act brought.
    pub(super) fn with_texts(mut self, changed: &Changed) -> Self {
        if let Some((subject, body)) = &changed.texts.request {
            subject.as_str().clone_into(&mut self.subject);
            body.as_str().clone_into(&mut self.body);
        }
        if let Some((solution, root_cause, reply)) = &changed.texts.resolution {
            self.solution = solution.as_ref().map(|text| text.as_str().to_owned());
            self.root_cause = Some(root_cause.as_str().to_owned());
            self.reply = Some(reply.as_str().to_owned());
        }
        // A later text of the same part comes later, and takes the place of the earlier one where they are looked up.
        for text in &changed.texts.records {
            self.records.extend([text.record.to_string(), text.part.to_owned(), text.text.clone()]);
        }
        self
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
