//! A database, a root on the bus, and a handler that writes down what it is given.

use gongdan_bus::{Bus, BusConfig, Event, Origin, to_headers};
use gongdan_embedded::{Nats, NatsOptions, Postgres, PostgresOptions};
use gongdan_errors::Error;
use gongdan_outbox::{
    ApplyError, ConsumerBuilder, ConsumerConfig, ConsumerHandle, Handler, NewEvent, OwnerLog, Relay,
    RelayConfig, RelayHandle, ReplayStream,
};
use gongdan_pg::{PgConfig, Schema};
use sqlx::{AssertSqlSafe, PgConnection, PgPool};
use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub const SOURCE: &str = "tickets";
pub const CONSUMER: &str = "sla-tickets";

struct Servers {
    postgres: Postgres,
    nats: Nats,
}

static SERVERS: OnceLock<Servers> = OnceLock::new();
static NUMBER: AtomicU32 = AtomicU32::new(0);

fn servers() -> &'static Servers {
    SERVERS.get_or_init(|| {
        tracing_subscriber::fmt()
            .with_env_filter(
                tracing_subscriber::EnvFilter::try_from_default_env()
                    .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("error")),
            )
            .with_test_writer()
            .try_init()
            .ok();
        let dir = tempfile::Builder::new().prefix("gongdan-outbox-").tempdir().unwrap().keep();
        let postgres =
            PostgresOptions { durable: false, ephemeral: true, ..PostgresOptions::new(dir.join("postgres")) };
        Servers {
            postgres: Postgres::start(&postgres).unwrap(),
            nats: Nats::start(&NatsOptions { ephemeral: true, ..NatsOptions::new(dir.join("nats")) })
                .unwrap(),
        }
    })
}

pub struct Env {
    pub pool: PgPool,
    pub bus: Bus,
    pub shutdown: CancellationToken,
}

impl Drop for Env {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl Env {
    /// On the bus of this run.
    pub async fn start() -> Self {
        let url = tokio::task::spawn_blocking(|| servers().nats.url()).await.unwrap();
        Self::on(&url).await
    }

    /// On another bus.
    pub async fn on(nats: &str) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let pool = database(&format!("outbox_{number}")).await;
        let bus = Bus::connect(&BusConfig::at(nats, format!("t{number}")), "test").await.unwrap();
        bus.ensure_stream(SOURCE).await.unwrap();
        bus.ensure_dead_stream().await.unwrap();
        Self { pool, bus, shutdown: CancellationToken::new() }
    }

    /// Puts an event on the bus as if the relay had; `copy` tells repetitions apart that the bus would drop.
    pub async fn publish(&self, event: &Event, copy: u32) {
        let mut headers = to_headers(event, None);
        headers.insert("Nats-Msg-Id", format!("{}/{copy}", event.id));
        let subject = format!("{}.{}", self.bus.root(), event.subject);
        let ack =
            self.bus.context().publish_with_headers(subject, headers, event.payload.clone()).await.unwrap();
        ack.await.unwrap();
    }

    pub fn relay(&self) -> RelayHandle {
        Relay::start(
            self.pool.clone(),
            self.bus.clone(),
            SOURCE,
            RelayConfig::default(),
            self.shutdown.clone(),
        )
    }

    pub fn consume(&self, builder: ConsumerBuilder, handler: &Arc<Recorder>) -> ConsumerHandle {
        self.consume_with(builder, handler, Arc::new(NoLog))
    }

    pub fn consume_with(
        &self,
        builder: ConsumerBuilder,
        handler: &Arc<Recorder>,
        owner: Arc<dyn OwnerLog>,
    ) -> ConsumerHandle {
        builder.start(
            self.pool.clone(),
            self.bus.clone(),
            owner,
            handler.clone(),
            RelayHandle::none(),
            self.shutdown.clone(),
        )
    }

    /// What was applied, in the order in which it was.
    pub async fn applied(&self, aggregate: Uuid) -> Vec<i64> {
        sqlx::query_scalar("SELECT version FROM applied WHERE aggregate_id = $1 ORDER BY seq")
            .bind(aggregate)
            .fetch_all(&self.pool)
            .await
            .unwrap()
    }

    pub async fn count(&self, table: &'static str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// Messages in the stream of a service, or of dead letters.
    pub async fn messages(&self, service: &str) -> u64 {
        let stream = self.bus.context().get_stream(self.bus.stream_name(service)).await.unwrap();
        stream.cached_info().state.messages
    }

    /// Until a consumer has answered for every message of the stream.
    pub async fn drained(&self) {
        let stream = self.bus.context().get_stream(self.bus.stream_name(SOURCE)).await.unwrap();
        eventually("the stream is drained", async || {
            let consumer = stream.consumer_info(self.bus.durable_name(CONSUMER)).await;
            consumer.is_ok_and(|info| info.num_pending == 0 && info.num_ack_pending == 0)
        })
        .await;
    }

    pub async fn wait_applied(&self, aggregate: Uuid, versions: &[i64]) {
        eventually(&format!("{versions:?} are applied"), async || {
            self.applied(aggregate).await.len() >= versions.len()
        })
        .await;
        assert_eq!(self.applied(aggregate).await, versions);
    }
}

async fn database(name: &str) -> PgPool {
    let admin = sqlx::PgPool::connect(&servers().postgres.url("postgres")).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin).await.unwrap();
    admin.close().await;
    let roomy = PgConfig {
        max_connections: 30,
        acquire_timeout_seconds: 30,
        ..PgConfig::at(servers().postgres.url(name))
    };
    let pool = gongdan_pg::connect(&roomy, "test").await.unwrap();
    Schema::new(&[&gongdan_outbox::MIGRATOR, &gongdan_pg::MIGRATOR]).migrate(&pool).await.unwrap();
    sqlx::raw_sql(
        "CREATE TABLE applied (seq bigserial, aggregate_id uuid, version bigint, event_id uuid, kind text)",
    )
    .execute(&pool)
    .await
    .unwrap();
    pool
}

