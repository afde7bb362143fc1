//! `gongdan up`: the whole suite on one machine. A supervisor of six processes, one per service, and of private
//! PostgreSQL and NATS servers; it stops all it started, and takes over from one that was killed.

mod backends;
mod child;
mod directory;
pub mod ready;
mod settings;

use std::{collections::BTreeMap, io::IsTerminal, process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use futures::future::try_join_all;
use gongdan_auth::LocalIssuer;
use gongdan_clock::SystemClock;
use gongdan_pg::PgConfig;
use secrecy::SecretString;
use tokio::task::{JoinSet, spawn_blocking};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use self::{backends::Backends, child::Keeper, directory::Directory, settings::Ports};
use crate::{
    cli::{
        Context,
        suite::{Endpoints, Suite},
    },
    demo, services,
};

const BACKENDS_LOOK: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Args)]
pub struct Args {
    /// First of the services' ports: gRPC on N to N+5, metrics on N+100 to N+105; 0: any free ports
    #[arg(long, env = "GONGDAN_PORT_BASE", default_value_t = 7101, value_name = "N")]
    port_base: u16,
    /// Load a small sample and drive it through the whole loop
    #[arg(long)]
    demo: bool,
    /// Name of the suite: prefix of its databases, and first token of its subjects on the bus
    #[arg(long, env = "GONGDAN_NAME", default_value = "gongdan", value_parser = suite_name)]
    name: String,
    /// URL of a PostgreSQL server to use instead of a private one; with a password in it better set by the environment,
    /// because everybody on the machine sees command lines
    #[arg(long, env = "GONGDAN_POSTGRES_URL", value_name = "URL", hide_env_values = true)]
    postgres_url: Option<SecretString>,
    /// URL of a NATS server with JetStream to use instead of a private one; see --postgres-url
    #[arg(long, env = "GONGDAN_NATS_URL", value_name = "URL", hide_env_values = true)]
    nats_url: Option<SecretString>,
}

fn suite_name(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if (1..=30).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(allowed)
    {
        Ok(text.to_owned())
    } else {
        Err("1 to 30 of a-z, 0-9 and _, a letter first".into())
    }
}

/// Runs the suite until it is told to stop.
pub fn run(context: &Context, args: Args) -> Result<ExitCode> {
    tracing_subscriber::fmt()
        .with_env_filter(
            EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| EnvFilter::new("warn,gongdan=info,gongdan_embedded=info")),
        )
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .try_init()
        .map_err(|error| anyhow::anyhow!("starting the log: {error}"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let shutdown = gongdan_runtime::termination()?;
        let directory = Arc::new(Directory::open(context.data_dir())?);
        for service in &services::ALL {
            let directory = Arc::clone(&directory);
            spawn_blocking(move || child::clear(&directory, service.name)).await??;
        }
        context.say(context.text("starting PostgreSQL and NATS", "正在启动 PostgreSQL 和 NATS"))?;
        let backends = {
            let directory = Arc::clone(&directory);
            let (postgres, nats) = (args.postgres_url.clone(), args.nats_url.clone());
            spawn_blocking(move || Backends::start(&directory, postgres, nats)).await??
        };
        let mut up = Up { directory, backends, keepers: JoinSet::new(), stop: CancellationToken::new() };
        let ended = up.run(context, &args, &shutdown).await;
        let stopped = up.stop(context).await;
        ended.and(stopped)
    })?;
    Ok(ExitCode::SUCCESS)
}

struct Up {
    directory: Arc<Directory>,
    backends: Backends,
    keepers: JoinSet<()>,
    stop: CancellationToken,
}

impl Up {
    async fn run(&mut self, context: &Context, args: &Args, shutdown: &CancellationToken) -> Result<()> {
        let started = tokio::select! {
            started = self.start(context, args) => started.map(Some)?,
            () = shutdown.cancelled() => None,
        };
        let Some(suite) = started else {
            return Ok(());
        };
        self.directory.write_suite(&suite)?;
        print_endpoints(context, &suite)?;
        if args.demo {
            tokio::select! {
                shown = demo::run(context) => shown?,
                () = shutdown.cancelled() => return Ok(()),
            }
        }
        context.say(context.text("the suite is up; Ctrl-C stops it", "已就绪；按 Ctrl-C 停止"))?;
        self.watch_backends(shutdown).await
    }

