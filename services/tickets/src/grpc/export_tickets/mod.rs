//! `QueueService.ExportTickets`: tickets as a file, however many. Source: T27.
//!
//! Pages are read by key and handed to a thread of their own, which writes rows and sends pieces of the file; both wait
//! for whoever is slower, and the caller is the slowest.

mod columns;
mod words;

use super::{
    count_queues::count_queues,
    decode::{filter, given, if_given},
    viewer::viewer,
};
use crate::{
    Rooms,
    store::{
        filter::Filter,
        list::After,
        queue_list::{Key, Order, QueuePage},
        queues::Whose,
        scope::{READ, Sight},
        ticket_views::{Detail, TicketView},
    },
};
use columns::Columns;
use gongdan_access::{Caller, Standing};
use gongdan_audit::OfCall;
use gongdan_errors::{Error, Reason, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_sheet::{Chunks, Format, Sheet, SheetError};
use gongdan_tickets_domain::Queue;
use jiff::tz::TimeZone;
use prost::Message as _;
use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::Status;
use words::Language;

/// What the RPC answers with.
pub(super) type File = Pin<Box<dyn Stream<Item = Result<pb::ExportTicketsResponse, Status>> + Send>>;
type Messages = mpsc::Sender<Result<pb::ExportTicketsResponse, Status>>;

/// Tickets read at once.
const PAGE: i64 = 500;
/// Bytes of a piece.
const CHUNK: usize = 64 * 1024;
/// Messages that may wait for a slow caller.
const AHEAD: usize = 4;
const RETRY_AFTER: Duration = Duration::from_secs(10);

struct Export {
    format: Format,
    queue: Option<Queue>,
    filter: Filter,
    language: Language,
    zone: TimeZone,
}

pub(super) async fn export_tickets(
    rooms: &Arc<Rooms>,
    caller: &Caller,
    request: pb::ExportTicketsRequest,
) -> Result<File, Error> {
    let export = decode(request)?;
    let permit = rooms.exports.clone().try_acquire_owned().map_err(|_| {
        Error::exhausted(Reason::ServerBusy, "as many exports as may run at once are running", RETRY_AFTER)
    })?;
    let expected = match export.queue {
        Some(queue) if export.filter.is_open() => {
            let counts = count_queues(rooms, caller).await?.counts;
            counts.into_iter().find(|count| count.queue == queue.number()).map_or(0, |count| count.tickets)
        }
        _ => 0,
    };
    let (messages, stream) = mpsc::channel(AHEAD);
    let progress = Progress { messages, rows: Arc::new(AtomicI64::new(0)), expected };
    let reading = Reading {
        rooms: rooms.clone(),
        standing: Standing::new(caller.clone()),
        caller: caller.clone(),
        entry: gongdan_audit::current(),
        export,
        progress,
    };
    tokio::spawn(reading.run(permit));
    Ok(Box::pin(ReceiverStream::new(stream)))
}

fn decode(request: pb::ExportTicketsRequest) -> Result<Export, Error> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let format = match pb::SheetFormat::try_from(request.format) {
        Ok(pb::SheetFormat::Csv) => Some(Format::Csv { byte_order_mark: !request.no_byte_order_mark }),
        Ok(pb::SheetFormat::Xlsx) => Some(Format::Xlsx),
        _ => None,
    };
    let format = given("format", format, v);
    let queue = if_given("queue", request.queue, Queue::from_number, v);
    let filter = filter(request.filter, v);
    let language = v.field("language", Language::parse(&request.language));
    let zone = match request.time_zone.as_str() {
        "" => "Asia/Shanghai",
        name => name,
    };
    let zone = v.field("time_zone", TimeZone::get(zone).map_err(|_| "a zone of the IANA"));
    let (Some(format), Some(language), Some(zone), true) = (format, language, zone, violations.is_empty())
    else {
        return Err(violations.into_error());
    };
    Ok(Export { format, queue, filter, language, zone })
}

/// What the caller is told on the way.
#[derive(Clone)]
struct Progress {
    messages: Messages,
    rows: Arc<AtomicI64>,
    expected: i64,
}

impl Progress {
    fn message(&self, chunk: Vec<u8>, done: bool) -> pb::ExportTicketsResponse {
        let rows = self.rows.load(Ordering::Relaxed);
        pb::ExportTicketsResponse { chunk, rows, expected: self.expected, done }
    }
}

