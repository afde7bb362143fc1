//! Rebuilding a projection from the owner's log, while the stream goes on.

use crate::{Inbox, OwnerLog};
use futures::TryStreamExt as _;
use gongdan_errors::Error;
use std::time::Duration;

const BATCH: usize = 500;
const PAUSE: Duration = Duration::from_secs(1);

/// How far a replay is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Events read so far.
    pub read: u64,
    /// Of these, applied; the others were applied before or wait for an earlier one.
    pub applied: u64,
    /// Where to go on after an interruption.
    pub position: String,
}

/// Brings all events of an owner's log into an inbox, from a position or from the beginning to the present. It may run
/// beside the consumer of the same inbox: versions keep both from applying anything twice or leaving a gap between them.
/// A database that is away is waited for; `progress` is called after each batch.
///
/// # Errors
/// UNAVAILABLE when the owner is away; go on after the last position reported.
pub async fn replay(
    inbox: &Inbox,
    owner: &dyn OwnerLog,
    from: Option<String>,
    mut progress: impl FnMut(&Progress) + Send,
) -> Result<Progress, Error> {
    let mut done = Progress { read: 0, applied: 0, position: from.clone().unwrap_or_default() };
    let mut answers = owner.replay(from).await?.try_chunks(BATCH);
    loop {
        let (batch, end) = match answers.try_next().await {
            Ok(Some(batch)) => (batch, None),
            Ok(None) => return Ok(done),
            // What was read before the owner went away is kept.
            Err(error) => (error.0, Some(error.1)),
        };
        if let Some((_, position)) = batch.last() {
            done.position.clone_from(position);
            done.read += batch.len() as u64;
            let events: Vec<_> = batch.into_iter().map(|(event, _)| event).collect();
            loop {
                match inbox.ingest(events.clone()).await {
                    Ok(applied) => {
                        done.applied += applied as u64;
                        break;
                    }
                    Err(error) => {
                        tracing::warn!(consumer = inbox.name(), error = %format!("{error:#}"), "a replay waits");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
            progress(&done);
        }
        if let Some(error) = end {
            return Err(error);
        }
    }
}
