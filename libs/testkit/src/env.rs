//! What one test has for itself.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use gongdan_auth::LocalIssuer;
use gongdan_bus::{Bus, BusConfig};
use gongdan_clock::{SharedClock, SystemClock};
use gongdan_pg::{PgConfig, Schema};
use gongdan_runtime::Sources;
use serde::de::DeserializeOwned;
use sqlx::PgPool;
use toml::Table;

use crate::{
    database,
    principals::{ADMIN_ROLES, PrincipalSpec, SERVICES},
    servers::Servers,
};

const TOKEN_TTL: Duration = Duration::from_secs(3600);
/// How long the service under test keeps what it read of a principal.
const PRINCIPAL_TTL: Duration = Duration::from_millis(50);

/// A database, a bus root and an issuer of one test's own. Gone when dropped.
pub struct Env {
    shared: Arc<Shared>,
    database: String,
    pool: PgPool,
    versions: Mutex<HashMap<String, i64>>,
}

/// What services that are tested together share.
struct Shared {
    servers: &'static Servers,
    root: String,
    bus: Bus,
    issuer: LocalIssuer,
    dir: tempfile::TempDir,
}

impl Env {
    /// For a service with this schema. The principals `admin`, with all roles of staff and the right `sensitive`, and `service.<name>` of the six
    /// services are there.
    ///
    /// # Panics
    /// When servers do not start or migrations fail.
    pub async fn start(schema: Schema) -> Env {
        let servers = Servers::get().await;
        let root = unique();
        let bus = Bus::connect(&BusConfig::at(&servers.nats, &root), "test").await.expect("the bus");
        let dir = tempfile::tempdir().expect("a directory");
        let issuer = LocalIssuer::create_or_load(&dir.path().join("issuer"), clock()).expect("an issuer");
        for name in SERVICES {
            let token = issuer.mint_service(name).expect("a token");
            gongdan_secret::write(&dir.path().join(format!("{name}.token")), token.as_bytes())
                .expect("a token file");
        }
        Self::with(Arc::new(Shared { servers, root, bus, issuer, dir }), schema).await
    }

    /// For another service beside this one: same bus and issuer, another database.
    ///
    /// # Panics
    /// As [`Env::start`].
    pub async fn beside(&self, schema: Schema) -> Env {
        Self::with(Arc::clone(&self.shared), schema).await
    }

    async fn with(shared: Arc<Shared>, schema: Schema) -> Env {
        let database = unique();
        database::clone(shared.servers, &schema, &database).await;
        let url = shared.servers.database(&database);
        let pool = gongdan_pg::connect(&PgConfig::at(url), "test").await.expect("a pool");
        let env = Env { shared, database, pool, versions: Mutex::default() };
        for name in SERVICES {
            env.principal(PrincipalSpec::service(name)).await;
        }
        let admin = ADMIN_ROLES.iter().fold(PrincipalSpec::new("admin"), |admin, role| admin.role(role));
        let admin = admin.right("sensitive");
        env.principal(admin).await;
        env
    }

    /// Connections to the test's database.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// URL of the test's database.
    #[must_use]
    pub fn database_url(&self) -> String {
        self.shared.servers.database(&self.database)
    }

    /// URL of the bus, shared with other tests under other roots.
    #[must_use]
    pub fn nats_url(&self) -> &str {
        &self.shared.servers.nats
    }

