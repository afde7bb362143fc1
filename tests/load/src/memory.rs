//! `idle`: resident memory of the six service processes when nothing happens.

use crate::{options::Common, output, suite::Suite};
use serde::Serialize;
use std::{collections::BTreeMap, fs, time::Duration};

#[derive(Serialize)]
struct Idle {
    resident_mb: f64,
    by_service_mb: BTreeMap<String, f64>,
}

/// Lets the suite rest for the given seconds, then reads `VmRSS` of each service.
pub(crate) async fn run(suite: &Suite, common: &Common) -> anyhow::Result<()> {
    tokio::time::sleep(Duration::from_secs(common.seconds.into())).await;
    let mut by_service_mb = BTreeMap::new();
    for (service, pid) in suite.service_processes()? {
        by_service_mb.insert(service, output::round(resident_kb(pid)? / 1024.0));
    }
    anyhow::ensure!(by_service_mb.len() == 6, "found {} of six service processes", by_service_mb.len());
    let resident_mb = output::round(by_service_mb.values().sum());
    output::print(common.output, &Idle { resident_mb, by_service_mb })
}

fn resident_kb(pid: u32) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    Ok(line.and_then(|line| line.split_whitespace().next()).unwrap_or("0").parse()?)
}
