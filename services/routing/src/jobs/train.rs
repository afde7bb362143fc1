//! Learning anew which item and unit to suggest, from the newest resolved tickets in tickets' event log, imported ones
//! included. Source: R11.
//!
//! First what tickets turned out to be is read, and the newest of them chosen; then their words, a few tickets at a time,
//! which are counted and let go. What comes of it is put in use in one transaction; until then, and when nothing comes of
//! it, what was learnt before stays.

use super::words::words;
use crate::{
    Rooms,
    config::SuggestionsConfig,
    consumers::learn::{RESOLVES, is_resolution, read},
    error,
    store::{self, KeptQuality, NewSuggester, Resolved},
};
use futures::TryStreamExt as _;
use gongdan_classify::Settings;
use gongdan_errors::Error;
use gongdan_outbox::OwnerLog;
use gongdan_routing_domain::{Directory, Lesson, Lessons, TrainingPart, train_suggester};
use jiff::Timestamp;
use sqlx::{Connection as _, PgConnection};
use std::{
    collections::HashMap,
    sync::{Arc, atomic::AtomicBool, atomic::Ordering},
    time::Instant,
};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::Status;
use tracing::Instrument as _;
use uuid::Uuid;

/// Tickets whose words are asked for at once.
const AT_ONCE: usize = 100;
/// Tickets found between two notes of progress.
const NOTED: u64 = 500;

/// How far a training is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Far {
    /// So many resolved tickets were found.
    Finding(u64),
    /// Of the tickets that are learnt from, the words of so many were read.
    Reading(u64, u64),
    /// It learns: the part, and the share of it that is done.
    Learning(u64, TrainingPart, f64),
    /// What was learnt is in use.
    Done(u64),
}

/// A training that goes on: how far it is, or why nothing came of it.
pub type Progress = watch::Receiver<Result<Far, Status>>;

type Notes = watch::Sender<Result<Far, Status>>;

/// Trains, one at a time over all replicas.
pub struct Trainer {
    log: Arc<dyn OwnerLog>,
    config: SuggestionsConfig,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

impl Trainer {
    /// Reads this log of tickets; `tasks` are waited for when the service ends.
    pub fn new(
        log: Arc<dyn OwnerLog>,
        config: SuggestionsConfig,
        shutdown: CancellationToken,
        tasks: TaskTracker,
    ) -> Self {
        Self { log, config, shutdown, tasks }
    }

