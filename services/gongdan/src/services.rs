//! The six services, and how one of them is run in this process.

use std::path::Path;

use anyhow::{Context, Result};
use futures::future::BoxFuture;
use gongdan_pg::Schema;
use gongdan_runtime::{CommonConfig, Listeners, build_runtime, load_config, termination};
use tokio_util::sync::CancellationToken;

/// A service of the suite.
pub struct Service {
    /// Its name: `tickets`.
    pub name: &'static str,
    /// The migrations of its database.
    pub schema: fn() -> Schema,
    /// The sections of its configuration that every service has.
    pub common: fn(Option<&Path>) -> Result<CommonConfig>,
    /// Runs it until told to stop. `supervised`: also until stdin closes, which it does when the supervisor dies.
    pub serve: fn(config: Option<&Path>, supervised: bool) -> Result<()>,
}

macro_rules! service {
    ($krate:ident) => {
        Service {
            name: $krate::NAME,
            schema: $krate::schema,
            common: |file| {
                let config: $krate::Config = load_config($krate::DEFAULTS, file, $krate::NAME)?;
                Ok(config.common)
            },
            serve: |file, supervised| {
                let config: $krate::Config = load_config($krate::DEFAULTS, file, $krate::NAME)?;
                let common = config.common.clone();
                run($krate::NAME, &common, supervised, |listeners, shutdown| {
                    $krate::run(config, listeners, shutdown)
                })
            },
        }
    };
}

/// All of them, in the order in which people think of them.
pub static ALL: [Service; 6] = [
    service!(gongdan_tickets),
    service!(gongdan_routing),
    service!(gongdan_sla),
    service!(gongdan_notifications),
    service!(gongdan_callback),
    service!(gongdan_reporting),
];

/// The service of this name.
///
/// # Errors
/// When there is none.
pub fn find(name: &str) -> Result<&'static Service> {
    ALL.iter().find(|service| service.name == name).with_context(|| {
        let names: Vec<&str> = ALL.iter().map(|service| service.name).collect();
        format!("there is no service {name}; there are {}", names.join(", "))
    })
}

fn run<F>(name: &'static str, common: &CommonConfig, supervised: bool, start: F) -> Result<()>
where
    F: FnOnce(Listeners, CancellationToken) -> BoxFuture<'static, Result<()>>,
{
    let runtime = build_runtime(common.server.worker_threads).context("starting threads")?;
    runtime.block_on(async {
        let telemetry = gongdan_telemetry::init(&common.telemetry, name)?;
        let shutdown = termination().context("listening for signals")?;
        if supervised {
            stop_when_stdin_closes(shutdown.clone())?;
        }
        let ended = match Listeners::bind(&common.server).await {
            Ok(listeners) => start(listeners, shutdown).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &ended {
            tracing::error!(service = name, "the service ended: {error:#}");
        }
        telemetry.shutdown().await;
        ended
    })
}

/// The supervisor holds the other end of this pipe and never writes: that it closes means that it is gone.
fn stop_when_stdin_closes(shutdown: CancellationToken) -> Result<()> {
    std::thread::Builder::new()
        .name("supervisor-watch".into())
        .stack_size(64 * 1024)
        .spawn(move || {
            if let Err(error) = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()) {
                tracing::warn!(%error, "the supervisor's pipe broke");
            }
            shutdown.cancel();
        })
        .context("watching the supervisor")?;
    Ok(())
}
