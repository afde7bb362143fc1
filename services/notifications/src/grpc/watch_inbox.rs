//! `InboxService.WatchInbox`

use std::{sync::Arc, time::Duration};

use gongdan_access::Caller;
use gongdan_errors::Error;
use gongdan_notifications_domain::Cursor;
use gongdan_proto::notifications::v1::{InboxItem, WatchInboxRequest, WatchInboxResponse};
use tokio::{
    sync::{broadcast, mpsc},
    time::{Instant, sleep_until},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::{Rooms, jobs::feed::before, store::Arrived};

/// Items in one query for the past.
const BATCH: i64 = 100;
/// Answers a slow caller may lag behind before its watch waits.
const BUFFER: usize = 32;

/// The stream of answers.
pub type Answers = ReceiverStream<Result<WatchInboxResponse, Status>>;

type Feed = broadcast::Receiver<Arc<Vec<Arrived>>>;

/// A caller who hung up.
struct HungUp;

struct Watch {
    rooms: Arc<Rooms>,
    inbox: String,
    /// What was sent so far.
    cursor: Cursor,
    answers: mpsc::Sender<Result<WatchInboxResponse, Status>>,
}

pub(super) async fn watch_inbox(
    rooms: &Arc<Rooms>,
    caller: &Caller,
    request: WatchInboxRequest,
) -> Result<Answers, Error> {
    let resume = Cursor::parse(&request.resume_token).map_err(|e| Error::invalid_field("resume_token", e))?;
    // First the feed, then the past: so that nothing falls between them.
    let feed = rooms.feed.subscribe().await?;
    let cursor = match resume {
        Some(cursor) => cursor,
        None => before(rooms.store.horizon().await?),
    };
    let (answers, stream) = mpsc::channel(BUFFER);
    let watch = Watch { rooms: Arc::clone(rooms), inbox: caller.principal_id.clone(), cursor, answers };
    tokio::spawn(watch.run(feed));
    Ok(ReceiverStream::new(stream))
}

impl Watch {
    async fn run(mut self, mut feed: Feed) {
        let heartbeat = self.rooms.heartbeat;
        // The past, and a first answer whatever it holds: the caller sees that the watch stands.
        if self.catch_up().await.is_err() || self.say(None).await.is_err() {
            return;
        }
        loop {
            let quiet_until = Instant::now() + heartbeat;
            if self.wait(&mut feed, quiet_until).await.is_err() {
                return;
            }
        }
    }

    async fn wait(&mut self, feed: &mut Feed, quiet_until: Instant) -> Result<(), HungUp> {
        tokio::select! {
            arrived = feed.recv() => match arrived {
                Ok(items) => self.hand_on(&items).await,
                Err(broadcast::error::RecvError::Lagged(_)) => self.catch_up().await,
                Err(broadcast::error::RecvError::Closed) => Err(HungUp),
            },
            () = sleep_until(quiet_until) => self.say(None).await,
            () = self.answers.closed() => Err(HungUp),
            () = self.rooms.shutdown.cancelled() => {
                let end = Error::unavailable("the server stops; watch again with the last token", Duration::from_secs(1));
                self.answers.send(Err(end.into())).await.ok();
                Err(HungUp)
            }
        }
    }

    async fn hand_on(&mut self, items: &[Arrived]) -> Result<(), HungUp> {
        for arrived in items.iter().filter(|arrived| arrived.recipient == self.inbox) {
            if arrived.cursor > self.cursor {
                self.cursor = arrived.cursor;
                self.say(Some(arrived.item.clone())).await?;
            }
        }
        Ok(())
    }

    /// Sends what is in the table after the cursor.
    async fn catch_up(&mut self) -> Result<(), HungUp> {
        loop {
            let read = async {
                let horizon = self.rooms.store.horizon().await?;
                let items = self.rooms.store.arrived(Some(&self.inbox), self.cursor, horizon, BATCH).await?;
                Ok::<_, Error>((horizon, items))
            };
            let (horizon, items) = match read.await {
                Ok(read) => read,
                Err(error) => {
                    self.answers.send(Err(error.into())).await.ok();
                    return Err(HungUp);
                }
            };
            self.hand_on(&items).await?;
            if i64::try_from(items.len()).unwrap_or(i64::MAX) < BATCH {
                self.cursor = self.cursor.max(before(horizon));
                return Ok(());
            }
        }
    }

    async fn say(&self, item: Option<InboxItem>) -> Result<(), HungUp> {
        let answer = WatchInboxResponse { item, resume_token: self.cursor.token() };
        self.answers.send(Ok(answer)).await.map_err(|_| HungUp)
    }
}
