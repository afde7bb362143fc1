//! Waiting until reporting has counted an import, so that the report asked for next has it all.

use std::time::{Duration, Instant};

use anyhow::Result;
use gongdan_proto::reporting::v1::{
    Dimension, GetReportRequest, Measures, report_service_client::ReportServiceClient,
};

use crate::cli::{Channel, Context};

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Reporting takes events in batches: so long without a change, nothing more is on its way.
const QUIET: Duration = Duration::from_secs(5);
/// So long without a change, something stands still, and waiting on helps nobody.
const STUCK: Duration = Duration::from_secs(60);

/// What reporting had counted before an import.
pub struct Counted {
    client: ReportServiceClient<Channel>,
    before: Measures,
}

/// What an import adds.
#[derive(Debug, Default, Clone, Copy)]
pub struct Added {
    /// Tickets.
    pub received: i64,
    /// Of them with a reply.
    pub resolved: i64,
    /// Part of the file had been imported before, and may not be counted either.
    pub resumed: bool,
}

impl Counted {
    /// As it is now.
    ///
    /// # Errors
    /// When reporting does not answer.
    pub async fn now(context: &Context) -> Result<Self> {
        let mut client = ReportServiceClient::new(context.channel("reporting")?);
        let before = totals(&mut client).await?;
        Ok(Self { client, before })
    }

    /// Waits until what was added is counted, deadlines included; false when it stands still before. Tickets without a
    /// deadline are never counted as timed: when all else is there, quiet is enough.
    ///
    /// # Errors
    /// When reporting does not answer any more.
    pub async fn wait(mut self, context: &Context, added: Added) -> Result<bool> {
        let bar = context.progress(u64::try_from(added.received).ok(), context.text("counting", "统计中"));
        let (mut last, mut since) = (self.before, Instant::now());
        let done = loop {
            let now = totals(&mut self.client).await?;
            if now != last {
                (last, since) = (now, Instant::now());
            }
            bar.set_position(u64::try_from(now.received - self.before.received).unwrap_or(0));
            let there = now.received >= self.before.received + added.received
                && now.resolved >= self.before.resolved + added.resolved;
            let timed = now.timed >= self.before.timed + added.resolved;
            let quiet = since.elapsed() >= QUIET;
            if there && (quiet || timed && !added.resumed) {
                break true;
            }
            if since.elapsed() >= STUCK {
                break false;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        };
        bar.finish_and_clear();
        Ok(done)
    }
}

async fn totals(client: &mut ReportServiceClient<Channel>) -> Result<Measures> {
    let request = GetReportRequest { dimension: Dimension::Month.into(), ..GetReportRequest::default() };
    Ok(client.get_report(request).await?.into_inner().total.unwrap_or_default())
}
