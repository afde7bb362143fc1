//! Reminds people of the tickets that they track. As with directives, each reminder is said once, however many replicas look
//! and however late. Source: T24.

use crate::{
    Rooms,
    consumers::system,
    store::{reminders, tickets::TicketRef},
};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use uuid::Uuid;

const PAGE: i64 = 200;

/// Runs until the service stops.
pub(crate) async fn run(rooms: Arc<Rooms>) {
    let interval = rooms.config.supervision.interval;
    let interval = SignedDuration::try_from(interval).unwrap_or(SignedDuration::from_secs(30));
    loop {
        let now = rooms.clock.now();
        match pass(&rooms, now).await {
            Ok(0) => {}
            Ok(tickets) => tracing::debug!(tickets, "people were reminded"),
            Err(error) => {
                tracing::warn!(error = %format!("{error:#}"), "reminders wait for the next look");
            }
        }
        tokio::select! {
            () = rooms.clock.sleep_until(now + interval) => {}
            () = rooms.shutdown.cancelled() => return,
        }
    }
}

/// Looks at all that are due; says of how many tickets somebody was reminded.
async fn pass(rooms: &Rooms, now: Timestamp) -> anyhow::Result<usize> {
    let by = system("tickets")?;
    let (mut after, mut reminded) = (Uuid::nil(), 0);
    loop {
        let page = reminders::due(&rooms.pool, now, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(reminded) };
        after = *last;
        for id in page {
            let ticket = rooms.tickets.view(&TicketRef::Id(id)).await?.ticket()?;
            if let Some(changed) = ticket.remind(&by, now)
                && rooms.tickets.save_unasked(&changed).await?
            {
                reminded += 1;
            }
            if rooms.shutdown.is_cancelled() {
                return Ok(reminded);
            }
        }
    }
}
