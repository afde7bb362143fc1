//! Ends a server when the process that started it dies, also by SIGKILL.

use std::{
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result};

/// A shell that waits on a pipe from this process. The pipe closes when this process ends, however it ends; the shell
/// then sends the server one signal after the other, half a minute apart, kills it if it is still there, and removes the
/// directory of a server that was not to outlive its process.
#[derive(Debug)]
pub struct Watchdog(Child);

const SCRIPT: &str = r#"
trap '' HUP INT TERM
cat >/dev/null
for signal in $2 KILL; do
  kill -s "$signal" "$1" 2>/dev/null || break
  tries=0
  while [ "$tries" -lt 300 ] && kill -0 "$1" 2>/dev/null; do sleep 0.1; tries=$((tries + 1)); done
done
if [ -n "$3" ]; then rm -rf -- "$3" "$4"; fi
"#;

impl Watchdog {
    /// Watches over `pid`: when this process dies, `signals` (for example `INT QUIT`) are sent to it. `remove` names up to two
    /// directories to be deleted then.
    ///
    /// # Errors
    /// When no shell can be started.
    pub fn over(pid: u32, signals: &str, remove: Option<(&Path, &Path)>) -> Result<Watchdog> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "gongdan-watchdog", &pid.to_string(), signals]);
        match remove {
            Some((first, second)) => command.arg(first).arg(second),
            None => command.args(["", ""]),
        };
        command
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map(Watchdog)
            .context("starting /bin/sh as a watchdog")
    }

    /// Calls the watchdog off: the server has been stopped.
    pub fn dismiss(mut self) {
        if let Err(error) = self.0.kill().and_then(|()| self.0.wait()) {
            tracing::warn!(%error, "could not call off a watchdog");
        }
    }
}
