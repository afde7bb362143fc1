//! Connecting, also to a server that is not there yet.

use crate::{PgConfig, is_transient};
use secrecy::ExposeSecret as _;
use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{str::FromStr as _, time::Duration};

const RETRY: Duration = Duration::from_millis(500);
const RETRY_MOST: Duration = Duration::from_secs(5);
/// A connection that lay idle so long is tried before it is used.
const IDLE: Duration = Duration::from_secs(1);

/// A pool of connections to the service's database. A server that is away is waited for; the log says so.
///
/// # Errors
/// When the URL is none, or the server refuses for a reason that waiting does not change, such as a wrong password.
pub async fn connect(config: &PgConfig, name: &str) -> Result<PgPool, sqlx::Error> {
    let options = options(config, name)?;
    wait_for(&options).await?.close().await.ok();
    Ok(PgPoolOptions::new()
        .max_connections(config.max_connections.max(1))
        .min_connections(config.min_connections)
        .acquire_timeout(Duration::from_secs(config.acquire_timeout_seconds.max(1)))
        .idle_timeout(Duration::from_secs(config.idle_timeout_seconds.max(1)))
        // One that was used a moment ago is there.
        .test_before_acquire(false)
        .before_acquire(|connection, used| {
            Box::pin(async move {
                if used.idle_for >= IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options))
}

/// One connection outside of any pool, to the same database, as the holder of a session lock needs it. The server
/// notices within half a minute when this process's machine is gone.
///
/// # Errors
/// When the server is away or refuses.
pub async fn connect_alone(pool: &PgPool) -> Result<PgConnection, sqlx::Error> {
    let options = pool.connect_options().as_ref().clone().options([
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
    ]);
    PgConnection::connect_with(&options).await
}

/// For a connection that finds and changes few rows by their keys out of many, a batch at a time: on a young table, whose
/// size the planner does not know yet, a join by hash would read all of it, and the plan stays. Plans are made once,
/// however many rows a batch has.
pub const BY_KEY: &str = "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off;
                          SET plan_cache_mode = force_generic_plan";

fn options(config: &PgConfig, name: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let options = PgConnectOptions::from_str(config.url.expose_secret())?
        .application_name(&format!("gongdan-{name}"))
        .statement_cache_capacity(256)
        .log_slow_statements(tracing::log::LevelFilter::Warn, Duration::from_secs(1))
        .log_statements(tracing::log::LevelFilter::Trace);
    Ok(match config.statement_timeout_seconds {
        0 => options,
        seconds => options.options([("statement_timeout", format!("{seconds}s"))]),
    })
}

async fn wait_for(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let mut pause = RETRY;
    loop {
        match PgConnection::connect_with(options).await {
            Ok(connection) => return Ok(connection),
            Err(error) if is_transient(&error) => {
                tracing::warn!(
                    host = options.get_host(),
                    port = options.get_port(),
                    database = options.get_database(),
                    error = %error,
                    "waiting for the database"
                );
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(RETRY_MOST);
            }
            Err(error) => return Err(error),
        }
    }
}
