//! Where PostgreSQL's files lie: in the directory of the suite, unless the account it runs under cannot get there.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::account::{self, Account};

/// File in the suite's directory that names the place, when it is elsewhere.
const LOCATION: &str = "postgres.location";
/// File in a place elsewhere that names the file in the suite's directory that names it.
const OWNER: &str = "owner";

/// The directory that PostgreSQL's files lie in. It is `dir/postgres` when the account can enter that. Below a
/// home directory that nobody else may enter it cannot; then the place is a directory of its own under
/// `/var/lib/gongdan`, which `dir` remembers.
pub(crate) fn of(dir: &Path, account: Option<&Account>) -> Result<PathBuf> {
    let recorded = dir.join(LOCATION);
    if let Ok(place) = fs::read_to_string(&recorded) {
        let place = PathBuf::from(place.trim());
        make(&place)?;
        // The suite's directory may have been moved since.
        fs::write(place.join(OWNER), recorded.to_string_lossy().as_bytes())?;
        return Ok(place);
    }
    let here = dir.join("postgres");
    make(&here)?;
    if can_enter(&here, account) {
        return Ok(here);
    }
    fs::remove_dir(&here).with_context(|| format!("{} is in the way", here.display()))?;
    let elsewhere = elsewhere(dir)?;
    // In this order: a place whose owner is not there counts as abandoned.
    fs::write(&recorded, elsewhere.to_string_lossy().as_bytes())?;
    fs::write(elsewhere.join(OWNER), recorded.to_string_lossy().as_bytes())?;
    tracing::info!(place = %elsewhere.display(), "PostgreSQL's account cannot enter the data directory; its files lie elsewhere");
    Ok(elsewhere)
}

/// Whether the account can enter a directory.
pub(crate) fn can_enter(dir: &Path, account: Option<&Account>) -> bool {
    account::command(Path::new("/bin/sh"), account)
        .args(["-c", "cd \"$1\"", "sh"])
        .arg(dir)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Copies a tree to where the account can read it; it gets its name only when it is whole.
pub(crate) fn copy_whole(from: &Path, to: &Path) -> Result<()> {
    let partial = to.with_file_name("programs.partial");
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    copy_tree(from, &partial)?;
    fs::rename(&partial, to).with_context(|| format!("making {}", to.display()))
}

/// Copies a tree to where the account can read it, run bits included.
fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    make(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Removes the place with all in it, and what the suite's directory remembers of it.
pub(crate) fn remove(dir: &Path, place: &Path) {
    for gone in [fs::remove_dir_all(place), fs::remove_file(dir.join(LOCATION))] {
        if let Err(error) = gone
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, place = %place.display(), "could not remove a server's files");
        }
    }
}

fn elsewhere(dir: &Path) -> Result<PathBuf> {
    let digest = hex::encode(Sha256::digest(dir.as_os_str().as_encoded_bytes()));
    let parent = ["/var/lib/gongdan", "/var/tmp/gongdan"]
        .map(Path::new)
        .into_iter()
        .find(|parent| make(parent).is_ok())
        .context("neither /var/lib/gongdan nor /var/tmp/gongdan can be made")?;
    remove_abandoned(parent);
    let place = tempfile::Builder::new().prefix(&format!("{}-", &digest[..12])).tempdir_in(parent)?.keep();
    make(&place)?;
    Ok(place)
}

/// Removes the places of suites below the directory for temporary files that are not there any more. Those of others stay:
/// a directory that is missing may be on a disk that is not mounted now.
fn remove_abandoned(parent: &Path) {
    let Ok(temporary) = fs::canonicalize(std::env::temp_dir()) else { return };
    for place in fs::read_dir(parent).into_iter().flatten().flatten().map(|entry| entry.path()) {
        let Ok(owner) = fs::read_to_string(place.join(OWNER)) else { continue };
        if Path::new(&owner).starts_with(&temporary) && !Path::new(&owner).exists() {
            fs::remove_dir_all(&place).ok();
        }
    }
}

fn make(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("opening {} for the server's account", dir.display()))
}
