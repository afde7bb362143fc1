//! Tickets that have resolved are learnt from, every now and then: what they turned out to be is compared with what would
//! have been suggested, then taken in. Source: R11.
//!
//! Any replica does it, one at a time. All is one transaction: a ticket is learnt from once. When more resolve than are
//! learnt from, the newest are, and the others wait for the next training.

use super::words::words;
use crate::{
    Rooms,
    config::SuggestionsConfig,
    store::{self, Learnt, LoadedSuggester, Resolved},
};
use gongdan_classify::Bag;
use gongdan_errors::Error;
use gongdan_routing_domain::{Directory, Hits, Lesson, Suggester};
use jiff::Timestamp;
use std::{collections::HashMap, sync::Arc};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

/// Runs until told to stop; trouble is logged and tried again.
pub async fn run(rooms: Arc<Rooms>, config: SuggestionsConfig, shutdown: CancellationToken) {
    loop {
        let now = rooms.clock.now();
        let next = now.saturating_add(config.learn_every).unwrap_or(now);
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = rooms.clock.sleep_until(next) => {}
        }
        match learn(&rooms, &config).await {
            Ok(0) => {}
            Ok(tickets) => tracing::info!(tickets, "learnt from tickets that resolved"),
            Err(error) => tracing::warn!(%error, "tickets that resolved were not learnt from"),
        }
    }
}

/// Learns from what waits; says from how many tickets. Words are read before anything is held.
async fn learn(rooms: &Rooms, config: &SuggestionsConfig) -> Result<usize, Error> {
    let mut connection = rooms.pool.acquire().await.map_err(gongdan_pg::error)?;
    let waiting = store::newest_pending(&mut connection, usize::from(config.learn_at_once)).await?;
    drop(connection);
    let Some((tickets, until)) = waiting else { return Ok(0) };
    let ids: Vec<_> = tickets.iter().map(|ticket| ticket.ticket_id).collect();
    let texts = words(rooms.tickets_log.as_ref(), &ids).await?;
    let span = tracing::info_span!("routing.learn", tickets = tickets.len());
    take_in(rooms, tickets, texts, until).instrument(span).await
}

async fn take_in(
    rooms: &Rooms,
    tickets: Vec<Resolved>,
    mut texts: HashMap<Uuid, Bag>,
    until: Timestamp,
) -> Result<usize, Error> {
    let mut transaction = rooms.pool.begin().await.map_err(gongdan_pg::error)?;
    let free = store::no_training(&mut transaction).await.map_err(gongdan_pg::error)?
        && store::try_lock_change(&mut transaction).await.map_err(gongdan_pg::error)?;
    if !free {
        // What is taken in while a training goes on is lost with the weights that it replaces.
        return Ok(0);
    }
    // What another replica has taken meanwhile, or what resolved again since, is not taken here.
    let taken = store::take_pending(&mut transaction, until).await.map_err(gongdan_pg::error)?;
    let loaded = rooms.suggester.get(&mut transaction).await?;
    let Some(loaded) = loaded.filter(|_| !taken.is_empty()) else {
        // Without weights of this version they are of no use: the next training reads them too.
        transaction.commit().await.map_err(gongdan_pg::error)?;
        return Ok(0);
    };
    let lessons: Vec<Lesson> = tickets
        .into_iter()
        .filter(|ticket| taken.contains(&ticket.ticket_id))
        .filter_map(|Resolved { ticket_id, region, item, unit_id, .. }| {
            Some(Lesson { bag: texts.remove(&ticket_id)?, item, unit_id, region })
        })
        .collect();
    let left = taken.len() - lessons.len();
    let directory = rooms.directory.get(&mut transaction, rooms.clock.now()).await?;
    let (suggester, now) = (loaded.suggester.clone(), rooms.clock.now());
    let (suggester, learnt, said) =
        tokio::task::spawn_blocking(move || taught(&suggester, &lessons, &directory, now))
            .await
            .map_err(Error::internal)?;
    let revision =
        store::update_suggester(&mut transaction, loaded.id, &learnt).await.map_err(gongdan_pg::error)?;
    transaction.commit().await.map_err(gongdan_pg::error)?;
    rooms.suggester.put(LoadedSuggester { id: loaded.id, revision, suggester: Arc::new(suggester) }).await;
    rooms.metrics.learnt(&said, left);
    Ok(said.len())
}

/// The suggester with these lessons taken in, in their order.
fn taught(
    before: &Suggester,
    lessons: &[Lesson],
    directory: &Directory,
    now: Timestamp,
) -> (Suggester, Learnt, Vec<Hits>) {
    let mut suggester = before.clone();
    let mut learnt =
        Learnt { tickets: i64::try_from(lessons.len()).unwrap_or(i64::MAX), ..Learnt::default() };
    let mut covering = HashMap::new();
    let mut said = Vec::with_capacity(lessons.len());
    for lesson in lessons {
        let among =
            covering.entry(lesson.region).or_insert_with(|| directory.units_covering(lesson.region, now));
        let hits = suggester.learn(lesson, among);
        learnt.items.count(hits.item);
        learnt.units.count(hits.unit);
        said.push(hits);
    }
    learnt.weights = suggester.to_bytes();
    (suggester, learnt, said)
}
