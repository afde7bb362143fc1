//! What reporting has counted, to know when it has counted all.

use anyhow::Result;
use gongdan_proto::reporting::v1::{
    Dimension, GetReportRequest, Measures, report_service_client::ReportServiceClient,
};

use super::{
    desks::{call, until},
    story::End,
};
use crate::cli::Context;

/// The totals as reporting has them now.
///
/// # Errors
/// When reporting refuses.
pub async fn now(context: &Context) -> Result<Measures> {
    let request = GetReportRequest { dimension: Dimension::Month.into(), ..GetReportRequest::default() };
    let client = ReportServiceClient::new(context.channel("reporting")?);
    let report = call(client, async |client| client.get_report(request.clone()).await).await?;
    Ok(report.total.unwrap_or_default())
}

/// Waits until reporting has counted these stories on top of what there was before.
///
/// # Errors
/// When it has not within a minute.
pub async fn wait(context: &Context, before: Measures, ends: &[End]) -> Result<()> {
    let received = i64::try_from(ends.len())?;
    let (cancelled, resolved, callbacks) =
        ends.iter().fold((0, 0, 0), |(cancelled, resolved, callbacks), end| {
            (cancelled + end.cancelled, resolved + end.resolved, callbacks + end.callbacks)
        });
    until("reporting has counted everything", async || {
        let now = now(context).await?;
        let all = now.received >= before.received + received
            && now.cancelled >= before.cancelled + cancelled
            && now.resolved >= before.resolved + resolved
            && now.timed >= before.timed + resolved
            && now.callbacks >= before.callbacks + callbacks;
        Ok(all.then_some(()))
    })
    .await
}
