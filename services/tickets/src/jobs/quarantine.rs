//! Lets requests out of the quarantine whose customer was verified, and ends those whose time is over. Source: T12.

use super::each::or_passed_over;
use crate::{Rooms, consumers::system, error::lost_race, store::tickets::TicketRef};
use gongdan_errors::{Code, Error};
use gongdan_tickets_domain::{Actor, Changed, Reason, Ticket};
use jiff::Timestamp;
use std::sync::Arc;
use uuid::Uuid;

const PAGE: i64 = 200;
/// Races that are tried again.
const ATTEMPTS: usize = 5;
/// Why a request is cancelled when its time is over.
const EXPIRED: &str = "未在期限内核实身份 not verified in time";

/// Looks until the service stops. Also where no quarantine is set any more: what waits there does not wait for ever.
pub(crate) async fn run(rooms: Arc<Rooms>) {
    loop {
        match pass(&rooms).await {
            Ok((0, 0)) => {}
            Ok((released, expired)) => tracing::info!(released, expired, "requests left the quarantine"),
            Err(error) => {
                tracing::warn!(error = %format!("{error:#}"), "the quarantine waits for the next look");
            }
        }
        let next = rooms.clock.now() + rooms.quarantine.interval;
        tokio::select! {
            () = rooms.clock.sleep_until(next) => {}
            () = rooms.shutdown.cancelled() => return,
        }
    }
}

async fn pass(rooms: &Rooms) -> anyhow::Result<(usize, usize)> {
    let by = system("tickets")?;
    let (mut released, mut expired) = (0, 0);
    let mut after = Uuid::nil();
    loop {
        let page = rooms.tickets.quarantined_of_verified(after, PAGE).await?;
        let Some(last) = page.last().copied() else { break };
        after = last;
        for id in page {
            released += usize::from(or_passed_over(id, release(rooms, id, &by).await.map_err(Into::into))?);
        }
    }
    let (now, mut after) = (rooms.clock.now(), None);
    loop {
        let page = rooms.tickets.quarantined_until(now, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok((released, expired)) };
        after = Some(*last);
        let mut out = Vec::with_capacity(page.len());
        for (_, id) in page {
            let outcome = expire(rooms, id, now, &by).await;
            // One that refuses is looked at again.
            if outcome.is_ok() {
                out.push(id);
            }
            expired += usize::from(or_passed_over(id, outcome.map_err(Into::into))?);
        }
        rooms.tickets.out_of_quarantine(&out).await?;
    }
}

/// Lets all that waits of a customer go on; says how many.
pub(crate) async fn release_of(rooms: &Rooms, customer: Uuid, by: &Actor) -> Result<usize, Error> {
    let (mut after, mut released) = (Uuid::nil(), 0);
    loop {
        let page = rooms.tickets.quarantined_of(customer, after, PAGE).await?;
        let Some(last) = page.last().copied() else { return Ok(released) };
        after = last;
        for id in page {
            let outcome = release(rooms, id, by).await.map_err(Into::into);
            released += usize::from(or_passed_over(id, outcome).map_err(Error::internal)?);
        }
    }
}

/// Lets one go on; false when it does not wait any more.
async fn release(rooms: &Rooms, id: Uuid, by: &Actor) -> Result<bool, Error> {
    act(rooms, id, |ticket| ticket.verify(rooms.quarantine.unit.clone(), by, rooms.clock.now()).ok()).await
}

async fn expire(rooms: &Rooms, id: Uuid, now: Timestamp, by: &Actor) -> Result<bool, Error> {
    let reason = Reason::parse(EXPIRED).map_err(Error::internal)?;
    act(rooms, id, |ticket| {
        let over = ticket.groups.quarantine.until.is_some_and(|until| until <= now);
        if over { ticket.expire(reason.clone(), by, now).ok() } else { None }
    })
    .await
}

/// Does what `decide` says; tried again when somebody else was faster.
async fn act(rooms: &Rooms, id: Uuid, decide: impl Fn(Ticket) -> Option<Changed>) -> Result<bool, Error> {
    for _ in 0..ATTEMPTS {
        let view = match rooms.tickets.view(&TicketRef::Id(id)).await {
            Ok(view) => view,
            Err(error) if error.code() == Code::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        let Some(changed) = decide(view.ticket()?) else { return Ok(false) };
        if rooms.tickets.save_unasked(&changed).await? {
            return Ok(true);
        }
    }
    Err(lost_race())
}
