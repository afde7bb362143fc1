//! What requests and imports were answered before.

use super::{
    super::{
        insert::ImportKey,
        ticket_views::{Detail, TicketView, Viewer},
    },
    TicketRef, Tickets,
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Reason};
use gongdan_pg::{RequestKey, error};
use gongdan_proto::tickets::v1 as pb;
use gongdan_telemetry::sql_span;
use jiff_sqlx::Timestamp as SqlTimestamp;
use prost::Message as _;
use tracing::Instrument as _;

impl Tickets {
    /// The answer that a request to make a ticket got before.
    pub(crate) async fn created_by(
        &self,
        key: &RequestKey,
        viewer: Viewer,
    ) -> Result<Option<pb::Ticket>, Error> {
        self.answer_to(key, None, viewer).await
    }

    /// The answer that a request which named no ticket got before, unless its ticket is out of the caller's sight by now.
    pub(crate) async fn answered_to(
        &self,
        key: &RequestKey,
        caller: &Caller,
        viewer: Viewer,
    ) -> Result<Option<pb::Ticket>, Error> {
        self.answer_to(key, Some(caller), viewer).await
    }

    async fn answer_to(
        &self,
        key: &RequestKey,
        seen_by: Option<&Caller>,
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
        if let Some(caller) = seen_by {
            view.check_seen(caller)?;
        }
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
    pub(super) async fn answer_of(
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
}
