//! Starting and stopping one server process.

use std::{
    fs,
    io::{self, Read, Seek, SeekFrom},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::{record::Record, watchdog::Watchdog};

/// How often a starting or stopping process is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// A running server with its record, its log and its watchdog.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    watchdog: Option<Watchdog>,
    record: PathBuf,
    log: PathBuf,
}

impl Server {
    /// Starts `command` in a process group of its own, so that Ctrl-C in a terminal reaches only us, with its output in
    /// `log`; the log of the run before is kept beside it.
    pub(crate) fn start(
        mut command: Command,
        record: PathBuf,
        log: PathBuf,
        signal: &str,
        remove: Option<(&Path, &Path)>,
    ) -> Result<Server> {
        if log.exists() {
            fs::rename(&log, log.with_extension("log.1"))?;
        }
        let output = fs::File::create(&log).with_context(|| format!("writing {}", log.display()))?;
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("starting {}", command.get_program().display()))?;
        let watchdog = Some(Watchdog::over(child.id(), signal, remove)?);
        // Without it a later run cannot stop what a killed one leaves behind; the watchdog still does.
        if let Err(error) = Record::write(&record, child.id()) {
            tracing::debug!(error = format!("{error:#}"), "no process record");
        }
        Ok(Server { child, watchdog, record, log })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `ready`; fails with the end of the log when the server ends or takes longer than `patience`.
    pub(crate) fn wait_until(&mut self, patience: Duration, ready: impl Fn(u32) -> bool) -> Result<()> {
        let until = Instant::now() + patience;
        while !ready(self.pid()) {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status}: {}", self.last_words());
            }
            if Instant::now() >= until {
                bail!("the server was not ready after {} s: {}", patience.as_secs(), self.last_words());
            }
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Stops it with each signal in turn, waiting `patience` after each, then with SIGKILL.
    pub(crate) fn stop(&mut self, signals: &[Signal], patience: Duration) -> Result<()> {
        let stopped = signals.iter().any(|signal| {
            self.signal(*signal);
            self.ends_within(patience)
        });
        if !stopped {
            self.child.kill()?;
            self.child.wait()?;
        }
        if let Some(watchdog) = self.watchdog.take() {
            watchdog.dismiss();
        }
        match fs::remove_file(&self.record) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn signal(&mut self, signal: Signal) {
        if self.ended().is_none()
            && let Some(pid) = i32::try_from(self.pid()).ok().and_then(Pid::from_raw)
            && let Err(error) = kill_process(pid, signal)
        {
            tracing::warn!(%error, pid = self.pid(), "could not signal a server");
        }
    }

    fn ends_within(&mut self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        while self.ended().is_none() {
            if Instant::now() >= until {
                return false;
            }
            std::thread::sleep(LOOK);
        }
        true
    }

    fn last_words(&self) -> String {
        let read = || -> io::Result<String> {
            let mut file = fs::File::open(&self.log)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(1500)))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
        };
        read().ok().filter(|words| !words.is_empty()).unwrap_or_else(|| format!("see {}", self.log.display()))
    }
}
