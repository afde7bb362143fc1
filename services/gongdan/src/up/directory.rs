//! The data directory of a suite, and the lock that keeps it to one supervisor.

use std::{
    fs::{self, File},
    io::ErrorKind,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use gongdan_embedded::write_private;
use rustix::fs::FlockOperation;

use crate::cli::suite::{self, Suite};

/// The data directory, locked for as long as this lives. Nobody else may look into it: it holds keys and tokens.
pub struct Directory {
    root: PathBuf,
    _lock: File,
}

impl Directory {
    /// Makes the directory when it is not there, and locks it.
    ///
    /// # Errors
    /// When another `gongdan up` runs on it, or it cannot be used.
    pub fn open(path: &Path) -> Result<Directory> {
        // PostgreSQL's own account must be able to pass through when we are root; nobody needs to look around.
        let mode = if rustix::process::geteuid().is_root() { 0o711 } else { 0o700 };
        let made = fs::DirBuilder::new().recursive(true).mode(mode).create(path);
        made.with_context(|| format!("making the data directory {}", path.display()))?;
        let root = fs::canonicalize(path).with_context(|| format!("finding {}", path.display()))?;
        let lock =
            File::create(root.join(suite::LOCK)).with_context(|| format!("writing to {}", root.display()))?;
        match take(&lock) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => bail!(
                "a suite already runs on {}: stop it first, or name another directory with --data-dir",
                root.display()
            ),
            Err(error) => return Err(error).context("locking the data directory"),
        }
        let directory = Directory { root, _lock: lock };
        directory.remove_suite()?;
        for name in ["config", "issuer", "logs", "nats", "run", "tokens"] {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(directory.root.join(name))?;
        }
        Ok(directory)
    }

    /// A path below it.
    pub fn path(&self, below: impl AsRef<Path>) -> PathBuf {
        self.root.join(below)
    }

    /// The configuration file of a service.
    pub fn config(&self, service: &str) -> PathBuf {
        self.root.join("config").join(format!("{service}.toml"))
    }

    /// The log of a service.
    pub fn log(&self, service: &str) -> PathBuf {
        self.root.join("logs").join(format!("{service}.log"))
    }

    /// The record of a service's process.
    pub fn process(&self, service: &str) -> PathBuf {
        self.root.join("run").join(format!("{service}.json"))
    }

    /// The token of a service.
    pub fn token(&self, service: &str) -> PathBuf {
        self.root.join("tokens").join(service)
    }

    /// The token of the administrator.
    pub fn admin_token(&self) -> PathBuf {
        self.root.join("admin.token")
    }

    /// Says to clients that the suite runs.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_suite(&self, suite: &Suite) -> Result<()> {
        write_private(&self.root.join(suite::FILE), &serde_json::to_vec_pretty(suite)?)
    }

    /// Says to clients that no suite runs.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove_suite(&self) -> Result<()> {
        match fs::remove_file(self.root.join(suite::FILE)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error).context("removing suite.json"),
            _ => Ok(()),
        }
    }
}

/// Tries for a moment: a client that looks whether a supervisor lives holds the lock that long.
fn take(lock: &File) -> rustix::io::Result<()> {
    for _ in 0..20 {
        match rustix::fs::flock(lock, FlockOperation::NonBlockingLockExclusive) {
            Err(rustix::io::Errno::WOULDBLOCK) => std::thread::sleep(Duration::from_millis(20)),
            other => return other,
        }
    }
    Err(rustix::io::Errno::WOULDBLOCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_for_one_supervisor() {
        let dir = tempfile::tempdir().unwrap();
        let first = Directory::open(&dir.path().join("suite")).unwrap();
        let second = Directory::open(&dir.path().join("suite")).err().unwrap();
        assert!(second.to_string().contains("already runs"), "{second}");
        drop(first);
        Directory::open(&dir.path().join("suite")).unwrap();
    }
}
