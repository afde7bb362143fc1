//! `TicketService.WatchTickets`: changes by filter, resumable without a gap. Source: T33.
//!
//! A watcher reads the process's own event log behind a place, in the order the relay publishes it; it is woken by the
//! commits of this process and looks by itself for those of others.

use super::{decode, viewer::viewer};
use crate::{
    Rooms,
    store::{
        filter::Filter,
        list::After,
        log::{Log, Logged, Place},
        scope::item,
        ticket_views::{Detail, Viewer},
    },
    telemetry::Watcher,
};
use gongdan_access::{Caller, Scope};
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1::{self as pb, watch_tickets_response::Kind};
use std::{collections::BTreeSet, pin::Pin, sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::Instant};
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::Status;
use uuid::Uuid;

/// What the RPC answers with.
pub(super) type Changes = Pin<Box<dyn Stream<Item = Result<pb::WatchTicketsResponse, Status>> + Send>>;

/// Events read at once.
const BATCH: i64 = 200;
/// Tickets read at once for `include_current`.
const PAGE: i64 = 200;
/// Messages that may wait for a slow watcher; the log waits with them.
const AHEAD: usize = 64;
/// The log is read no sooner than this after the last time: commits that follow each other faster are read together.
const GATHER: Duration = Duration::from_millis(100);

pub(super) async fn watch_tickets(
    rooms: &Arc<Rooms>,
    caller: &Caller,
    request: pb::WatchTicketsRequest,
) -> Result<Changes, Error> {
    let mut violations = Violations::new();
    let viewer = viewer(caller).masked();
    let filter = decode::filter(request.filter, &mut violations).seen_by(viewer);
    let token = match request.resume_token.as_str() {
        "" => None,
        token => violations.field("resume_token", token.parse::<Place>()),
    };
    violations.finish()?;
    let log = rooms.tickets.log();
    let (place, current) = match token {
        Some(place) => {
            log.check(place).await?;
            (place, false)
        }
        None => (log.end().await?, request.include_current),
    };
    let (messages, stream) = mpsc::channel(AHEAD);
    let watch = Watch {
        rooms: rooms.clone(),
        scope: caller.scope(),
        viewer,
        filter,
        log,
        place,
        messages,
        quiet_since: Instant::now(),
        _open: rooms.metrics.watcher(),
    };
    tokio::spawn(watch.run(current));
    Ok(Box::pin(ReceiverStream::new(stream)))
}

struct Watch {
    rooms: Arc<Rooms>,
    scope: Scope,
    viewer: Viewer,
    filter: Filter,
    log: Log,
    place: Place,
    messages: mpsc::Sender<Result<pb::WatchTicketsResponse, Status>>,
    quiet_since: Instant,
    _open: Watcher,
}

/// Why a watch ends.
enum End {
    /// The watcher left, or the service stops.
    Left,
    /// The log could not be read; the watcher is told and may resume.
    Failed(Error),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Watch {
    async fn run(mut self, current: bool) {
        let end = self.serve(current).await;
        if let Err(End::Failed(error)) = end {
            // A watcher that has left is told nothing.
            let _ = self.messages.send(Err(error.into())).await;
        }
    }

    async fn serve(&mut self, current: bool) -> Result<(), End> {
        let rooms = self.rooms.clone();
        if current {
            self.send_current().await?;
        }
        loop {
            // Listened for before the log is read, so that no commit falls between reading and waiting.
            let committed = rooms.committed.notified();
            let read = Instant::now();
            let events = self.log.after(self.place, BATCH).await?;
            let full = i64::try_from(events.len()).is_ok_and(|n| n == BATCH);
            self.send_changes(events).await?;
            if full {
                continue;
            }
            if self.quiet_since.elapsed() >= rooms.config.watch.heartbeat {
                self.send(Kind::Heartbeat, None, String::new()).await?;
            }
            tokio::select! {
                () = committed => tokio::time::sleep_until(read + GATHER).await,
                () = tokio::time::sleep(rooms.config.watch.poll) => {}
                () = self.messages.closed() => return Err(End::Left),
                () = rooms.shutdown.cancelled() => return Err(End::Left),
            }
        }
    }

    async fn send_current(&mut self) -> Result<(), End> {
        let mut after: Option<After> = None;
        loop {
            let views = self.rooms.tickets.list(&self.scope, &self.filter, after, PAGE).await?;
            after = views.last().map(|last| After { received_at: last.received_at(), id: last.id });
            for view in &views {
                let ticket = view.present(Detail::Listed, self.viewer, &self.rooms.customers.sealer)?;
                self.send(Kind::Current, Some(ticket), String::new()).await?;
            }
            if views.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
                return Ok(());
            }
        }
    }

    async fn send_changes(&mut self, events: Vec<Logged>) -> Result<(), End> {
        let mut changes = Vec::with_capacity(events.len());
        let mut ids = BTreeSet::new();
        for Logged { place, kind, event, before } in events {
            let change = event.state.and_then(|state| {
                let is = self.matches(&state);
                let was = || before.is_some_and(|before| self.matches(&before));
                let kind_of = if is { Kind::Changed } else { was().then_some(Kind::Left)? };
                Some((kind_of, state))
            });
            let change = match change {
                Some((kind_of, state)) => {
                    let id: Uuid = state.id.parse().map_err(Error::internal)?;
                    ids.insert(id);
                    Some((kind_of, id, state))
                }
                None => None,
            };
            changes.push((place, kind, change));
        }
        // As a list shows them: with subject and masked contact.
        let views = self.rooms.tickets.views(&Vec::from_iter(ids)).await?;
        for (place, kind, change) in changes {
            self.place = place;
            let Some((kind_of, id, state)) = change else { continue };
            let view = views.get(&id).ok_or_else(|| Error::internal("an event without its ticket"))?;
            let ticket = view.present_as(state, Detail::Listed, self.viewer, &self.rooms.customers.sealer)?;
            self.send(kind_of, Some(ticket), kind).await?;
        }
        Ok(())
    }

    /// Within the filter, and within what the watcher may see.
    fn matches(&self, state: &pb::Ticket) -> bool {
        self.filter.matches(state) && self.scope.allows(&item(state))
    }

    async fn send(&mut self, kind: Kind, ticket: Option<pb::Ticket>, change: String) -> Result<(), End> {
        let message = pb::WatchTicketsResponse {
            kind: kind.into(),
            ticket,
            change,
            resume_token: self.place.to_string(),
        };
        self.quiet_since = Instant::now();
        self.messages.send(Ok(message)).await.map_err(|_| End::Left)
    }
}
