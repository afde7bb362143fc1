//! Leading: look, publish, move, and going back when the bus may have lost something.

use super::{
    RelayConfig,
    cursor::{self, Cursor},
    metrics::Metrics,
    publish::publish,
};
use crate::{
    log::{self, Position},
    pressure,
};
use gongdan_bus::Bus;
use sqlx::{Connection as _, PgConnection, PgPool};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

const FIRST_LOOK: Duration = Duration::from_millis(5);
const BACKLOG_EVERY: Duration = Duration::from_secs(5);
const BACKLOG_MOST: i64 = 100_000;
/// Of so many parts of the time the relay works one, as long as it keeps up.
const SHARE: u32 = 4;
/// The longest it gives way.
const REST_MOST: Duration = Duration::from_millis(200);
/// Both on a busy machine, whether it keeps up or not.
const BUSY_SHARE: u32 = 8;
const BUSY_REST_MOST: Duration = Duration::from_secs(2);
const TROUBLE: Duration = Duration::from_millis(500);

pub(super) async fn run(
    pool: PgPool,
    bus: Bus,
    source: &'static str,
    config: RelayConfig,
    wake: Arc<Notify>,
    shutdown: CancellationToken,
) {
    let metrics = Metrics::new(source);
    loop {
        let led = tokio::select! {
            led = lead(&pool, &bus, source, &config, &wake, &metrics) => led,
            () = shutdown.cancelled() => return,
        };
        metrics.nothing_waits();
        let pause = match led {
            Ok(()) => config.follow,
            Err(error) => {
                tracing::warn!(source, error = %format!("{error:#}"), "the relay begins again");
                TROUBLE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// Leads until something goes wrong; ends at once when another process leads.
async fn lead(
    pool: &PgPool,
    bus: &Bus,
    source: &'static str,
    config: &RelayConfig,
    wake: &Notify,
    metrics: &Metrics,
) -> anyhow::Result<()> {
    let mut connection = gongdan_pg::connect_alone(pool).await?;
    if !cursor::try_lead(&mut connection).await? {
        connection.close().await.ok();
        return Ok(());
    }
    cursor::prepare(&mut connection).await?;
    let cursor = cursor::load(&mut connection).await?;
    tracing::info!(source, position = %cursor.at, "the relay leads");
    let mut leader = Leader {
        connects: bus.connects(),
        connection,
        bus,
        source,
        config,
        metrics,
        cursor,
        noted: None,
        counted: Instant::now() - BACKLOG_EVERY,
    };
    leader.after_reconnect().await?;
    leader.relay(wake).await
}

struct Leader<'a> {
    connection: PgConnection,
    bus: &'a Bus,
    connects: watch::Receiver<u64>,
    source: &'static str,
    config: &'a RelayConfig,
    metrics: &'a Metrics,
    cursor: Cursor,
    noted: Option<Instant>,
    counted: Instant,
}

impl Leader<'_> {
    async fn relay(&mut self, wake: &Notify) -> anyhow::Result<()> {
        let mut pause = FIRST_LOOK;
        loop {
            if self.connects.has_changed().unwrap_or(false) {
                self.after_reconnect().await?;
            }
            let began = Instant::now();
            let batch =
                log::read(&mut self.connection, self.source, self.cursor.at, self.config.batch).await?;
            let found = batch.len();
            if let Some(end) = batch.last().map(|last| last.at) {
                self.metrics.waiting(&batch);
                let sequence = publish(self.bus, self.source, batch).await?;
                self.advance(end, sequence).await?;
                self.metrics.published(found);
            }
            let full = i64::try_from(found).is_ok_and(|found| found >= self.config.batch);
            self.count_backlog(full).await?;
            let busy = pressure::is_busy();
            if full && !busy {
                continue;
            }
            if found > 0 {
                pause = FIRST_LOOK;
                // On a busy machine fewer and larger batches cost less, and who waits for an answer goes first.
                let (share, most) = if busy { (BUSY_SHARE, BUSY_REST_MOST) } else { (SHARE, REST_MOST) };
                let rest = (began.elapsed() * share).min(most);
                tokio::time::sleep_until(began + self.config.pace.max(rest)).await;
            }
            // Woken with nothing to see, an older transaction is still running: look again soon.
            tokio::select! {
                () = wake.notified() => pause = FIRST_LOOK,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(self.config.idle),
                changed = self.connects.changed() => {
                    changed?;
                    self.after_reconnect().await?;
                }
            }
        }
    }

    async fn advance(&mut self, to: Position, sequence: u64) -> Result<(), sqlx::Error> {
        self.cursor.at = to;
        self.cursor.sequence = self.cursor.sequence.max(i64::try_from(sequence).unwrap_or(i64::MAX));
        cursor::store(&mut self.connection, &self.cursor).await?;
        let every = self.bus.config().sync_interval() / 4;
        if self.noted.is_none_or(|noted| noted.elapsed() >= every) {
            let window = self.window();
            cursor::note(&mut self.connection, &self.cursor, window).await?;
            self.noted = Some(Instant::now());
        }
        Ok(())
    }

    fn window(&self) -> Duration {
        self.bus.config().sync_interval() * 2
    }

    /// Another server than the one that acknowledged may have started from an older state of its files: the cursor goes
    /// back by two sync intervals, or further when the stream says that it lost more. Copies in a cluster cover an
    /// unclean restart of one server.
    async fn after_reconnect(&mut self) -> anyhow::Result<()> {
        self.connects.mark_unchanged();
        self.connects.borrow_and_update();
        self.bus.ensure_stream(self.source).await?;
        let last = i64::try_from(self.bus.stream_state(self.source).await?.last)?;
        let server_id = self.bus.server_id();
        let restarted = self.bus.config().replicas <= 1 && server_id != self.cursor.server_id;
        let lost = last < self.cursor.sequence;
        let mut back = self.cursor.at;
        if restarted || lost {
            let window = self.window();
            back = back.min(cursor::before(&mut self.connection, window).await?);
        }
        if lost {
            back = back.min(cursor::at_sequence(&mut self.connection, last).await?);
        }
        if back < self.cursor.at {
            tracing::warn!(
                source = self.source,
                from = %self.cursor.at,
                to = %back,
                lost,
                "the bus was restarted: the relay goes back"
            );
        }
        if back < self.cursor.at || server_id != self.cursor.server_id || lost {
            self.cursor = Cursor { at: back, sequence: self.cursor.sequence.min(last), server_id };
            cursor::store(&mut self.connection, &self.cursor).await?;
            if lost {
                cursor::forget_after(&mut self.connection, last).await?;
            }
        }
        Ok(())
    }

    async fn count_backlog(&mut self, more: bool) -> Result<(), sqlx::Error> {
        if !more {
            self.metrics.nothing_waits();
        } else if self.counted.elapsed() >= BACKLOG_EVERY {
            let waiting = log::count_after(&mut self.connection, self.cursor.at, BACKLOG_MOST).await?;
            self.metrics.backlog(waiting);
            self.counted = Instant::now();
        }
        Ok(())
    }
}
