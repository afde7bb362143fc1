//! Goes on with suspended tickets whose time is over, as of that time. Source: T16.
//!
//! What is due is in a table, so that nothing is forgotten; the ticket's version lets one of several replicas do it.

use super::each::or_passed_over;
use crate::{
    Rooms,
    consumers::system,
    store::{resumptions, tickets::TicketRef},
};
use jiff::SignedDuration;
use std::sync::Arc;
use uuid::Uuid;

const PAGE: i64 = 200;

/// Runs until the service stops.
pub(crate) async fn run(rooms: Arc<Rooms>) {
    let interval =
        SignedDuration::try_from(rooms.config.tickets.resume_interval).unwrap_or(SignedDuration::ZERO);
    loop {
        match pass(&rooms).await {
            Ok(0) => {}
            Ok(resumed) => tracing::info!(resumed, "suspended tickets go on"),
            Err(error) => {
                tracing::warn!(error = %format!("{error:#}"), "suspended tickets wait for the next look");
            }
        }
        tokio::select! {
            () = rooms.clock.sleep_until(rooms.clock.now() + interval) => {}
            () = rooms.shutdown.cancelled() => return,
        }
    }
}

/// All that are due; answers how many went on. One that cannot be resumed does not keep the others waiting.
async fn pass(rooms: &Rooms) -> anyhow::Result<usize> {
    let now = rooms.clock.now();
    let (mut after, mut resumed) = (None, 0);
    loop {
        let page = resumptions::due(&rooms.pool, now, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(resumed) };
        after = Some(*last);
        for (_, id) in page {
            resumed += usize::from(or_passed_over(id, resume(rooms, id).await)?);
            if rooms.shutdown.is_cancelled() {
                return Ok(resumed);
            }
        }
    }
}

/// False when somebody did something with it meanwhile.
async fn resume(rooms: &Rooms, id: Uuid) -> anyhow::Result<bool> {
    let ticket = rooms.tickets.view(&TicketRef::Id(id)).await?.ticket()?;
    let changed = ticket.resume_by_itself(&system("tickets")?, rooms.clock.now())?;
    Ok(rooms.tickets.save_unasked(&changed).await?)
}