    /// Cancelled when the service is to stop.
    pub fn shutdown(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    /// Begins one in the background.
    ///
    /// # Errors
    /// FAILED_PRECONDITION/TRAINING_RUNNING; UNAVAILABLE.
    pub async fn start(self: &Arc<Self>, rooms: Arc<Rooms>, by: String) -> Result<Progress, Error> {
        let mut lock = gongdan_pg::connect_alone(&rooms.pool).await.map_err(gongdan_pg::error)?;
        if !store::try_lock_training(&mut lock).await.map_err(gongdan_pg::error)? {
            return Err(error::training_running());
        }
        let (far, progress) = watch::channel(Ok(Far::Finding(0)));
        let this = self.clone();
        self.tasks.spawn(
            async move { this.run(&rooms, by, lock, far).await }
                .instrument(tracing::info_span!("routing.train")),
        );
        Ok(progress)
    }

    /// To the end; the lock is let go with its connection.
    async fn run(&self, rooms: &Rooms, by: String, lock: PgConnection, far: Notes) {
        let begun = Instant::now();
        tracing::info!("a training begins");
        let trained = tokio::select! {
            trained = self.train(rooms, by, &far) => trained,
            () = self.shutdown.cancelled() => Err(error::not_learnt(&gongdan_routing_domain::TooLittle::Stopped)),
        };
        let seconds = begun.elapsed().as_secs_f64();
        rooms.metrics.trained(trained.is_ok(), seconds);
        if let Err(error) = lock.close().await {
            tracing::debug!(%error, "the lock's connection was gone");
        }
        match trained {
            Ok(tickets) => {
                tracing::info!(tickets, seconds, "what was learnt is in use");
                tell(&far, Far::Done(tickets));
            }
            Err(error) => {
                tracing::warn!(%error, "a training came to nothing; what was learnt before stays");
                far.send_modify(|last| *last = Err(error.into()));
            }
        }
    }

    async fn train(&self, rooms: &Rooms, by: String, far: &Notes) -> Result<u64, Error> {
        let found = self.find(far).await?;
        let was_read = found.iter().map(|resolved| (resolved.ticket_id, resolved.version)).collect();
        let mut lessons = self.read(found, far).await?;
        self.leave_retired_out(rooms, &mut lessons).await;
        let tickets = lessons.len() as u64;
        let directory = rooms
            .directory
            .get(&mut *rooms.pool.acquire().await.map_err(gongdan_pg::error)?, rooms.clock.now())
            .await?;
        let (now, note) = (rooms.clock.now(), far.clone());
        // Dropped when the service is to stop: the thread ends after its round.
        let stop = StopOnDrop::default();
        let stopped = stop.0.clone();
        let learning = tokio::task::spawn_blocking(move || {
            learn(lessons, &directory, now, &mut |part, share| {
                tell(&note, Far::Learning(tickets, part, share));
                !stopped.load(Ordering::Relaxed)
            })
        });
        let (weights, quality) = learning.await.map_err(Error::internal)??;
        let new = NewSuggester {
            trained_at: rooms.clock.now(),
            trained_by: by,
            tickets: i64::try_from(tickets).unwrap_or(i64::MAX),
            quality,
            weights,
            read: was_read,
        };
        rooms.store.put_suggester(&new).await?;
        Ok(tickets)
    }

    /// The newest tickets that resolved, and what each turned out to be in the end.
    async fn find(&self, far: &Notes) -> Result<Vec<Resolved>, Error> {
        let at_most = usize::try_from(self.config.train_on).unwrap_or(usize::MAX);
        let types = RESOLVES.map(|kind| gongdan_bus::event_type("tickets", kind));
        let mut events = self.log.replay_types(&types, None).await?;
        let (mut newest, mut seen) = (HashMap::<Uuid, (u64, Resolved)>::new(), 0_u64);
        while let Some((event, _)) = events.try_next().await? {
            if !is_resolution(&event) {
                continue;
            }
            match read(&event) {
                Ok(resolved) => {
                    seen += 1;
                    newest.insert(event.aggregate_id, (seen, resolved));
                }
                Err(reason) => tracing::warn!(event = %event.id, reason, "a ticket is not learnt from"),
            }
            if newest.len() >= at_most.saturating_mul(2) {
                keep_newest(&mut newest, at_most);
            }
            if seen.is_multiple_of(NOTED) {
                tell(far, Far::Finding(seen));
            }
        }
        keep_newest(&mut newest, at_most);
        let mut found: Vec<_> = newest.into_values().collect();
        found.sort_by_key(|(order, _)| *order);
        Ok(found.into_iter().map(|(_, resolved)| resolved).collect())
    }

    /// An item that cannot be chosen any more is none; what they say of units stays.
    async fn leave_retired_out(&self, rooms: &Rooms, lessons: &mut Lessons) {
        let offered = match rooms.offered.ask().await {
            Ok(offered) => Some(offered),
            Err(status) => {
                tracing::warn!(%status, "a training goes by what is known of the catalogue");
                rooms.offered.last()
            }
        };
        let Some(offered) = offered else { return };
        for lesson in lessons.iter_mut().filter(|lesson| !offered.keys.contains(&lesson.item)) {
            lesson.item.clear();
        }
    }

    /// Their words, counted.
    async fn read(&self, found: Vec<Resolved>, far: &Notes) -> Result<Lessons, Error> {
        let all = found.len() as u64;
        let (mut lessons, mut read) = (Vec::with_capacity(found.len()), 0_u64);
        for some in found.chunks(AT_ONCE) {
            tell(far, Far::Reading(all, read));
            let ids: Vec<Uuid> = some.iter().map(|resolved| resolved.ticket_id).collect();
            let mut texts = words(self.log.as_ref(), &ids).await?;
            lessons.extend(some.iter().filter_map(|resolved| {
                let bag = texts.remove(&resolved.ticket_id)?;
                let Resolved { region, item, unit_id, .. } = resolved.clone();
                Some(Lesson { bag, item, unit_id, region })
            }));
            read += some.len() as u64;
        }
        Ok(lessons)
    }
}

fn learn(
    lessons: Lessons,
    directory: &Directory,
    now: Timestamp,
    go_on: &mut dyn FnMut(TrainingPart, f64) -> bool,
) -> Result<(Vec<u8>, KeptQuality), Error> {
    let covering = |region| directory.units_covering(region, now);
    let (suggester, judged) = train_suggester(lessons, &covering, &Settings::default(), go_on)
        .map_err(|why| error::not_learnt(&why))?;
    let quality = KeptQuality { items: judged.items.into(), units: judged.units.map(Into::into) };
    Ok((suggester.to_bytes(), quality))
}

fn tell(notes: &Notes, far: Far) {
    notes.send_modify(|last| *last = Ok(far));
}

fn keep_newest(newest: &mut HashMap<Uuid, (u64, Resolved)>, at_most: usize) {
    if newest.len() <= at_most {
        return;
    }
    let mut orders: Vec<u64> = newest.values().map(|(order, _)| *order).collect();
    orders.sort_unstable();
    let first = orders[orders.len() - at_most];
    newest.retain(|_, (order, _)| *order >= first);
}

#[derive(Default)]
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_region::RegionCode;

    #[test]
    fn the_newest_are_kept() {
        let region = RegionCode::parse("440106").unwrap();
        let resolved = |n: u128| Resolved {
            ticket_id: Uuid::from_u128(n),
            version: 1,
            region,
            item: String::new(),
            unit_id: String::new(),
        };
        let mut newest: HashMap<_, _> =
            (0..9_u64).map(|n| (Uuid::from_u128(n.into()), (n, resolved(n.into())))).collect();
        keep_newest(&mut newest, 3);
        let mut left: Vec<_> = newest.values().map(|(order, _)| *order).collect();
        left.sort_unstable();
        assert_eq!(left, [6, 7, 8]);
        keep_newest(&mut newest, 3);
        assert_eq!(newest.len(), 3);
    }
}
