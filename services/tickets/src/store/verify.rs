//! Tables `events` and `tickets` as whoever verifies a timeline reads them: all of one moment. Source: T26.

use super::{
    chain::{Known, Row, Verified, Verifier},
    tickets::Tickets,
};
use crate::error::ticket_not_found;
use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_proto::tickets::v1 as pb;
use gongdan_telemetry::sql_span;
use prost::Message as _;
use tracing::Instrument as _;
use uuid::Uuid;

/// Events read at once.
const PAGE: i64 = 200;

impl Tickets {
    /// Judges a ticket's timeline against its chain. An erasure meanwhile is not seen.
    pub(crate) async fn verify(&self, id: Uuid, known: Option<Known>) -> Result<Verified, Error> {
        let mut transaction =
            self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.map_err(error)?;
        let connection = &mut *transaction;
        let ticket = sqlx::query!("SELECT version, state FROM tickets WHERE id = $1", id)
            .fetch_optional(&mut *connection)
            .instrument(sql_span!("tickets.to_verify", "SELECT"))
            .await
            .map_err(error)?
            .ok_or_else(ticket_not_found)?;
        let mut verifier = Verifier::new(id, known);
        let mut after = (0, 0);
        loop {
            // By position as well, so that an event that is there twice is read twice.
            let page = sqlx::query!(
                "SELECT position, aggregate_id, version, type AS kind, occurred_at, recorded_at, origin, payload
                 FROM events WHERE aggregate_id = $1 AND version >= $2 AND (version, position) > ($2, $3)
                 ORDER BY version, position LIMIT $4",
                id,
                after.0,
                after.1,
                PAGE
            )
            .fetch_all(&mut *connection)
            .instrument(sql_span!("events.to_verify", "SELECT"))
            .await
            .map_err(error)?;
            let Some(last) = page.last() else { break };
            after = (last.version, last.position);
            for row in page {
                verifier.take(&Row {
                    aggregate_id: row.aggregate_id,
                    version: row.version,
                    kind: row.kind,
                    occurred_at: row.occurred_at.to_jiff(),
                    recorded_at: row.recorded_at.to_jiff(),
                    origin: row.origin.into(),
                    payload: row.payload,
                });
            }
        }
        // A state that does not decode is not what the last event left.
        let state = pb::Ticket::decode(ticket.state.as_slice()).unwrap_or_default();
        Ok(verifier.end(ticket.version, &state))
    }
}
