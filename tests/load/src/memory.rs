//! `idle`: resident memory of the six service processes when nothing happens.

use crate::{options::Common, output, suite::Suite};
use anyhow::Context as _;
use serde::Serialize;
use std::{collections::BTreeMap, fs, time::Duration};

#[derive(Serialize)]
struct Idle {
    /// The sum of what each process has resident: the program file, which all six share, counts six times.
    resident_mb: f64,
    /// What they have resident together: a page that several of them share counts once.
    resident_together_mb: f64,
    /// What no other process shares.
    private_mb: f64,
    by_service_mb: BTreeMap<String, f64>,
}

/// Of one process, in kB.
struct Memory {
    resident: f64,
    /// A page that so many processes map counts as that part of it for each.
    proportional: f64,
    private: f64,
}

/// Lets the suite rest for the given seconds, then reads what each service has in memory.
pub(crate) async fn run(suite: &Suite, common: &Common) -> anyhow::Result<()> {
    tokio::time::sleep(Duration::from_secs(common.seconds.into())).await;
    let mut processes = BTreeMap::new();
    for (service, pid) in suite.service_processes()? {
        let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
        processes.insert(service, parse(&text).context("smaps_rollup is not what it was")?);
    }
    anyhow::ensure!(processes.len() == 6, "found {} of six service processes", processes.len());
    let sum = |of: fn(&Memory) -> f64| output::round(processes.values().map(of).sum::<f64>() / 1024.0);
    output::print(
        common.output,
        &Idle {
            resident_mb: sum(|memory| memory.resident),
            resident_together_mb: sum(|memory| memory.proportional),
            private_mb: sum(|memory| memory.private),
            by_service_mb: processes
                .iter()
                .map(|(service, memory)| (service.clone(), output::round(memory.resident / 1024.0)))
                .collect(),
        },
    )
}

/// What a process has resident.
pub(crate) fn resident_mb(pid: u32) -> anyhow::Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let memory = parse(&text).context("smaps_rollup is not what it was")?;
    Ok(output::round(memory.resident / 1024.0))
}

fn parse(text: &str) -> Option<Memory> {
    let kb = |key: &str| -> Option<f64> {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse().ok()
    };
    Some(Memory {
        resident: kb("Rss")?,
        proportional: kb("Pss")?,
        private: kb("Private_Clean")? + kb("Private_Dirty")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_adds_up_is_read() {
        let text = "55ed-7ffc ---p 00000000 00:00 0 [rollup]\nRss: 2048 kB\nPss: 1024 kB\nPss_Dirty: 7 kB\n\
                    Private_Clean: 1 kB\nPrivate_Dirty: 511 kB\n";
        let memory = parse(text).unwrap();
        assert_eq!((memory.resident, memory.proportional, memory.private), (2048.0, 1024.0, 512.0));
        assert!(parse("Rss: 2048 kB\n").is_none());
    }
}
