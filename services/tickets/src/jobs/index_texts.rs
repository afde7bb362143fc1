//! Makes what tickets are found by, behind the event log: a batch a transaction, together with how far it is, so that nothing
//! is left out and a restart goes on. Of several replicas one works at a time. Source: T10, T28.

use crate::{
    Rooms,
    store::text_index::{self, Progress},
};
use gongdan_text::VERSION;
use std::sync::Arc;

/// Progress of a new building is logged after so many tickets.
const LOG_EVERY: i64 = 20_000;

/// What a step came to.
enum Step {
    /// There may be more to do at once.
    More,
    /// Nothing for now.
    Idle,
}

/// Runs until the service stops.
pub(crate) async fn run(rooms: Arc<Rooms>) {
    loop {
        let committed = rooms.committed.notified();
        match step(&rooms).await {
            Ok(Step::More) if !rooms.shutdown.is_cancelled() => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "search learns of what was written later"),
        }
        // Others write too: their commits are seen by looking. Of ours, those of a moment are taken together.
        let poll = rooms.config.search.poll;
        let wake = async {
            tokio::select! {
                () = committed => tokio::time::sleep(poll / 4).await,
                () = tokio::time::sleep(poll) => {}
            }
        };
        tokio::select! {
            () = wake => {}
            () = rooms.shutdown.cancelled() => return,
        }
    }
}

async fn step(rooms: &Rooms) -> Result<Step, sqlx::Error> {
    let limit = i64::from(rooms.config.search.batch.max(1));
    let mut transaction = rooms.pool.begin().await?;
    let connection = &mut *transaction;
    let Some(progress) = text_index::lock(connection).await? else { return Ok(Step::Idle) };
    if progress.version != VERSION || text_index::is_lost(connection, progress.place).await? {
        let progress = text_index::begin(connection).await?;
        text_index::note(connection, &progress).await?;
        transaction.commit().await?;
        tracing::info!(version = VERSION, tickets = progress.total, "what tickets are found by is made anew");
        return Ok(Step::More);
    }
    let news = text_index::news(connection, progress.place, limit).await?;
    if news.last.is_none() && !progress.building {
        return Ok(Step::Idle);
    }
    text_index::index(connection, &news.tickets).await?;
    let place = news.last.map_or(progress.place, |(place, _)| place);
    let mut next = Progress { place, ..progress.clone() };
    let mut done = news.tickets.len();
    if progress.building {
        let tickets = text_index::after(connection, progress.built_to, limit).await?;
        text_index::index(connection, &tickets).await?;
        done += tickets.len();
        next.built += i64::try_from(tickets.len()).unwrap_or(0);
        match tickets.last() {
            Some(last) => next.built_to = *last,
            None => next.building = false,
        }
    }
    text_index::note(connection, &next).await?;
    transaction.commit().await?;
    rooms.metrics.indexed(done, news.last.map(|(_, at)| rooms.clock.now().duration_since(at)));
    if progress.building {
        tell(rooms, &progress, &next).await?;
    }
    Ok(if news.more || next.building { Step::More } else { Step::Idle })
}

/// Says how far a new building is.
async fn tell(rooms: &Rooms, before: &Progress, now: &Progress) -> Result<(), sqlx::Error> {
    rooms.metrics.index_built(now.built, now.total.max(now.built));
    if !now.building {
        text_index::analyze(&rooms.pool).await?;
        tracing::info!(tickets = now.built, "what tickets are found by is made");
    } else if before.built / LOG_EVERY != now.built / LOG_EVERY {
        tracing::info!(tickets = now.built, of = now.total, "what tickets are found by is being made");
    }
    Ok(())
}
