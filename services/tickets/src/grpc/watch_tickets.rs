//! `TicketService.WatchTickets`: changes by filter, resumable without a gap. Source: T33.
//!
//! A watcher reads the process's own event log behind a place, in the order the relay publishes it; it is woken by the
//! commits of this process and looks by itself for those of others.

use super::{
    decode,
    watched::{Eyes, Look},
};
use crate::{
    Rooms,
    store::{
        filter::Filter,
        list::After,
        log::{Log, Logged, Place},
        ticket_views::{Detail, TicketView},
    },
    telemetry::Watcher,
};
use gongdan_access::{Caller, Standing};
use gongdan_audit::OfCall;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1::{self as pb, watch_tickets_response::Kind};
use prost::Message as _;
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
    let filter = decode::filter(request.filter, &mut violations);
    if !filter.fields.is_empty() {
        violations.add("filter.fields", "left out: a stream follows states, which have no values of forms");
    }
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
        standing: Standing::new(caller.clone()),
        eyes: Eyes::new(caller, &filter),
        asked: filter,
        entry: gongdan_audit::current(),
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
    /// The watcher, who may lose what let it in, or see more or less, while it watches.
    standing: Standing,
    eyes: Eyes,
    asked: Filter,
    /// What the audit log says of this watch when it ends.
    entry: Option<OfCall>,
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
        let end = Box::pin(self.serve(current)).await;
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
            self.renew().await?;
            let events = self.log.after(self.place, BATCH).await?;
            let full = i64::try_from(events.len()).is_ok_and(|n| n == BATCH);
            Box::pin(self.send_changes(events)).await?;
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

    /// Goes on with what the watcher may see now.
    async fn renew(&mut self) -> Result<(), End> {
        if let Some(caller) = self.standing.renewed().await? {
            self.eyes = Eyes::new(caller, &self.asked);
        }
        Ok(())
    }

    async fn send_current(&mut self) -> Result<(), End> {
        let mut after: Option<After> = None;
        loop {
            self.renew().await?;
            let views = self.rooms.tickets.list(&self.eyes.sight, &self.eyes.filter, after, PAGE).await?;
            after = views.last().map(|last| After { received_at: last.received_at(), id: last.id });
            for view in &views {
                let ticket = view.present(Detail::Listed, self.eyes.viewer, &self.rooms.customers.sealer)?;
                self.send(Kind::Current, Some(ticket), String::new()).await?;
            }
            if views.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
                return Ok(());
            }
        }
    }

    async fn send_changes(&mut self, events: Vec<Logged>) -> Result<(), End> {
        let noticed = |logged: &Logged| {
            logged.event.state.as_ref().is_some_and(|s| self.eyes.notice(s, logged.before.as_ref()))
        };
        let ids: BTreeSet<Uuid> = events
            .iter()
            .filter(|logged| noticed(logged))
            .map(|logged| logged.event.ticket_id.parse().map_err(Error::internal))
            .collect::<Result<_, _>>()?;
        // As a list shows them: with subject and masked contact.
        let views = self.rooms.tickets.views(&Vec::from_iter(ids)).await?;
        for Logged { place, kind, event, before } in events {
            self.place = place;
            let (Some(after), Some(view)) =
                (event.state, event.ticket_id.parse().ok().and_then(|id: Uuid| views.get(&id)))
            else {
                continue;
            };
            self.renew().await?;
            Box::pin(self.send_change(view, kind, after, before.as_ref())).await?;
        }
        Ok(())
    }

    async fn send_change(
        &mut self,
        view: &TicketView,
        change: String,
        after: pb::Ticket,
        before: Option<&pb::Ticket>,
    ) -> Result<(), End> {
        let now = pb::Ticket::decode(view.state.as_slice()).map_err(Error::internal)?;
        let kind = match self.eyes.look(&after, before, &now) {
            None => return Ok(()),
            Some(Look::Hidden) => {
                // Which one it is, and nothing of what it was or became.
                let named = pb::Ticket { id: after.id, number: after.number, ..pb::Ticket::default() };
                return self.send(Kind::Left, Some(named), String::new()).await;
            }
            Some(Look::Changed) => Kind::Changed,
            Some(Look::Left) => Kind::Left,
        };
        let sealer = &self.rooms.customers.sealer;
        let ticket = view.present_as(after, Detail::Listed, self.eyes.viewer, sealer)?;
        self.send(kind, Some(ticket), change).await
    }

    async fn send(&mut self, kind: Kind, ticket: Option<pb::Ticket>, change: String) -> Result<(), End> {
        if let (Some(entry), Some(ticket)) = (&self.entry, &ticket) {
            entry.touched("ticket", &ticket.id);
        }
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
