//! Events that were written and not yet applied by everybody: in the outboxes, and on the bus before each consumer.

use crate::suite::Suite;
use futures::TryStreamExt;
use gongdan_bus::{Bus, BusConfig};
use sqlx::PgPool;
use std::time::{Duration, Instant};

/// The services that publish.
const PUBLISHERS: [&str; 4] = ["tickets", "routing", "sla", "callback"];

/// Looks at the backlog from outside the services.
pub(crate) struct Backlog {
    pools: Vec<PgPool>,
    jetstream: async_nats::jetstream::Context,
}

impl Backlog {
    pub async fn open(suite: &Suite) -> anyhow::Result<Self> {
        let mut pools = Vec::new();
        for service in PUBLISHERS {
            let url = suite.database_url(&format!("gongdan_{service}"))?;
            pools.push(sqlx::postgres::PgPoolOptions::new().max_connections(1).connect(&url).await?);
        }
        let bus = Bus::connect(&BusConfig::at(suite.nats_url(), "gongdan"), "load").await?;
        Ok(Self { pools, jetstream: bus.context().clone() })
    }

    /// Events in outboxes, and deliveries that consumers still owe.
    pub async fn events(&self) -> anyhow::Result<u64> {
        let mut waiting = 0;
        for pool in &self.pools {
            let behind: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM events e, outbox_cursor c WHERE (e.txid, e.position) > (c.txid, c.position)",
            )
            .fetch_one(pool)
            .await?;
            waiting += u64::try_from(behind)?;
        }
        let mut streams = self.jetstream.streams();
        while let Some(stream) = streams.try_next().await? {
            let stream = self.jetstream.get_stream(&stream.config.name).await?;
            let mut consumers = stream.consumers();
            while let Some(consumer) = consumers.try_next().await? {
                waiting += consumer.num_pending + u64::try_from(consumer.num_ack_pending)?;
            }
        }
        Ok(waiting)
    }

    /// Waits until nothing is left, and says how long that took.
    pub async fn drain(&self, limit: Duration) -> anyhow::Result<Duration> {
        let began = Instant::now();
        while self.events().await? > 0 {
            anyhow::ensure!(
                began.elapsed() < limit,
                "{} events were not applied after {limit:?}",
                self.events().await?
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(began.elapsed())
    }
}
