//! The processes of the services: that they are the same ones, and how large they are.

use anyhow::{Context as _, Result};
use gongdan_e2e::suite::Suite;
use std::{collections::BTreeMap, fs};

/// Complaints in a report, at the most.
const COMPLAINTS: usize = 40;

/// Process and resident megabytes of each service.
#[derive(Debug, Clone, PartialEq)]
pub struct Processes(pub BTreeMap<String, (u32, f64)>);

impl Processes {
    /// As they are now.
    pub fn of(suite: &Suite) -> Result<Self> {
        let service = |name: &String| {
            let pid = suite.service_process(name).with_context(|| format!("{name} does not run"))?;
            let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
            let kb: f64 = line.split_whitespace().next().unwrap_or("0").parse()?;
            Ok((name.clone(), (pid, kb / 1024.0)))
        };
        suite.file().services.keys().map(service).collect::<Result<_>>().map(Self)
    }

    /// Services that are not the same process any more.
    pub fn replaced(&self, later: &Self) -> Vec<String> {
        let changed =
            self.0.iter().filter(|(name, (pid, _))| later.0.get(*name).is_none_or(|(now, _)| now != pid));
        changed.map(|(name, _)| name.clone()).collect()
    }

    /// Megabytes that each service grew by; negative when it shrank.
    pub fn grown_since(&self, earlier: &Self) -> BTreeMap<String, f64> {
        let before = |name: &String| earlier.0.get(name).map_or(0.0, |(_, megabytes)| *megabytes);
        self.0.iter().map(|(name, (_, now))| (name.clone(), now - before(name))).collect()
    }

    /// All together.
    pub fn total(&self) -> f64 {
        self.0.values().map(|(_, megabytes)| megabytes).sum()
    }
}

/// Lines of the services' logs that tell of a panic or a stack that ran over.
pub fn panics(suite: &Suite) -> Result<Vec<String>> {
    lines(suite, |line| line.contains("panicked at") || line.contains("has overflowed its stack"))
}

/// Lines of the services' logs about calls that failed for no fault of their callers.
pub fn complaints(suite: &Suite) -> Result<Vec<String>> {
    let mut found =
        lines(suite, |line| line.contains("call failed") && !line.contains("CREDENTIALS_REFUSED"))?;
    found.truncate(COMPLAINTS);
    Ok(found)
}

fn lines(suite: &Suite, such: impl Fn(&str) -> bool) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for name in suite.file().services.keys() {
        let path = suite.data_dir().join("logs").join(format!("{name}.log"));
        let log = fs::read(&path).with_context(|| path.display().to_string())?;
        let log = String::from_utf8_lossy(&log);
        found.extend(log.lines().filter(|line| such(line)).map(|line| format!("{name}: {line}")));
    }
    Ok(found)
}
