//! `export`: how long it takes to write many tickets into a file, and how much memory the service needs for it. Source:
//! T27.

use crate::{
    filled::Filled,
    memory,
    options::{Common, ExportOptions},
    output::{self, round},
    suite::Suite,
};
use anyhow::Context as _;
use gongdan_proto::tickets::v1::{ExportTicketsRequest, SheetFormat};
use serde::Serialize;
use std::time::{Duration, Instant};

/// How often the service's memory is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// The result, one JSON line.
#[derive(Serialize)]
struct Exported {
    scenario: &'static str,
    tickets: u64,
    /// Resident memory of the tickets service before.
    before_mb: f64,
    csv: Written,
    xlsx: Written,
}

#[derive(Serialize)]
struct Written {
    rows: i64,
    file_mb: f64,
    took_s: f64,
    /// The most that was resident meanwhile.
    peak_mb: f64,
}

pub(crate) async fn run(suite: &Suite, common: &Common, options: &ExportOptions) -> anyhow::Result<()> {
    let filled = Filled::open(suite, options.tickets).await?;
    let processes = suite.service_processes()?;
    let (_, pid) = processes.into_iter().find(|(service, _)| service == "tickets").context("tickets runs")?;
    let before_mb = memory::resident_mb(pid)?;
    let csv = written(suite, pid, SheetFormat::Csv).await?;
    let xlsx = written(suite, pid, SheetFormat::Xlsx).await?;
    let enough = i64::try_from(filled.tickets)?;
    anyhow::ensure!(csv.rows >= enough && xlsx.rows >= enough, "tickets are missing from the files");
    output::print(
        common.output,
        &Exported { scenario: "export", tickets: filled.tickets, before_mb, csv, xlsx },
    )
}

async fn written(suite: &Suite, pid: u32, format: SheetFormat) -> anyhow::Result<Written> {
    let mut client = suite.queues().await?;
    let began = Instant::now();
    let request = ExportTicketsRequest { format: format.into(), ..ExportTicketsRequest::default() };
    let mut stream = client.export_tickets(request).await?.into_inner();
    let (mut bytes, mut rows, mut done, mut peak_mb) = (0_usize, 0, false, 0_f64);
    let mut looks = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            _ = looks.tick() => peak_mb = peak_mb.max(memory::resident_mb(pid)?),
            piece = stream.message() => {
                let Some(piece) = piece? else { break };
                bytes += piece.chunk.len();
                (rows, done) = (piece.rows, piece.done);
            }
        }
    }
    anyhow::ensure!(done, "the file is not whole");
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let file_mb = round(bytes as f64 / 1_048_576.0);
    Ok(Written { rows, file_mb, took_s: round(began.elapsed().as_secs_f64()), peak_mb })
}
