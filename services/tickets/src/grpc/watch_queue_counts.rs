//! `QueueService.WatchQueueCounts`. Source: T27.

use super::count_queues::count_queues;
use crate::Rooms;
use gongdan_access::{Caller, Standing};
use gongdan_errors::Error;
use gongdan_proto::tickets::v1 as pb;
use std::{pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::Status;

/// What the RPC answers with.
pub(super) type Counts = Pin<Box<dyn Stream<Item = Result<pb::QueueCounts, Status>> + Send>>;

/// Counts are told no more often than this.
const APART: Duration = Duration::from_secs(1);
/// What other processes did is looked for this often.
const LOOK: Duration = Duration::from_secs(2);

pub(super) fn watch_queue_counts(rooms: &Arc<Rooms>, caller: &Caller) -> Counts {
    let (messages, stream) = mpsc::channel(1);
    let (rooms, caller) = (rooms.clone(), caller.clone());
    tokio::spawn(async move {
        if let Err(error) = watch(&rooms, caller, &messages).await {
            // A watcher that has left is told nothing.
            let _ = messages.send(Err(error.into())).await;
        }
    });
    Box::pin(ReceiverStream::new(stream))
}

async fn watch(
    rooms: &Rooms,
    mut caller: Caller,
    messages: &mpsc::Sender<Result<pb::QueueCounts, Status>>,
) -> Result<(), Error> {
    let _open = rooms.metrics.watcher();
    let mut standing = Standing::new(caller.clone());
    let mut told = Vec::new();
    loop {
        // Listened for before counting, so that no commit falls between counting and waiting.
        let committed = rooms.committed.notified();
        let counted_at = Instant::now();
        if let Some(renewed) = standing.renewed().await? {
            caller = renewed.clone();
        }
        let counts = count_queues(rooms, &caller).await?;
        if counts.counts != told {
            told.clone_from(&counts.counts);
            if messages.send(Ok(counts)).await.is_err() {
                return Ok(());
            }
        }
        tokio::select! {
            () = async {
                tokio::select! {
                    () = committed => {}
                    () = sleep(LOOK) => {}
                }
                sleep_until(counted_at + APART).await;
            } => {}
            () = messages.closed() => return Ok(()),
            () = rooms.shutdown.cancelled() => return Ok(()),
        }
    }
}
