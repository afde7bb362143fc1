//! One watch for all tickets of a run, and a way to wait for a phase of one of them.

use crate::{setup, suite::Authorized};
use anyhow::Context;
use gongdan_proto::tickets::v1::{
    Phase, TicketFilter, WatchTicketsRequest, ticket_service_client::TicketServiceClient,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::watch;

/// Longest wait for a phase.
const LIMIT: Duration = Duration::from_secs(60);

type Seen = HashMap<String, watch::Sender<Vec<i32>>>;

/// The phases that every ticket of the run went through.
#[derive(Clone)]
pub(crate) struct Watcher {
    seen: Arc<Mutex<Seen>>,
}

/// The phases of one ticket.
pub(crate) struct Phases(watch::Receiver<Vec<i32>>);

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
                    mine.sender(&ticket.id).send_modify(|phases| phases.push(ticket.phase));
                }
            }
        });
        Ok(watcher)
    }

    /// The phases of a ticket, those already seen included.
    pub fn of(&self, ticket: &str) -> Phases {
        Phases(self.sender(ticket).subscribe())
    }

    fn sender(&self, ticket: &str) -> watch::Sender<Vec<i32>> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.entry(ticket.to_owned()).or_default().clone()
    }
}

impl Phases {
    /// Waits until the ticket has been in the phase.
    pub async fn reaches(&mut self, phase: Phase) -> anyhow::Result<()> {
        let wanted = i32::from(phase);
        tokio::time::timeout(LIMIT, self.0.wait_for(|phases| phases.contains(&wanted)))
            .await
            .with_context(|| format!("the ticket was not {} within {LIMIT:?}", phase.as_str_name()))??;
        Ok(())
    }
}
