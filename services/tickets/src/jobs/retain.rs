//! Erases what is personal of tickets that were closed long enough ago, class by class, a few at a time. Source: X11.
//!
//! Replicas may do it side by side. What is under a legal hold stays, and the log says how much that is.

use crate::{
    Rooms,
    consumers::system,
    error::still_open,
    store::{
        calls,
        erase::{self, Candidate, Class, Erased},
    },
};
use gongdan_errors::Error;
use gongdan_tickets_domain::{Personal, Ticket};
use jiff::{SignedDuration, Timestamp};
use std::{collections::BTreeSet, sync::Arc};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// What a pass came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pass {
    /// When it ended; none: there was none yet.
    pub at: Option<Timestamp>,
    pub tickets: i64,
    pub held: i64,
    pub reads: i64,
    /// Why it ended early, for people.
    pub error: String,
}

/// Asks for a pass now, and is told of it when it has ended.
pub(crate) type Ask = oneshot::Sender<Pass>;

/// Runs until the service stops.
pub(crate) async fn run(rooms: Arc<Rooms>, mut asked: mpsc::Receiver<Ask>) {
    let mut asks: Vec<Ask> = Vec::new();
    loop {
        // All that asked before it begins are answered with it.
        while let Ok(ask) = asked.try_recv() {
            asks.push(ask);
        }
        let pass = once(&rooms).await;
        for ask in asks.drain(..) {
            // Who asked may have left.
            let _ = ask.send(pass.clone());
        }
        rooms.retained.send_replace(pass);
        let interval =
            SignedDuration::try_from(rooms.config.retention.interval).unwrap_or(SignedDuration::ZERO);
        let next = rooms.clock.now().saturating_add(interval).unwrap_or(Timestamp::MAX);
        tokio::select! {
            () = rooms.clock.sleep_until(next) => {}
            Some(ask) = asked.recv() => asks.push(ask),
            () = rooms.shutdown.cancelled() => return,
        }
    }
}

async fn once(rooms: &Rooms) -> Pass {
    let mut pass = Pass::default();
    if let Err(error) = look(rooms, &mut pass).await {
        tracing::warn!(%error, "what is to be erased waits for the next look");
        "it ended early; the log says why".clone_into(&mut pass.error);
    }
    if pass.tickets > 0 || pass.held > 0 || pass.reads > 0 {
        tracing::info!(
            tickets = pass.tickets,
            held = pass.held,
            contact_reads = pass.reads,
            "what was kept long enough is erased"
        );
    }
    pass.at = Some(rooms.clock.now());
    pass
}

/// Ends of the times for which classes are kept; none keeps for ever.
#[derive(Debug, Clone, Copy)]
struct Ends {
    contact: Option<Timestamp>,
    texts: Option<Timestamp>,
}

impl Ends {
    fn new(rooms: &Rooms, now: Timestamp) -> Self {
        let config = &rooms.config.retention;
        Self { contact: end(config.contacts_days, now), texts: end(config.texts_days, now) }
    }

    /// What of a ticket has been kept long enough since it was over.
    fn of(self, ticket: &Ticket) -> Personal {
        let Some(over) = ticket.closed_at.filter(|_| ticket.phase.is_over()) else {
            return Personal::default();
        };
        let past = |end: Option<Timestamp>| end.is_some_and(|end| over < end);
        Personal { contact: past(self.contact), texts: past(self.texts) }.without(ticket.erased)
    }
}

fn end(days: u32, now: Timestamp) -> Option<Timestamp> {
    (days > 0).then(|| {
        now.saturating_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MIN)
    })
}

async fn look(rooms: &Rooms, pass: &mut Pass) -> Result<(), Error> {
    let now = rooms.clock.now();
    if let Some(before) = end(rooms.config.retention.contact_reads_days, now) {
        let reads = erase::forget_reads(&rooms.pool, before).await?;
        pass.reads = i64::try_from(reads).unwrap_or(i64::MAX);
    }
    if let Some(before) = end(rooms.config.retention.calls_days, now) {
        let calls = calls::forget(&rooms.pool, before).await?;
        if calls > 0 {
            tracing::info!(calls, "calls that belong to no ticket are forgotten");
        }
    }
    let ends = Ends::new(rooms, now);
    let mut held = BTreeSet::new();
    for (class, before) in [(Class::Contact, ends.contact), (Class::Texts, ends.texts)] {
        // No ticket is closed before it was received.
        if let Some(before) = before {
            erase_before(rooms, ends, class, before, pass, &mut held).await?;
        }
    }
    pass.held = i64::try_from(held.len()).unwrap_or(i64::MAX);
    Ok(())
}

/// Of tickets that something of a class is left of, all that is due of any.
async fn erase_before(
    rooms: &Rooms,
    ends: Ends,
    class: Class,
    before: Timestamp,
    pass: &mut Pass,
    held_tickets: &mut BTreeSet<Uuid>,
) -> Result<(), Error> {
    let by = system("tickets").map_err(Error::internal)?;
    let limit = i64::from(rooms.config.retention.batch.max(1));
    let mut after = None;
    loop {
        let page = erase::candidates(&rooms.pool, class, before, after, limit).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some((last.received_at, last.id));
        let due: Vec<Uuid> = page
            .iter()
            .filter(|Candidate { ticket, .. }| ticket.as_ref().is_some_and(|t| !ends.of(t).is_nothing()))
            .map(|candidate| candidate.id)
            .collect();
        if !due.is_empty() {
            let refused = |ticket: &Ticket, _| still_open(&ticket.number, ticket.phase);
            // A ticket that was reopened meanwhile has nothing that is due.
            let Erased { tickets, held } =
                erase::erase(rooms, &due, |ticket| ends.of(ticket), true, &by, refused).await?;
            pass.tickets += i64::try_from(tickets).unwrap_or(i64::MAX);
            held_tickets.extend(held.into_iter().map(|(ticket, _)| ticket));
        }
        tokio::select! {
            () = tokio::time::sleep(rooms.config.retention.pause) => {}
            () = rooms.shutdown.cancelled() => return Ok(()),
        }
    }
}
