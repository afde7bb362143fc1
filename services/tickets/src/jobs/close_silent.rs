//! Closes tickets of which nothing was heard for seven working days after they were resolved. Source: GLOSSARY, act close.
//!
//! When those days are over only sla knows; it is asked once per ticket and round that is silent for as many calendar
//! days, and what it says is remembered.

use super::each::or_passed_over;
use crate::{
    Rooms,
    consumers::system,
    store::{silent::Silent, tickets::TicketRef},
};
use anyhow::Context as _;
use gongdan_auth::AuthChannel;
use gongdan_proto::{
    from_timestamp,
    sla::v1::{
        PreviewDeadlineRequest, clock_service_client::ClockServiceClient, preview_deadline_request::Amount,
    },
    to_timestamp,
};
use gongdan_tickets_domain::{Action, CloseReason};
use jiff::{SignedDuration, Timestamp};
use moka::sync::Cache;
use std::sync::Arc;
use uuid::Uuid;

const PAGE: i64 = 200;
/// Deadlines remembered.
const REMEMBERED: u64 = 100_000;

/// Looks for them until the service stops.
pub(crate) struct CloseSilent {
    rooms: Arc<Rooms>,
    sla: ClockServiceClient<AuthChannel>,
    due: Cache<(Uuid, Timestamp), Timestamp>,
}

impl CloseSilent {
    pub(crate) fn new(rooms: Arc<Rooms>, sla: AuthChannel) -> Self {
        Self { rooms, sla: ClockServiceClient::new(sla), due: Cache::new(REMEMBERED) }
    }

    pub(crate) async fn run(self) {
        loop {
            match self.pass().await {
                Ok(0) => {}
                Ok(closed) => tracing::info!(closed, "silent tickets closed"),
                Err(error) => {
                    tracing::warn!(error = %format!("{error:#}"), "silent tickets wait for the next look");
                }
            }
            let interval =
                SignedDuration::try_from(self.rooms.config.closing.interval).unwrap_or(SignedDuration::ZERO);
            tokio::select! {
                () = self.rooms.clock.sleep_until(self.rooms.clock.now() + interval) => {}
                () = self.rooms.shutdown.cancelled() => return,
            }
        }
    }

    /// Looks at all that may be due; says how many it closed.
    async fn pass(&self) -> anyhow::Result<usize> {
        let now = self.rooms.clock.now();
        // No working day is shorter than a calendar day.
        let before = now - SignedDuration::from_hours(24 * i64::from(self.rooms.config.closing.working_days));
        let (mut after, mut closed) = (None, 0);
        loop {
            let page = self.rooms.tickets.silent(before, after, PAGE).await?;
            let Some(last) = page.last().copied() else { return Ok(closed) };
            after = Some(last);
            for silent in page {
                if self.due_at(silent).await? <= now {
                    closed += usize::from(or_passed_over(silent.id, self.close(silent, now).await)?);
                }
                if self.rooms.shutdown.is_cancelled() {
                    return Ok(closed);
                }
            }
        }
    }

    async fn due_at(&self, silent: Silent) -> anyhow::Result<Timestamp> {
        let key = (silent.id, silent.resolved_at);
        if let Some(due) = self.due.get(&key) {
            return Ok(due);
        }
        let request = PreviewDeadlineRequest {
            start: Some(to_timestamp(silent.resolved_at)),
            amount: Some(Amount::WorkingDays(self.rooms.config.closing.working_days)),
            ..PreviewDeadlineRequest::default()
        };
        let answer =
            self.sla.clone().preview_deadline(request).await.context("sla's PreviewDeadline")?.into_inner();
        let due = answer.due_at.as_ref().context("sla gave no due time")?;
        let due = from_timestamp(due)?;
        self.due.insert(key, due);
        Ok(due)
    }

    /// False when somebody did something with it meanwhile.
    async fn close(&self, silent: Silent, now: Timestamp) -> anyhow::Result<bool> {
        let ticket = self.rooms.tickets.view(&TicketRef::Id(silent.id)).await?.ticket()?;
        if ticket.resolved_at != Some(silent.resolved_at) || !Action::Close.is_allowed_in(ticket.phase) {
            return Ok(false);
        }
        let changed = ticket.close(CloseReason::Timer, None, &system("tickets")?, now)?;
        Ok(self.rooms.tickets.save_unasked(&changed).await?)
    }
}
