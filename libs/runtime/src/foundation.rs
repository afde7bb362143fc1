//! What every service stands on: database, bus, relay, authenticator, audit log, clock, peers, and the server before
//! them.

use crate::{
    CommonConfig, Listeners, Peers, Readiness, Server,
    watch::{BUS, DATABASE, wait_for, watch},
};
use anyhow::Context;
use gongdan_access::{Access, guard};
use gongdan_audit::Audit;
use gongdan_auth::Authenticator;
use gongdan_bus::Bus;
use gongdan_clock::SharedClock;
use gongdan_outbox::{
    Consumer, ConsumerBuilder, ConsumerConfig, Handler, Inbox, Relay, RelayConfig, RelayHandle,
};
use gongdan_pg::Schema;
use http::{Request, Response};
use sqlx::PgPool;
use std::{convert::Infallible, future::Future, pin::Pin, sync::Arc, time::Duration};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{body::Body, server::NamedService};
use tower::Service;

const SCHEMA: &str = "schema";
/// Between two looks whether the schema is there.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// How long background work may take to stop.
const STOP: Duration = Duration::from_secs(10);

/// A service that runs. Boxed, because the code of a future that is not is made anew in each program that awaits it.
pub type Running = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// What a service stands on. Its parts are shared freely; [`Foundation::serve`] ends it.
pub struct Foundation {
    /// The service's name: `tickets`.
    pub name: &'static str,
    /// The service's database, migrated.
    pub pool: PgPool,
    /// The bus, with the service's stream.
    pub bus: Bus,
    /// Publishes what the service appends; to be woken after each commit that appended.
    pub relay: RelayHandle,
    /// Who callers are.
    pub authenticator: Authenticator,
    /// Who may do what.
    pub access: Access,
    /// The time.
    pub clock: SharedClock,
    /// The other services.
    pub peers: Peers,
    /// Who read or changed what.
    pub audit: Audit,
    /// What health and `/readyz` show.
    pub readiness: Readiness,
    /// Cancelled when the service is to stop.
    pub shutdown: CancellationToken,
    server: Server,
    tasks: TaskTracker,
    consumers: ConsumerConfig,
    max_message_bytes: usize,
}

