//! What a running suite says about itself in `suite.json` of its data directory; of a suite elsewhere, what somebody
//! wrote there, of which only the services need to be named.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use rustix::fs::FlockOperation;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};

/// The file's name.
pub const FILE: &str = "suite.json";

/// The file that a supervisor holds locked as long as it lives.
pub const LOCK: &str = "lock";

/// A running suite.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Suite {
    /// Service name to where it listens.
    pub services: BTreeMap<String, Endpoints>,
    /// The database server, with user and password.
    #[serde(default, serialize_with = "exposed")]
    pub postgres_url: SecretString,
    /// The bus, with user and password.
    #[serde(default, serialize_with = "exposed")]
    pub nats_url: SecretString,
    /// File with the token of the administrator.
    #[serde(default)]
    pub token_file: PathBuf,
    /// First token of its subjects on the bus, and prefix of its databases.
    #[serde(default)]
    pub name: String,
    /// Process id of the supervisor.
    #[serde(default)]
    pub pid: u32,
}

/// Where a service listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// For gRPC.
    pub grpc: String,
    /// For `/metrics`, `/healthz` and `/readyz`.
    #[serde(default)]
    pub metrics: String,
}

impl Suite {
    /// The suite that runs on a data directory.
    ///
    /// # Errors
    /// When none runs there.
    pub fn read(data_dir: &Path) -> Result<Suite> {
        let file = data_dir.join(FILE);
        match fs::read(&file) {
            // The file of a supervisor that was killed is still there; its lock is not.
            Ok(bytes) if is_supervised(data_dir) => {
                serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", file.display()))
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("reading {}", file.display()))
            }
            _ => bail!(
                "no suite runs on {}: start one with `gongdan up`, or name another with --data-dir",
                data_dir.display()
            ),
        }
    }

    /// What may be shown of it: without the passwords of its servers.
    ///
    /// # Errors
    /// None is known.
    pub fn shown(&self) -> Result<serde_json::Value> {
        let redacted = |url: &SecretString| gongdan_secret::redacted(url.expose_secret()).into();
        let shown = Suite {
            postgres_url: redacted(&self.postgres_url),
            nats_url: redacted(&self.nats_url),
            ..self.clone()
        };
        Ok(serde_json::to_value(shown)?)
    }

    /// Where a service listens.
    ///
    /// # Errors
    /// When the suite has no such service.
    pub fn endpoints(&self, service: &str) -> Result<&Endpoints> {
        self.services.get(service).with_context(|| format!("the suite has no service {service}"))
    }
}

/// For the file that only its owner may read.
fn exposed<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

/// Whether a supervisor lives on the directory. Where that cannot be told, its file is believed.
fn is_supervised(data_dir: &Path) -> bool {
    !fs::File::open(data_dir.join(LOCK))
        .is_ok_and(|lock| rustix::fs::flock(&lock, FlockOperation::NonBlockingLockShared).is_ok())
}
