//! The servers of a test process.

use std::sync::OnceLock;

use gongdan_embedded::{Nats, NatsOptions, Postgres, PostgresOptions};

/// Where the servers of this process are.
pub(crate) struct Servers {
    postgres: String,
    pub(crate) nats: String,
    /// Whether they end with this process, and all that is in them.
    pub(crate) private: bool,
    _own: Option<(Postgres, Nats)>,
}

static SERVERS: OnceLock<Servers> = OnceLock::new();

impl Servers {
    /// The servers, started when a test first asks. They are never dropped: their watchdogs stop them and remove their
    /// files when the process ends.
    pub(crate) async fn get() -> &'static Servers {
        match SERVERS.get() {
            Some(servers) => servers,
            None => {
                tokio::task::spawn_blocking(|| SERVERS.get_or_init(start)).await.expect("the servers start")
            }
        }
    }

    /// URL of a database.
    pub(crate) fn database(&self, name: &str) -> String {
        format!("{}/{name}", self.postgres)
    }
}

fn start() -> Servers {
    // Only the first test of a process gets to set this up; the others find it done.
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn")),
        )
        .with_test_writer()
        .try_init()
        .ok();
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let (Some(postgres), Some(nats)) = (named("GONGDAN_TEST_POSTGRES_URL"), named("GONGDAN_TEST_NATS_URL"))
    {
        let postgres = postgres.trim_end_matches('/').to_owned();
        return Servers { postgres, nats, private: false, _own: None };
    }
    let dir = tempfile::Builder::new()
        .prefix("gongdan-test-")
        .tempdir()
        .expect("a directory for the servers")
        .keep();
    let postgres = Postgres::start(&PostgresOptions {
        durable: false,
        ephemeral: true,
        ..PostgresOptions::new(dir.join("postgres"))
    })
    .expect("PostgreSQL starts");
    let nats = Nats::start(&NatsOptions { ephemeral: true, ..NatsOptions::new(dir.join("nats")) })
        .expect("nats-server starts");
    let url = postgres.url("");
    Servers {
        postgres: url.trim_end_matches('/').to_owned(),
        nats: nats.url(),
        private: true,
        _own: Some((postgres, nats)),
    }
}