/// A consumer that does not keep a test waiting.
pub fn consumer() -> ConsumerBuilder {
    gongdan_outbox::Consumer::builder(CONSUMER, SOURCE).config(ConsumerConfig {
        gap_after: Duration::from_secs(3_600),
        backoff: Duration::from_millis(20),
        max_attempts: 3,
        ack_wait: Duration::from_secs(2),
        ..ConsumerConfig::default()
    })
}

/// What a handler is to fail at.
#[derive(Default)]
pub struct Recorder {
    pub poisoned: Mutex<HashSet<(Uuid, i64)>>,
    pub panics: AtomicBool,
    pub away: AtomicBool,
    pub calls: AtomicU32,
    pub committed: AtomicU32,
    /// Held open, the handler stops before it is done.
    pub gate: Option<tokio::sync::Semaphore>,
}

impl Recorder {
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    pub fn poison(&self, aggregate: Uuid, version: i64) {
        self.poisoned.lock().unwrap().insert((aggregate, version));
    }

    pub fn heal(&self) {
        self.poisoned.lock().unwrap().clear();
    }
}

#[async_trait::async_trait]
impl Handler for Recorder {
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if self.away.load(Ordering::Relaxed) {
            return Err(ApplyError::Transient(anyhow::anyhow!("away")));
        }
        sqlx::query(
            "INSERT INTO applied (aggregate_id, version, event_id, kind)
             SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::uuid[], $4::text[])",
        )
        .bind(events.iter().map(|e| e.aggregate_id).collect::<Vec<_>>())
        .bind(events.iter().map(|e| e.version).collect::<Vec<_>>())
        .bind(events.iter().map(|e| e.id).collect::<Vec<_>>())
        .bind(events.iter().map(|e| e.kind.clone()).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
        let poisoned = self.poisoned.lock().unwrap().clone();
        if events.iter().any(|event| poisoned.contains(&(event.aggregate_id, event.version))) {
            assert!(!self.panics.load(Ordering::Relaxed), "as the test wants it");
            // A statement that fails, as a constraint would make it: the transaction is broken from here on.
            sqlx::query("SELECT 1 / 0").execute(connection).await?;
        }
        if let Some(gate) = &self.gate {
            gate.acquire().await.unwrap().forget();
        }
        Ok(())
    }

    async fn committed(&self, events: &[Event]) {
        self.committed.fetch_add(u32::try_from(events.len()).unwrap(), Ordering::Relaxed);
    }
}

/// An owner that is away.
pub struct NoLog;

#[async_trait::async_trait]
impl OwnerLog for NoLog {
    async fn fetch(&self, _: Uuid, _: i64) -> Result<Vec<Event>, Error> {
        Err(Error::unavailable("away", Duration::from_secs(1)))
    }

    async fn pick(&self, _: &[Uuid], _: &str) -> Result<Vec<Event>, Error> {
        Err(Error::unavailable("away", Duration::from_secs(1)))
    }

    async fn replay(&self, _: Option<String>) -> Result<ReplayStream, Error> {
        Err(Error::unavailable("away", Duration::from_secs(1)))
    }
}

pub fn id() -> Uuid {
    Uuid::from_u128(rand::random())
}

pub fn event(aggregate: Uuid, version: i64) -> Event {
    kind(aggregate, version, "amended")
}

pub fn kind(aggregate: Uuid, version: i64, kind: &str) -> Event {
    let at = "2026-11-22T09:00:00Z".parse().unwrap();
    Event {
        id: id(),
        source: SOURCE.into(),
        kind: kind.into(),
        aggregate_id: aggregate,
        version,
        occurred_at: at,
        recorded_at: at,
        origin: Origin::Live,
        subject: format!("tickets.v1.{kind}.44.01.06.{}", gongdan_bus::bucket(aggregate)),
        traceparent: None,
        payload: bytes::Bytes::from_static(b"payload"),
    }
}

pub fn new_event(aggregate: Uuid, version: i64) -> NewEvent {
    let event = event(aggregate, version);
    NewEvent {
        id: event.id,
        aggregate_id: aggregate,
        version,
        kind: "amended".into(),
        subject: event.subject,
        occurred_at: event.occurred_at,
        recorded_at: event.recorded_at,
        origin: event.origin,
        payload: event.payload.to_vec(),
    }
}

pub async fn append(pool: &PgPool, events: &[NewEvent]) {
    let mut transaction = pool.begin().await.unwrap();
    gongdan_outbox::append(&mut transaction, events).await.unwrap();
    transaction.commit().await.unwrap();
}

/// Until the log shows all that is committed: a transaction of another test may hold it back for a moment.
pub async fn settled(pool: &PgPool) {
    eventually("the log shows what is committed", async || {
        sqlx::query_scalar::<_, bool>(
            "SELECT max(txid) < pg_snapshot_xmin(pg_current_snapshot()) FROM events",
        )
        .fetch_one(pool)
        .await
        .unwrap()
    })
    .await;
}

pub async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !condition().await {
        assert!(Instant::now() < until, "not within 30 seconds: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
