//! Reminds people of the tickets that they track. As with directives, each reminder is said once, however many replicas look
//! and however late. Source: T24.

use super::each::or_passed_over;
use crate::{
    Rooms,
    consumers::system,
    store::{reminders, tickets::TicketRef},
};
use gongdan_tickets_domain::Actor;
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
            reminded += usize::from(or_passed_over(id, remind(rooms, id, &by, now).await)?);
            if rooms.shutdown.is_cancelled() {
                return Ok(reminded);
            }
        }
    }
}

async fn remind(rooms: &Rooms, id: Uuid, by: &Actor, now: Timestamp) -> anyhow::Result<bool> {
    let ticket = rooms.tickets.view(&TicketRef::Id(id)).await?.ticket()?;
    let Some(changed) = ticket.remind(by, now) else { return Ok(false) };
    Ok(rooms.tickets.save_unasked(&changed).await?)
}