impl Foundation {
    /// Listens at once, then waits for database, schema and bus, saying in log, health and `/readyz` what it waits for;
    /// calls are UNAVAILABLE meanwhile. None when told to stop before all were there.
    ///
    /// # Errors
    /// When the configuration cannot work, or the database refuses for a reason that waiting does not change.
    #[must_use]
    pub fn start<'a>(
        config: &'a CommonConfig,
        name: &'static str,
        schema: Schema,
        listeners: Listeners,
        clock: SharedClock,
        shutdown: CancellationToken,
    ) -> Pin<Box<dyn Future<Output = anyhow::Result<Option<Self>>> + Send + 'a>> {
        Box::pin(Self::begin(config, name, schema, listeners, clock, shutdown))
    }

    async fn begin(
        config: &CommonConfig,
        name: &'static str,
        schema: Schema,
        listeners: Listeners,
        clock: SharedClock,
        shutdown: CancellationToken,
    ) -> anyhow::Result<Option<Self>> {
        let peers = Peers::new(&config.peers)?;
        let access = Access::load(&config.access).await.context("the [access] section")?;
        let server = Server::listen(&config.server, listeners, shutdown.clone()).await?;
        let readiness = server.readiness();
        let Some((pool, bus)) = Self::wait(config, name, &schema, &readiness, &shutdown).await? else {
            server.abandon().await;
            return Ok(None);
        };
        let authenticator = Authenticator::new(&config.auth, pool.clone(), clock.clone())
            .await
            .context("the [auth] section")?;
        let tasks = TaskTracker::new();
        tasks.spawn(access.clone().watch(config.access.clone(), shutdown.clone()));
        let relay = Relay::start(pool.clone(), bus.clone(), name, RelayConfig::default(), shutdown.clone());
        tasks.spawn(watch(
            pool.clone(),
            bus.clone(),
            readiness.clone(),
            config.server.wait.clone(),
            shutdown.clone(),
        ));
        let audit = Audit::start(pool.clone(), name, clock.clone(), config.audit.clone());
        tasks.spawn(audit.clone().upkeep(shutdown.clone()));
        let (maintained, time, stop) = (pool.clone(), clock.clone(), shutdown.clone());
        tasks.spawn(async move { gongdan_pg::maintenance::run(maintained, &["events"], time, stop).await });
        tasks.spawn(gongdan_outbox::scrub(pool.clone(), bus.clone(), name, clock.clone(), shutdown.clone()));
        Ok(Some(Self {
            name,
            pool,
            bus,
            relay,
            authenticator,
            access,
            clock,
            peers,
            audit,
            readiness,
            shutdown,
            server,
            tasks,
            consumers: config.consumers.consumer(),
            max_message_bytes: config.server.max_message_bytes,
        }))
    }

    async fn wait(
        config: &CommonConfig,
        name: &'static str,
        schema: &Schema,
        readiness: &Readiness,
        shutdown: &CancellationToken,
    ) -> anyhow::Result<Option<(PgPool, Bus)>> {
        let remind = config.server.wait.remind_interval;
        let waiting = "waiting for the database".to_owned();
        let connecting = gongdan_pg::connect(&config.postgres, name);
        let Some(pool) = wait_for(readiness, DATABASE, waiting, remind, shutdown, connecting).await else {
            return Ok(None);
        };
        let pool = pool.context("the [postgres] section")?;
        let waiting = format!("waiting for the schema: run `gongdan migrate {name}`");
        let Some(()) = wait_for(readiness, SCHEMA, waiting, remind, shutdown, current(schema, &pool)).await
        else {
            return Ok(None);
        };
        let waiting = "waiting for the bus".to_owned();
        let connecting = connect_bus(config, name);
        match wait_for(readiness, BUS, waiting, remind, shutdown, connecting).await {
            Some(bus) => Ok(Some((pool, bus?))),
            None => Ok(None),
        }
    }

    /// The largest message a service is to accept: `Server::new(api).max_decoding_message_size(…)`.
    #[must_use]
    pub fn max_message_bytes(&self) -> usize {
        self.max_message_bytes
    }

    /// Adds a service.
    pub fn add<S>(&mut self, service: S) -> &mut Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        self.server.add(service);
        self
    }

    /// Starts a consumer of another service's events; answers its inbox, for the dead letters.
    ///
    /// # Errors
    /// When the address of the events' owner is not configured.
    pub fn consume(
        &self,
        builder: ConsumerBuilder,
        owner: &str,
        handler: Arc<dyn Handler>,
    ) -> anyhow::Result<Arc<Inbox>> {
        let consumer = builder.config(self.consumers.clone()).start(
            self.pool.clone(),
            self.bus.clone(),
            self.peers.owner_log(owner)?,
            handler,
            self.relay.clone(),
            self.shutdown.clone(),
        );
        let inbox = consumer.inbox();
        self.spawn(async move { consumer.stopped().await });
        Ok(inbox)
    }

    /// Starts the consumer of routing's principals, which tells who callers are.
    ///
    /// # Errors
    /// When the address of routing is not configured.
    pub fn consume_principals(&self) -> anyhow::Result<Arc<Inbox>> {
        let builder = Consumer::builder(format!("{}-principals", self.name), "routing")
            .events(&["principal_changed"])
            .latest_only(true);
        self.consume(builder, "routing", Arc::new(self.authenticator.projection()))
    }

    /// Runs work beside the server, which ends it by [`Foundation::shutdown`] and waits for it.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(work);
    }

    /// Serves until told to stop; lets calls, background work and relay finish.
    ///
    /// # Errors
    /// When the listener failed.
    #[must_use]
    pub fn serve(self) -> Running {
        Box::pin(self.serve_until_told())
    }

    async fn serve_until_told(mut self) -> anyhow::Result<()> {
        self.server.add(self.audit.server(guard()));
        let served = self.server.serve(self.authenticator, &self.access, &self.audit).await;
        self.shutdown.cancel();
        self.tasks.close();
        let stopped = async {
            self.tasks.wait().await;
            self.audit.close().await;
            self.relay.stopped().await;
            self.bus.drain().await;
            self.pool.close().await;
        };
        if tokio::time::timeout(STOP, stopped).await.is_err() {
            tracing::warn!("background work was still running and is cut off");
        }
        tracing::info!("stopped");
        served
    }
}

/// Until every migration is applied. Trouble on the way is logged: it passes, or needs a person.
async fn current(schema: &Schema, pool: &PgPool) {
    loop {
        match schema.is_current(pool).await {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the schema cannot be checked"),
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

async fn connect_bus(config: &CommonConfig, name: &'static str) -> anyhow::Result<Bus> {
    let bus = Bus::connect(&config.bus, name).await.context("the [bus] section")?;
    while let Err(error) = bus.ensure_stream(name).await {
        tracing::warn!(%error, "the stream cannot be made yet");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(bus)
}
