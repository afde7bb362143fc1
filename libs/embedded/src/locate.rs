//! Finds the servers a machine already has.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use crate::account::{self, Account};

/// The oldest PostgreSQL that will do.
pub(crate) const OLDEST_POSTGRES: u32 = 15;
/// The oldest nats-server that will do.
pub(crate) const OLDEST_NATS: (u32, u32) = (2, 10);

/// Whether the environment asks for the pinned servers: `GONGDAN_PINNED_SERVERS` is set and not empty.
pub(crate) fn pinned_wanted() -> bool {
    std::env::var_os("GONGDAN_PINNED_SERVERS").is_some_and(|value| !value.is_empty())
}

/// A PostgreSQL installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PostgresPrograms {
    pub(crate) bin: PathBuf,
    pub(crate) major: u32,
}

/// The newest usable PostgreSQL on the PATH or where Debian keeps its own; with `major`, only of that version, because a
/// data directory can be read by no other.
pub(crate) fn postgres(account: Option<&Account>, major: Option<u32>) -> Option<PostgresPrograms> {
    let mut found: Vec<PostgresPrograms> = path_dirs()
        .into_iter()
        .chain(children(Path::new("/usr/lib/postgresql")).into_iter().map(|version| version.join("bin")))
        .chain(
            children(Path::new("/usr"))
                .into_iter()
                .filter(|d| is_versioned(d, "pgsql-"))
                .map(|d| d.join("bin")),
        )
        .filter_map(|dir| postgres_in(&dir, account))
        .filter(|p| p.major >= OLDEST_POSTGRES && major.is_none_or(|wanted| wanted == p.major))
        .collect();
    found.sort_by_key(|p| std::cmp::Reverse(p.major));
    found.into_iter().next()
}

/// The PostgreSQL in `dir`, when the account can run it.
pub(crate) fn postgres_in(dir: &Path, account: Option<&Account>) -> Option<PostgresPrograms> {
    let server = fs::canonicalize(dir.join("postgres")).ok()?;
    let bin = server.parent()?.to_path_buf();
    if !bin.join("initdb").is_file() {
        return None;
    }
    let version = version_of(&server, account)?;
    let major = parse_version(&version)?.0;
    Some(PostgresPrograms { bin, major })
}

/// The nats-server on the PATH, when it is new enough.
pub(crate) fn nats() -> Option<PathBuf> {
    path_dirs().into_iter().find_map(|dir| nats_at(&dir.join("nats-server")))
}

/// The nats-server at `path`, when it runs and is new enough.
pub(crate) fn nats_at(path: &Path) -> Option<PathBuf> {
    let path = fs::canonicalize(path).ok()?;
    let version = parse_version(&version_of(&path, None)?)?;
    (version >= OLDEST_NATS).then_some(path)
}

fn version_of(program: &Path, account: Option<&Account>) -> Option<String> {
    let output = account::command(program, account).arg("--version").stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Major and minor from `postgres (PostgreSQL) 15.18 (Debian …)` or `nats-server: v2.15.1`.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    text.split_whitespace().find_map(|word| {
        let mut numbers = word.trim_start_matches('v').split(|c: char| !c.is_ascii_digit());
        let major = numbers.next()?.parse().ok()?;
        Some((major, numbers.next().and_then(|minor| minor.parse().ok()).unwrap_or(0)))
    })
}

fn path_dirs() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

fn children(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).map(|entries| entries.flatten().map(|e| e.path()).collect()).unwrap_or_default()
}

fn is_versioned(dir: &Path, prefix: &str) -> bool {
    dir.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_the_programs_print_them() {
        for (text, version) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some((15, 18))),
            ("postgres (PostgreSQL) 18beta1", Some((18, 0))),
            ("nats-server: v2.15.1\n", Some((2, 15))),
            ("nats-server: v2.9.10", Some((2, 9))),
            ("nothing here", None),
        ] {
            assert_eq!(parse_version(text), version, "{text}");
        }
    }
}