    /// The bus under this test's root.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.shared.bus
    }

    /// The issuer whose tokens the service accepts.
    #[must_use]
    pub fn issuer(&self) -> &LocalIssuer {
        &self.shared.issuer
    }

    /// The system's time.
    #[must_use]
    pub fn clock(&self) -> SharedClock {
        clock()
    }

    /// A directory of the test's own.
    #[must_use]
    pub fn dir(&self) -> &std::path::Path {
        self.shared.dir.path()
    }

    /// Writes a principal into the service's projection, newer than what was there; answers its token.
    ///
    /// One that changes is known to the service as it is now when this returns: what the service kept of the one before
    /// has run out.
    ///
    /// # Panics
    /// When the database refuses.
    pub async fn principal(&self, spec: PrincipalSpec) -> String {
        let mut principal = spec.0;
        principal.version = {
            let mut versions = self.versions.lock().expect("no test panicked in here");
            let version = versions.entry(principal.id.clone()).or_insert(0);
            *version += 1;
            *version
        };
        let mut conn = self.pool.acquire().await.expect("a connection");
        gongdan_auth::upsert(&mut conn, std::slice::from_ref(&principal)).await.expect("the principal");
        if principal.version > 1 {
            tokio::time::sleep(PRINCIPAL_TTL + Duration::from_millis(10)).await;
        }
        self.token(&principal.id)
    }

    /// Until the service's event log shows all that is committed: a transaction of another test holds it back for a moment.
    ///
    /// # Panics
    /// When that does not come to pass, or the database refuses.
    pub async fn log_settled(&self) {
        crate::eventually("the log shows what is committed", async || {
            let settled =
                "SELECT coalesce(max(txid) < pg_snapshot_xmin(pg_current_snapshot()), true) FROM events";
            sqlx::query_scalar::<_, bool>(settled).fetch_one(&self.pool).await.expect("the log")
        })
        .await;
    }

    /// A token for a principal.
    ///
    /// # Panics
    /// When signing fails.
    #[must_use]
    pub fn token(&self, principal: &str) -> String {
        self.shared.issuer.mint(principal, TOKEN_TTL).expect("a token")
    }

    /// A service's configuration for this environment: its defaults, then database, bus and issuer.
    ///
    /// # Panics
    /// When a key is unknown or a value wrong.
    #[must_use]
    pub fn config<C: DeserializeOwned>(&self, defaults: &str) -> C {
        self.config_with(defaults, "")
    }

    /// As [`Env::config`], with `overrides` in TOML over it.
    ///
    /// # Panics
    /// When a key is unknown or a value wrong.
    #[must_use]
    pub fn config_with<C: DeserializeOwned>(&self, defaults: &str, overrides: &str) -> C {
        let mut table = self.own_settings();
        merge(&mut table, overrides.parse().expect("TOML"));
        let sources = Sources { defaults, file: None, env: Vec::new(), overrides: table };
        sources.load("test").unwrap_or_else(|error| panic!("the configuration: {error}"))
    }

    /// File with the token of a service, for `peers.token_file`.
    #[must_use]
    pub fn token_file(&self, service: &str) -> PathBuf {
        self.shared.dir.path().join(format!("{service}.token"))
    }

    fn own_settings(&self) -> Table {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let issuer = &self.shared.issuer;
        format!(
            "[server]\ndrain = \"5s\"\n\
             [postgres]\nurl = {}\nmax_connections = 5\n\
             [bus]\nurl = {}\nroot = {}\n\
             [auth]\nissuers = [{{ issuer = {}, jwks_file = {} }}]\naudience = {}\nprincipal_ttl = \"{}ms\"\n",
            quoted(&self.database_url()),
            quoted(self.nats_url()),
            quoted(&self.shared.root),
            quoted(LocalIssuer::ISSUER),
            quoted(&issuer.jwks_file().to_string_lossy()),
            quoted(LocalIssuer::AUDIENCE),
            PRINCIPAL_TTL.as_millis(),
        )
        .parse()
        .expect("TOML")
    }
}

impl Drop for Env {
    /// Removes the test's database from a server that lives on.
    fn drop(&mut self) {
        let (servers, database) = (self.shared.servers, self.database.clone());
        if !servers.private {
            apart(async move { database::drop(servers, &database).await });
        }
    }
}

impl Drop for Shared {
    /// Deletes the test's streams.
    fn drop(&mut self) {
        let config = BusConfig::at(&self.servers.nats, &self.root);
        apart(async move {
            let connecting = tokio::time::timeout(Duration::from_secs(5), Bus::connect(&config, "test-end"));
            if let Ok(Ok(bus)) = connecting.await
                && let Err(error) = bus.delete_all().await
            {
                tracing::warn!(%error, "streams of a test were not deleted");
            }
        });
    }
}

/// Does this on a thread and runtime of its own, because the test's runtime may be about to end.
fn apart(work: impl Future<Output = ()> + Send + 'static) {
    let thread = std::thread::spawn(|| {
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work);
    });
    if thread.join().is_err() {
        tracing::warn!("a test was not cleaned up");
    }
}

fn unique() -> String {
    format!("test_{:016x}", rand::random::<u64>())
}

fn clock() -> SharedClock {
    Arc::new(SystemClock)
}

fn merge(into: &mut Table, from: Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(toml::Value::Table(into)), toml::Value::Table(from)) => merge(into, from),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}
