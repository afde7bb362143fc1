//! PostgreSQL and NATS: private ones, or those that the environment names.

use std::str::FromStr;

use anyhow::{Context, Result};
use gongdan_embedded::{Nats, NatsOptions, Postgres, PostgresOptions};
use gongdan_pg::PgConfig;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{ConnectOptions, postgres::PgConnectOptions};

use super::directory::Directory;

/// The servers beneath the suite.
pub struct Backends {
    postgres: Option<(PostgresOptions, Postgres)>,
    nats: Option<(NatsOptions, Nats)>,
    /// URL of the database server.
    pub postgres_url: SecretString,
    /// The same for processes that the suite starts.
    local_postgres_url: SecretString,
    /// URL of the bus.
    pub nats_url: SecretString,
}

impl Backends {
    /// Starts what the environment does not name. Blocks.
    ///
    /// # Errors
    /// When a server cannot be had or started.
    pub fn start(
        directory: &Directory,
        postgres_url: Option<SecretString>,
        nats_url: Option<SecretString>,
    ) -> Result<Self> {
        let (postgres, postgres_url, local_postgres_url) = match postgres_url {
            Some(url) => (None, url.clone(), url),
            None => {
                let options = PostgresOptions::new(directory.path("postgres"));
                let server = Postgres::start(&options)?;
                let (url, local_url) = (server.url("postgres"), server.local_url("postgres"));
                (Some((options, server)), url.into(), local_url.into())
            }
        };
        let (nats, nats_url) = match nats_url {
            Some(url) => (None, url),
            None => {
                let options = NatsOptions::new(directory.path("nats"));
                let server = Nats::start(&options)?;
                let url = server.url();
                (Some((options, server)), url.into())
            }
        };
        Ok(Backends { postgres, nats, postgres_url, local_postgres_url, nats_url })
    }

    /// Starts a private server again, on its port, when it has ended by itself. Blocks.
    ///
    /// # Errors
    /// When it does not start.
    pub fn revive(&mut self) -> Result<()> {
        if let Some((options, server)) = &mut self.postgres
            && let Some(status) = server.ended()
        {
            tracing::error!(%status, "PostgreSQL ended; it is started again");
            server.restart(options)?;
        }
        if let Some((options, server)) = &mut self.nats
            && let Some(status) = server.ended()
        {
            tracing::error!(%status, "nats-server ended; it is started again");
            server.restart(options)?;
        }
        Ok(())
    }

    /// Seconds between two fsyncs of the bus; what a private server has, or the default of others.
    pub fn sync_interval_seconds(&self) -> u64 {
        self.nats.as_ref().map_or(120, |(options, _)| u64::from(options.sync_interval_seconds))
    }

    /// URL of a database on the server, for processes that the suite starts.
    ///
    /// # Errors
    /// When the server's URL is none.
    pub fn database_url(&self, database: &str) -> Result<SecretString> {
        let options = PgConnectOptions::from_str(self.local_postgres_url.expose_secret())
            .context("the URL of PostgreSQL")?;
        Ok(String::from(options.database(database).to_url_lossy()).into())
    }

    /// Makes a database when it is not there.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn create_database(&self, database: &str) -> Result<()> {
        let options = PgConnectOptions::from_str(self.local_postgres_url.expose_secret())
            .context("the URL of PostgreSQL")?;
        let url = self.database_url(options.get_database().unwrap_or("postgres"))?;
        // A server that is away is waited for; the log says so.
        let config = PgConfig { max_connections: 1, url, ..PgConfig::default() };
        let admin = gongdan_pg::connect(&config, "up").await.context("connecting to PostgreSQL")?;
        let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(database)
            .fetch_one(&admin)
            .await?;
        if !known {
            let statement = format!("CREATE DATABASE \"{}\"", database.replace('"', "\"\""));
            let created = sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&admin).await;
            created.with_context(|| format!("creating the database {database}"))?;
        }
        admin.close().await;
        Ok(())
    }

    /// Stops what was started. Blocks.
    ///
    /// # Errors
    /// When a server cannot be stopped.
    pub fn stop(self) -> Result<()> {
        let bus = self.nats.map_or(Ok(()), |(_, server)| server.stop());
        let database = self.postgres.map_or(Ok(()), |(_, server)| server.stop());
        bus.and(database)
    }
}