    /// Databases, configuration, services; returns when all of them are ready.
    async fn start(&mut self, context: &Context, args: &Args) -> Result<Suite> {
        let ports = settings::ports(args.port_base)?;
        context.say(context.text("migrating six databases", "正在迁移六个数据库"))?;
        let databases: Vec<String> =
            services::ALL.iter().map(|service| settings::database(&args.name, service.name)).collect();
        for database in &databases {
            self.backends.create_database(database).await?;
        }
        try_join_all(services::ALL.iter().zip(&databases).map(async |(service, database)| {
            let config = PgConfig { url: self.backends.database_url(database)?, ..PgConfig::default() };
            let pool = gongdan_pg::connect(&config, "up").await?;
            let migrated = (service.schema)().migrate(&pool).await;
            pool.close().await;
            migrated.with_context(|| format!("migrating the database of {}", service.name))
        }))
        .await?;
        let issuer = LocalIssuer::create_or_load(&self.directory.path("issuer"), Arc::new(SystemClock))?;
        settings::write(&self.directory, &self.backends, &issuer, &ports, &args.name)?;

        context.say(context.text("starting six services", "正在启动六个服务"))?;
        let keepers: Vec<Arc<Keeper>> =
            services::ALL.iter().map(|service| Arc::new(Keeper::new(service.name))).collect();
        for keeper in &keepers {
            let (keeper, directory, stop) =
                (Arc::clone(keeper), Arc::clone(&self.directory), self.stop.clone());
            self.keepers.spawn(async move { keeper.keep(&directory, stop).await });
        }
        let token = gongdan_secret::read(&self.directory.admin_token())?;
        let suite = self.describe(&ports, &args.name);
        // All at once: the first that will not do ends the start.
        try_join_all(keepers.iter().map(async |keeper| {
            let address = &suite.endpoints(keeper.name())?.grpc;
            ready::wait(keeper, &self.directory, address, &token).await
        }))
        .await?;
        Ok(suite)
    }

    fn describe(&self, ports: &BTreeMap<&'static str, Ports>, name: &str) -> Suite {
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        let endpoints = |ports: &Ports| Endpoints { grpc: url(ports.grpc), metrics: url(ports.metrics) };
        Suite {
            services: ports.iter().map(|(name, ports)| ((*name).to_owned(), endpoints(ports))).collect(),
            postgres_url: self.backends.postgres_url.clone(),
            nats_url: self.backends.nats_url.clone(),
            token_file: self.directory.admin_token(),
            name: name.to_owned(),
            pid: std::process::id(),
        }
    }

    /// Until told to stop: private servers that end by themselves are started again.
    async fn watch_backends(&mut self, shutdown: &CancellationToken) -> Result<()> {
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return Ok(()),
                () = tokio::time::sleep(BACKENDS_LOOK) => {}
            }
            // Rare, and the services wait for what is being started: holding the only thread does no harm.
            if let Err(error) = self.backends.revive() {
                tracing::error!("a server did not start again: {error:#}");
            }
        }
    }

    async fn stop(mut self, context: &Context) -> Result<()> {
        let unsaid = self.directory.remove_suite();
        // A terminal that has gone away keeps nothing from being stopped.
        context.say(context.text("stopping", "正在停止")).ok();
        self.stop.cancel();
        while self.keepers.join_next().await.is_some() {}
        let backends = self.backends;
        spawn_blocking(move || backends.stop()).await?.and(unsaid)
    }
}

fn print_endpoints(context: &Context, suite: &Suite) -> Result<()> {
    if context.is_json() {
        return context.print_json(&suite.shown()?);
    }
    let mut table =
        crate::cli::Table::new([context.text("service", "服务"), "gRPC", context.text("metrics", "指标")]);
    for service in &services::ALL {
        let endpoints = suite.endpoints(service.name)?;
        table.row([
            service.name.to_owned(),
            endpoints.grpc.clone(),
            format!("{}/metrics", endpoints.metrics),
        ]);
    }
    context.say(&table.to_string())?;
    let token = context.text("token", "令牌");
    context.say(&format!("{token}: {}", suite.token_file.display()))
}
