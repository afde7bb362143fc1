//! Who held which ticket before routing kept it: read once from tickets' event log, in the background, some events at a time.
//! What is read is noted with it, so that it goes on where it was; what is known by later events stays.
//!
//! It ends: what was recorded after it began comes to the consumer, and need not be read however much of it there is.

use crate::{
    Rooms,
    consumers::holdings::{Holders, KINDS},
    store::{
        holdings_fill::{self, Fill},
        loads,
    },
};
use anyhow::Context as _;
use futures::TryStreamExt as _;
use jiff::SignedDuration;
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Events of one transaction.
const BATCH: usize = 500;
/// Before it is tried again when tickets or the database is away, or another replica does it.
const TRY_AGAIN: Duration = Duration::from_secs(30);
/// Between two rounds: nobody else writes who holds what while one is written.
const PAUSE: Duration = Duration::from_secs(1);
/// How much the clocks of tickets and routing may differ, with the time that a replica of an earlier release goes on consuming.
const CLOCKS: SignedDuration = SignedDuration::from_mins(2);
/// Events between two notes in the log.
const NOTED: u64 = 100_000;

/// Runs until everything is known, or until told to stop.
pub async fn run(rooms: Arc<Rooms>, shutdown: CancellationToken) {
    loop {
        let filled = tokio::select! {
            filled = fill(&rooms) => filled,
            () = shutdown.cancelled() => return,
        };
        match filled {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "what was held before is not known yet");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(TRY_AGAIN) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// Reads what is left; false when another replica does so.
async fn fill(rooms: &Rooms) -> anyhow::Result<bool> {
    let types = KINDS.map(|kind| gongdan_bus::event_type("tickets", kind));
    let mut read = 0;
    loop {
        let until = rooms.clock.now().saturating_add(CLOCKS)?;
        let progress = holdings_fill::progress(&mut *rooms.pool.acquire().await?, until).await?;
        let Fill::UpTo { mut position, until } = progress else { return Ok(true) };
        // What tickets told while the last of it was written comes with another round; after a round without any event all of
        // it is known.
        let (mut events, mut any) = (rooms.tickets_log.replay_types(&types, position.clone()).await?, false);
        let (mut holders, mut last, mut taken) = (Holders::default(), None, 0);
        let enough = loop {
            let next = events.try_next().await?;
            let later = next.as_ref().is_some_and(|(event, _)| event.recorded_at > until);
            let over = next.is_none() || later;
            if let Some((event, at)) = next.filter(|_| !later) {
                if let Err(reason) = holders.take(&event) {
                    tracing::warn!(event = %event.id, reason, "an event is passed over");
                }
                (last, taken, any) = (Some(at), taken + 1, true);
            }
            if let Some(to) = last.take_if(|_| over || taken == BATCH) {
                let some = std::mem::take(&mut holders);
                if !write(rooms, &some, position.as_deref(), &to).await? {
                    return Ok(false);
                }
                read += u64::try_from(taken).unwrap_or_default();
                if read.is_multiple_of(NOTED) {
                    tracing::info!(events = read, "read for what was held before");
                }
                (position, taken) = (Some(to), 0);
            }
            if over {
                break later;
            }
        };
        if enough || !any {
            holdings_fill::done(&mut *rooms.pool.acquire().await?, rooms.clock.now()).await?;
            tracing::info!(events = read, "what was held before is known");
            return Ok(true);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn write(rooms: &Rooms, holders: &Holders, from: Option<&str>, to: &str) -> anyhow::Result<bool> {
    let mut transaction = rooms.pool.begin().await?;
    if !holdings_fill::advance(&mut transaction, from, to).await? {
        return Ok(false);
    }
    let changes = holders.write(&mut transaction).await.context("who holds what")?;
    loads::change(&mut transaction, &changes).await?;
    transaction.commit().await?;
    Ok(true)
}
