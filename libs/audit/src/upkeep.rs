//! What the log needs beside its writer: partitions ahead of time, months dropped by age, its end told to the outside.

use crate::{call::Said, caller::Caller, entry::Entry, store, writer::Inner};
use gongdan_errors::Code;
use gongdan_proto::common::v1::{AuditLevel, AuditStage};
use jiff::{SignedDuration, Span, civil::Date, tz::TimeZone};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const EVERY: SignedDuration = SignedDuration::from_hours(1);

/// Does it at once and then every hour, and tells the end of the chain in between; a failure is logged and tried again.
/// Replicas may run it side by side.
pub(crate) async fn run(audit: &Arc<Inner>, shutdown: CancellationToken) {
    let head = async {
        let mut told = None;
        loop {
            tokio::time::sleep(audit.config.head_interval).await;
            tell_head(audit, &mut told).await;
        }
    };
    let hourly = async {
        loop {
            let now = audit.clock.now();
            if let Err(error) = partitions(audit).await {
                tracing::warn!(%error, "audit: partitions were not made");
            }
            if let Err(error) = forget(audit).await {
                tracing::warn!(%error, "audit: old months were not dropped");
            }
            audit.clock.sleep_until(now.saturating_add(EVERY).unwrap_or(now)).await;
        }
    };
    tokio::select! {
        () = head => {}
        () = hourly => {}
        () = shutdown.cancelled() => tell_head(audit, &mut None).await,
    }
}

/// This month and the two to come.
async fn partitions(audit: &Inner) -> Result<(), sqlx::Error> {
    let today = store::now(&audit.pool).await?.to_zoned(TimeZone::UTC).date();
    for ahead in 0..=2_i32 {
        let Ok(day) = today.first_of_month().checked_add(Span::new().months(ahead)) else { continue };
        if store::ensure_partition(&audit.pool, day).await? {
            tracing::info!(month = %day, "audit: partition made");
        }
    }
    Ok(())
}

/// Drops what is older than it must be kept, and leaves an entry that says so.
async fn forget(audit: &Arc<Inner>) -> Result<(), sqlx::Error> {
    let today = audit.clock.now().to_zoned(TimeZone::UTC).date();
    let until = today.checked_sub(Span::new().days(audit.config.keep_days)).unwrap_or(Date::MIN);
    let Some((forgotten, last)) = store::forget(&audit.pool, until).await? else { return Ok(()) };
    let hash = hex(&last.hash);
    tracing::info!(forgotten, number = last.number, hash, "audit: old months dropped");
    let facts = [
        ("before", until.to_string()),
        ("forgotten", forgotten.to_string()),
        ("last_number", last.number.to_string()),
        ("last_hash", hash),
    ];
    audit.send(Entry {
        at: audit.clock.now(),
        method: "job/forget".into(),
        action: "audit.forget",
        level: AuditLevel::Change,
        stage: AuditStage::Call,
        peer: None,
        trace_id: String::new(),
        code: Code::Ok,
        reason: String::new(),
        messages: 0,
        said: Said {
            caller: Some(Caller::service(audit.service)),
            facts: facts.into_iter().map(|(name, value)| (name, value.into())).collect(),
            ..Said::default()
        },
    });
    Ok(())
}

/// A log line with the end of the chain: whoever keeps logs elsewhere can prove later that nothing up to it was changed.
async fn tell_head(audit: &Inner, told: &mut Option<i64>) {
    match store::head(&audit.pool).await {
        Ok(head) if *told == Some(head.number) => {}
        Ok(head) => {
            *told = Some(head.number);
            tracing::info!(number = head.number, hash = hex(&head.hash), "audit: the end of the chain");
        }
        Err(error) => tracing::warn!(%error, "audit: the end of the chain cannot be read"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
