//! What a consumer does beside applying: trying again what failed, filling gaps.

use crate::{Inbox, OwnerLog, inbox::GapRepair};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(5);
const AT_LEAST: Duration = Duration::from_millis(20);

pub(super) async fn run(
    inbox: Arc<Inbox>,
    owner: Arc<dyn OwnerLog>,
    repair: Option<GapRepair>,
    shutdown: CancellationToken,
) {
    let every = repair.map_or(EVERY, |repair| EVERY.min(repair.after / 2)).max(AT_LEAST);
    loop {
        let due = tokio::select! {
            due = once(&inbox, owner.as_ref(), repair) => due,
            () = shutdown.cancelled() => return,
        };
        let pause = match due {
            Ok(due) => due.map_or(every, |due| due.clamp(AT_LEAST, every)),
            Err(error) => {
                tracing::warn!(consumer = inbox.name(), error = %format!("{error:#}"), "the inbox was not tended");
                EVERY
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = inbox.upkeep.notified() => {}
            () = shutdown.cancelled() => return,
        }
    }
}

async fn once(
    inbox: &Inbox,
    owner: &dyn OwnerLog,
    repair: Option<GapRepair>,
) -> anyhow::Result<Option<Duration>> {
    let due = inbox.retry_due().await?;
    if let Some(repair) = repair {
        inbox.repair_gaps(owner, repair).await?;
    }
    Ok(due)
}
