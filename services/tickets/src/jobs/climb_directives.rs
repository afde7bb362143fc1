//! Lateness of directives climbs: at the deadline, and twice after it. Each level of each directive is said once: the act is
//! guarded by the ticket's version, so that of several replicas one says it, and what was due while none ran is said when one
//! does. Source: T23.

use super::each::or_passed_over;
use crate::{
    Rooms,
    consumers::system,
    store::{
        directives::{self, After},
        tickets::TicketRef,
    },
};
use gongdan_tickets_domain::Actor;
use jiff::{SignedDuration, Timestamp};
use std::{collections::BTreeSet, sync::Arc};
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
            Ok(climbed) => tracing::info!(climbed, "lateness of directives climbed"),
            Err(error) => {
                tracing::warn!(error = %format!("{error:#}"), "directives wait for the next look");
            }
        }
        tokio::select! {
            () = rooms.clock.sleep_until(now + interval) => {}
            () = rooms.shutdown.cancelled() => return,
        }
    }
}

/// Looks at all that may be late; says of how many tickets something climbed.
async fn pass(rooms: &Rooms, now: Timestamp) -> anyhow::Result<usize> {
    let by = system("tickets")?;
    let (mut after, mut climbed): (Option<After>, usize) = (None, 0);
    loop {
        let page = directives::climbing(&rooms.pool, &rooms.rules, now, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(climbed) };
        after = Some(last.after());
        let tickets: BTreeSet<_> = page.iter().map(|listed| listed.ticket_id).collect();
        for id in tickets {
            climbed += usize::from(or_passed_over(id, climb(rooms, id, &by, now).await)?);
            if rooms.shutdown.is_cancelled() {
                return Ok(climbed);
            }
        }
    }
}

async fn climb(rooms: &Rooms, id: Uuid, by: &Actor, now: Timestamp) -> anyhow::Result<bool> {
    let ticket = rooms.tickets.view(&TicketRef::Id(id)).await?.ticket()?;
    let Some(changed) = ticket.climb_directives(&rooms.rules, by, now) else { return Ok(false) };
    Ok(rooms.tickets.save_unasked(&changed).await?)
}
