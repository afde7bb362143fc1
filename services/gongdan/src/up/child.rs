//! One service as a child process: started, watched, started again when it ends, stopped.

use std::{
    fs,
    io::{Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt as _,
    process::{ExitStatus, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use anyhow::{Context, Result};
use gongdan_embedded::{Record, stop_leftover};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::directory::Directory;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// One that ran this long was well; its next end is not held against it.
const WELL: Duration = Duration::from_secs(60);
/// A little more than the services take to drain, to end their background work, and to send their last spans.
const STOP_PATIENCE: Duration = Duration::from_secs(40);

/// A service that is kept running.
pub struct Keeper {
    name: &'static str,
    ends: AtomicU32,
}

impl Keeper {
    pub fn new(name: &'static str) -> Keeper {
        Keeper { name, ends: AtomicU32::new(0) }
    }

    /// The service's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How often it ended by itself so far.
    pub fn ends(&self) -> u32 {
        self.ends.load(Ordering::Relaxed)
    }

    /// Keeps the service running until told to stop; then stops it and waits for it.
    pub async fn keep(&self, directory: &Directory, shutdown: CancellationToken) {
        let mut pause = FIRST_PAUSE;
        while !shutdown.is_cancelled() {
            let began = Instant::now();
            let ended = self.run(directory, &shutdown).await;
            if shutdown.is_cancelled() {
                return;
            }
            self.ends.fetch_add(1, Ordering::Relaxed);
            if began.elapsed() >= WELL {
                pause = FIRST_PAUSE;
            }
            match ended {
                Ok(status) => {
                    tracing::error!(service = self.name, %status, again_in = ?pause, "a service ended; see its log");
                }
                Err(error) => {
                    tracing::error!(service = self.name, again_in = ?pause, "a service did not start: {error:#}");
                }
            }
            tokio::select! {
                () = sleep(pause) => {}
                () = shutdown.cancelled() => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn run(&self, directory: &Directory, shutdown: &CancellationToken) -> Result<ExitStatus> {
        let mut child = self.start(directory)?;
        // Waiting for a child closes its stdin, unless it was taken away from it.
        let _alive = child.stdin.take();
        let status = tokio::select! {
            status = child.wait() => status?,
            () = shutdown.cancelled() => stop(&mut child).await?,
        };
        fs::remove_file(directory.process(self.name)).ok();
        Ok(status)
    }

    fn start(&self, directory: &Directory) -> Result<Child> {
        let log =
            fs::OpenOptions::new().create(true).append(true).mode(0o600).open(directory.log(self.name))?;
        // Huge pages make six small processes three times as large.
        // Its stdin is a pipe that closes when this process dies, which it takes as the order to stop.
        let child = Command::new(std::env::current_exe().context("finding this program")?)
            .args(["serve", self.name, "--supervised", "--config"])
            .arg(directory.config(self.name))
            .env("NO_COLOR", "1")
            .env("MIMALLOC_ALLOW_THP", std::env::var_os("MIMALLOC_ALLOW_THP").unwrap_or_else(|| "0".into()))
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .with_context(|| format!("starting the service {}", self.name))?;
        if let Some(pid) = child.id() {
            Record::write(&directory.process(self.name), pid)?;
        }
        Ok(child)
    }
}

/// Ends what a killed supervisor left behind, and puts its log aside.
///
/// # Errors
/// When it cannot be stopped.
pub fn clear(directory: &Directory, service: &str) -> Result<()> {
    stop_leftover(&directory.process(service), &[Signal::TERM], STOP_PATIENCE)?;
    let log = directory.log(service);
    if log.exists() {
        fs::rename(&log, log.with_extension("log.1"))?;
    }
    Ok(())
}

/// The end of a service's log.
pub fn last_words(directory: &Directory, service: &str) -> String {
    let read = || -> std::io::Result<String> {
        let mut file = fs::File::open(directory.log(service))?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(2000)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    };
    read().unwrap_or_default()
}

async fn stop(child: &mut Child) -> Result<ExitStatus> {
    if let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
        kill_process(pid, Signal::TERM).ok();
    }
    match timeout(STOP_PATIENCE, child.wait()).await {
        Ok(status) => Ok(status?),
        Err(_) => {
            child.kill().await?;
            Ok(child.wait().await?)
        }
    }
}
