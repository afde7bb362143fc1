//! What is written down about a started process, so that a later run can tell it from a stranger with the same id.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

/// Which process: the id alone is reused by the system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Process id.
    pub pid: u32,
    /// When it was started, as the system counts it; of one boot only.
    pub started: String,
    /// The program it runs.
    pub executable: PathBuf,
}

impl Identity {
    /// The process with this id, or `None` when there is none or it has ended.
    #[must_use]
    pub fn of(pid: u32) -> Option<Identity> {
        system::identity(pid)
    }

    /// Whether exactly this process still runs.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        Identity::of(self.pid).as_ref() == Some(self)
    }

    fn signal(&self, signal: Signal) {
        if self.is_alive()
            && let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw)
            && let Err(error) = kill_process(pid, signal)
        {
            tracing::warn!(pid = self.pid, %error, "could not signal a process of an earlier run");
        }
    }

    fn gone_within(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        while self.is_alive() {
            if Instant::now() >= until {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        true
    }
}

/// A process as a file in the data directory remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Which process.
    #[serde(flatten)]
    pub process: Identity,
}

impl Record {
    /// Writes down that `pid` was started; `file` lies in a directory of ours.
    ///
    /// # Errors
    /// When the process is gone already, or the file cannot be written.
    pub fn write(file: &Path, pid: u32) -> Result<()> {
        let process =
            Identity::of(pid).with_context(|| format!("process {pid} ended as soon as it was started"))?;
        let partial = file.with_extension("partial");
        fs::write(&partial, serde_json::to_vec(&Record { process })?)?;
        fs::rename(&partial, file).with_context(|| format!("writing {}", file.display()))
    }

    /// Reads a record; `None` when there is none or it was cut short.
    #[must_use]
    pub fn read(file: &Path) -> Option<Record> {
        serde_json::from_slice(&fs::read(file).ok()?).ok()
    }
}

/// Stops the process that an earlier run wrote down in `file`, when it still runs and still is that program: first with
/// each of `signals` in turn, waiting `patience` after each, then with SIGKILL. Removes the record. Answers whether there
/// was something to stop.
///
/// # Errors
/// When the process survives SIGKILL, which only one of another user does.
pub fn stop_leftover(file: &Path, signals: &[Signal], patience: Duration) -> Result<bool> {
    let Some(record) = Record::read(file) else {
        return Ok(false);
    };
    let process = record.process;
    let found = process.is_alive();
    if found {
        tracing::info!(pid = process.pid, program = %process.executable.display(), "stopping what an earlier run left behind");
        let stopped = signals.iter().any(|signal| {
            process.signal(*signal);
            process.gone_within(patience)
        });
        if !stopped {
            process.signal(Signal::KILL);
            anyhow::ensure!(
                process.gone_within(patience),
                "process {} ({}) of an earlier run cannot be stopped",
                process.pid,
                process.executable.display()
            );
        }
    }
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).context("removing a process record")
        }
        _ => Ok(found),
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::{fs, io, path::PathBuf};

    use super::Identity;

    pub(super) fn identity(pid: u32) -> Option<Identity> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The program's name, in brackets, may hold spaces; the fields after it do not.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        if matches!(fields.next()?, "Z" | "X") {
            return None;
        }
        let started = fields.nth(18)?;
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        // Of a process of another account only the tracing capability shows the link; its command line anybody may read.
        let path = fs::read_link(format!("/proc/{pid}/exe"))
            .map(|link| link.to_string_lossy().into_owned())
            .or_else(|_| first_word(&fs::read(format!("/proc/{pid}/cmdline"))?))
            .ok()?;
        let executable = PathBuf::from(path.strip_suffix(" (deleted)").unwrap_or(&path));
        Some(Identity { pid, started: format!("{}:{started}", boot.trim()), executable })
    }

    fn first_word(command_line: &[u8]) -> io::Result<String> {
        match command_line.split(|byte| *byte == 0).next() {
            Some(word) if !word.is_empty() => Ok(String::from_utf8_lossy(word).into_owned()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::{path::PathBuf, process::Command};

    use super::Identity;

    pub(super) fn identity(pid: u32) -> Option<Identity> {
        let ask = |what: &str| {
            let output = Command::new("ps").args(["-o", what, "-p", &pid.to_string()]).output().ok()?;
            let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            (output.status.success() && !text.is_empty()).then_some(text)
        };
        if ask("stat=")?.starts_with('Z') {
            return None;
        }
        Some(Identity { pid, started: ask("lstart=")?, executable: PathBuf::from(ask("comm=")?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_known_and_a_different_start_is_a_different_process() {
        let me = Identity::of(std::process::id()).unwrap();
        assert!(me.is_alive());
        let other = Identity { started: "another boot:1".into(), ..me };
        assert!(!other.is_alive());
    }

    #[test]
    fn a_stranger_with_a_recorded_id_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("process.json");
        let me = Identity::of(std::process::id()).unwrap();
        let stranger = Record { process: Identity { executable: "/usr/bin/somebody-else".into(), ..me } };
        fs::write(&file, serde_json::to_vec(&stranger).unwrap()).unwrap();
        assert!(!stop_leftover(&file, &[Signal::TERM], Duration::from_secs(1)).unwrap());
        assert!(!file.exists());
    }
}