/// Why an export ends before its file is whole.
enum End {
    /// The caller left, or the service stops.
    Left,
    /// The caller is told.
    Failed(Error),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

struct Reading {
    rooms: Arc<Rooms>,
    standing: Standing,
    caller: Caller,
    /// What the audit log says of this export when it ends.
    entry: Option<OfCall>,
    export: Export,
    progress: Progress,
}

impl Reading {
    async fn run(mut self, _one_of_few: OwnedSemaphorePermit) {
        let (pages, taken) = mpsc::channel(1);
        let writing = Writing {
            format: self.export.format,
            columns: Columns { language: self.export.language, zone: self.export.zone.clone() },
            progress: self.progress.clone(),
        };
        let writer = tokio::task::spawn_blocking(move || writing.run(taken));
        let read = self.read(&pages).await;
        let written = if read.is_ok() {
            drop(pages);
            writer.await.map_err(|error| End::Failed(Error::internal(error))).and_then(|written| written)
        } else {
            writer.abort();
            Ok(())
        };
        let last = match read.and(written) {
            Ok(()) => Ok(self.progress.message(Vec::new(), true)),
            Err(End::Failed(error)) => Err(error.into()),
            Err(End::Left) => return,
        };
        // A caller that has left is told nothing.
        let _ = self.progress.messages.send(last).await;
    }

    async fn read(&mut self, pages: &mpsc::Sender<Vec<pb::Ticket>>) -> Result<(), End> {
        let mut after = None;
        loop {
            if let Some(renewed) = self.standing.renewed().await? {
                self.caller = renewed.clone();
            }
            if self.rooms.shutdown.is_cancelled() {
                return Err(End::Left);
            }
            let (found, tickets) = self.page(&mut after).await?;
            self.progress
                .messages
                .send(Ok(self.progress.message(Vec::new(), false)))
                .await
                .map_err(|_| End::Left)?;
            // Whoever no longer takes pages says why itself.
            if pages.send(tickets).await.is_err() || found < usize::try_from(PAGE).unwrap_or(usize::MAX) {
                return Ok(());
            }
        }
    }

    /// The next page as lists show it, and how many were found.
    async fn page(&self, after: &mut Option<Key>) -> Result<(usize, Vec<pb::Ticket>), Error> {
        let viewer = viewer(&self.caller).masked();
        let sight = Sight::of(&self.caller);
        let filter = self.export.filter.clone().seen_by(viewer);
        let views: Vec<TicketView> = match self.export.queue {
            Some(queue) => {
                let scope = self.caller.scope_of(READ);
                let (person, units) = (&self.caller.principal_id, &self.caller.unit_ids);
                let whose = Whose { person, units, scope: &scope };
                let (filter, after) = (&filter, *after);
                let page =
                    QueuePage { queue, whose: &whose, filter, order: Order::Received, after, limit: PAGE };
                self.rooms.tickets.queue(&page).await?.into_iter().map(|(_, view)| view).collect()
            }
            None => {
                let after = after.map(|key| After { received_at: key.received_at, id: key.id });
                self.rooms.tickets.list(&sight, &filter, after, PAGE).await?
            }
        };
        *after = views.last().map(|view| Key {
            id: view.id,
            received_at: view.received_at(),
            priority: 0,
            due_at: None,
        });
        let mut tickets = Vec::with_capacity(views.len());
        for view in &views {
            if sight.allows(&pb::Ticket::decode(view.state.as_slice()).map_err(Error::internal)?) {
                if let Some(entry) = &self.entry {
                    entry.touched("ticket", view.id);
                }
                tickets.push(view.present(Detail::Listed, viewer, &self.rooms.customers.sealer)?);
            }
        }
        Ok((views.len(), tickets))
    }
}

struct Writing {
    format: Format,
    columns: Columns,
    progress: Progress,
}

impl Writing {
    /// Writes pages until there are no more; on a thread that may wait.
    fn run(self, mut pages: mpsc::Receiver<Vec<pb::Ticket>>) -> Result<(), End> {
        let progress = self.progress.clone();
        let pieces = Chunks::new(CHUNK, move |chunk| {
            let message = progress.message(chunk, false);
            progress.messages.blocking_send(Ok(message)).map_err(|_| io::ErrorKind::BrokenPipe.into())
        });
        let heads = self.columns.heads();
        let mut sheet = Sheet::begin(pieces, self.format, self.columns.title(), &heads).map_err(end)?;
        while let Some(page) = pages.blocking_recv() {
            for ticket in &page {
                self.columns.write(ticket, &mut sheet).map_err(end)?;
            }
            self.progress.rows.store(i64::try_from(sheet.rows()).unwrap_or(i64::MAX), Ordering::Relaxed);
        }
        sheet.finish().map_err(end)?;
        Ok(())
    }
}

fn end(error: SheetError) -> End {
    match error {
        SheetError::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => End::Left,
        error => End::Failed(Error::internal(error)),
    }
}
