//! One watch for all tickets of a run, and a way to wait for a phase of one of them.

use crate::{setup, suite::Authorized};
use anyhow::Context;
use gongdan_proto::tickets::v1::{
    Phase, Ticket, TicketFilter, WatchTicketsRequest, ticket_service_client::TicketServiceClient,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::watch;

/// Longest wait for a phase.
const LIMIT: Duration = Duration::from_secs(60);

/// A ticket as it was seen.
#[derive(Debug, Clone, Copy)]
struct Sight {
    phase: i32,
    /// From `submitted` to its first `dispatched`, by the times of the two events.
    dispatched_after: Option<Duration>,
}

type Seen = HashMap<String, watch::Sender<Vec<Sight>>>;

/// The phases that every ticket of the run went through.
#[derive(Clone)]
pub(crate) struct Watcher {
    seen: Arc<Mutex<Seen>>,
}

/// The phases of one ticket.
pub(crate) struct Phases(watch::Receiver<Vec<Sight>>);

impl Watcher {
    /// Begins to watch.
    pub async fn start(tickets: &mut TicketServiceClient<Authorized>) -> anyhow::Result<Self> {
        let filter = TicketFilter { regions: vec![setup::REGION.to_owned()], ..Default::default() };
        let request = WatchTicketsRequest { filter: Some(filter), ..Default::default() };
        let mut changes = tickets.watch_tickets(request).await.context("watch")?.into_inner();
        let watcher = Self { seen: Arc::default() };
        let mine = watcher.clone();
        tokio::spawn(async move {
            while let Ok(Some(change)) = changes.message().await {
                if let Some(ticket) = change.ticket {
                    let sight = Sight { phase: ticket.phase, dispatched_after: dispatched_after(&ticket) };
                    mine.sender(&ticket.id).send_modify(|phases| phases.push(sight));
                }
            }
        });
        Ok(watcher)
    }

    /// The phases of a ticket, those already seen included.
    pub fn of(&self, ticket: &str) -> Phases {
        Phases(self.sender(ticket).subscribe())
    }

    fn sender(&self, ticket: &str) -> watch::Sender<Vec<Sight>> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.entry(ticket.to_owned()).or_default().clone()
    }
}

impl Phases {
    /// Waits until the ticket has been in the phase.
    pub async fn reaches(&mut self, phase: Phase) -> anyhow::Result<()> {
        let wanted = i32::from(phase);
        tokio::time::timeout(LIMIT, self.0.wait_for(|seen| seen.iter().any(|s| s.phase == wanted)))
            .await
            .with_context(|| format!("the ticket was not {} within {LIMIT:?}", phase.as_str_name()))??;
        Ok(())
    }

    /// From `submitted` to `dispatched`, by the times of the two events; none before it was seen so.
    pub fn dispatched_after(&self) -> Option<Duration> {
        self.0.borrow().iter().find_map(|seen| seen.dispatched_after)
    }
}

fn dispatched_after(ticket: &Ticket) -> Option<Duration> {
    let at = |at: Option<&prost_types::Timestamp>| gongdan_proto::from_timestamp(at?).ok();
    let (submitted, dispatched) = (ticket.submitted_at.as_ref(), ticket.first_dispatched_at.as_ref());
    at(dispatched)?.duration_since(at(submitted)?).try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dispatch_takes_from_one_event_to_the_other() {
        let at = |seconds, nanos| Some(prost_types::Timestamp { seconds, nanos });
        let waiting = Ticket { submitted_at: at(10, 900_000_000), ..Ticket::default() };
        assert_eq!(dispatched_after(&waiting), None);
        let dispatched = Ticket { first_dispatched_at: at(11, 20_000_000), ..waiting };
        assert_eq!(dispatched_after(&dispatched), Some(Duration::from_millis(120)));
    }
}
