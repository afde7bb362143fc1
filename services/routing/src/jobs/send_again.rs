//! Decisions that tickets has not answered are sent again, as a new version of the same decision. Source: DESIGN rule 14.
//!
//! It sleeps until the next one is due. Any replica may do it: rows are claimed. What was sent several times may have been
//! answered, and the answer lost: it is looked for.

use super::lost_answers::{self, SentAgain};
use crate::{Rooms, config::DecisionsConfig, consumers::tickets::Tickets, events, store};
use gongdan_errors::Error;
use jiff::SignedDuration;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Between two tries when the database is in trouble, or when others hold what is due.
const PAUSE: SignedDuration = SignedDuration::from_secs(5);

/// Runs until told to stop; trouble with the database is logged and tried again after a while.
pub async fn run(rooms: Arc<Rooms>, config: DecisionsConfig, tickets: Tickets, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let sent = send_due(&rooms, &config).await.inspect_err(|error| {
            tracing::warn!(%error, "unanswered decisions were not sent again");
        });
        let sent = match sent {
            Ok(sent) => {
                look_for_answers(&rooms, &tickets, &sent).await;
                Ok(sent.len())
            }
            Err(error) => Err(error),
        };
        if matches!(sent, Ok(sent) if sent == usize::from(config.resend_batch)) {
            continue;
        }
        // Whatever is decided from now on is due later than this.
        let now = rooms.clock.now();
        let after = |wait: SignedDuration| now.saturating_add(wait).unwrap_or(now);
        let (soonest, at_latest) = (after(PAUSE), now.saturating_add(config.resend_after).unwrap_or(now));
        let next = match (&sent, rooms.store.next_unanswered().await) {
            (Err(_), _) => soonest,
            // What is due and was not sent is held by another replica, or by tickets' answer.
            (Ok(0), Ok(Some(next))) => next.max(soonest.min(at_latest)).min(at_latest),
            (Ok(_), Ok(Some(next))) => next.max(now).min(at_latest),
            (Ok(_), Ok(None) | Err(_)) => at_latest,
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = rooms.clock.sleep_until(next) => {}
        }
    }
}

/// Whoever answers later is none the later for it.
async fn look_for_answers(rooms: &Rooms, tickets: &Tickets, sent: &[SentAgain]) {
    match lost_answers::take_in(rooms, tickets, sent).await {
        Ok(0) => {}
        Ok(taken) => tracing::info!(decisions = taken, "answers that were lost are taken in"),
        Err(error) => tracing::warn!(%error, "answers that may be lost were not looked for"),
    }
}

/// Sends one batch again; says which.
async fn send_due(rooms: &Rooms, config: &DecisionsConfig) -> Result<Vec<SentAgain>, Error> {
    let now = rooms.clock.now();
    let mut transaction = rooms.pool.begin().await.map_err(gongdan_pg::error)?;
    let due = store::unanswered_due(&mut transaction, now, i64::from(config.resend_batch)).await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let again: Vec<_> = due
        .iter()
        .map(|decision| {
            let version = decision.version + 1;
            (decision.id, version, now.saturating_add(config.wait(version)).unwrap_or(now))
        })
        .collect();
    store::send_again(&mut transaction, &again).await.map_err(gongdan_pg::error)?;
    let new_events: Vec<_> =
        due.iter().map(|decision| events::decided(decision, decision.version + 1, now)).collect();
    gongdan_outbox::append(&mut transaction, &new_events).await?;
    transaction.commit().await.map_err(gongdan_pg::error)?;
    rooms.relay.wake();
    rooms.metrics.sent_again(u64::try_from(due.len()).unwrap_or(0));
    tracing::info!(decisions = due.len(), "unanswered decisions sent again");
    let sent = |decision: store::StoredDecision| SentAgain {
        id: decision.id,
        ticket: decision.ticket_id,
        times: decision.version + 1,
    };
    Ok(due.into_iter().map(sent).collect())
}
