//! sla's clocks: when tickets and what belongs to them are due.
//!
//! A projection of nothing but the latest state of each clock, so it may jump ahead over versions (`latest_only`).

use crate::store::{
    deadlines::{self, Deadline},
    dues,
};
use async_trait::async_trait;
use gongdan_outbox::{ApplyError, Event, Handler};
use gongdan_proto::{
    from_timestamp,
    sla::v1::{ClockEvent, ClockKind},
};
use sqlx::PgConnection;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The consumer's name.
pub(crate) const NAME: &str = "tickets-sla";
/// What it is for.
pub(crate) const EVENTS: [&str; 10] = [
    "started",
    "breached",
    "stopped",
    "cancelled",
    "paused",
    "resumed",
    "extended",
    "restored",
    "recalculated",
    "restarted",
];

/// Keeps `deadlines`, and when tickets are due.
pub(crate) struct Sla;

#[async_trait]
impl Handler for Sla {
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        let mut latest: BTreeMap<(Uuid, i16, Uuid), Deadline> = BTreeMap::new();
        for event in events {
            let Some(deadline) = read(event)? else { continue };
            let key = (deadline.ticket, deadline.kind, deadline.record);
            if latest.get(&key).is_none_or(|known| deadline.supersedes(known)) {
                latest.insert(key, deadline);
            }
        }
        deadlines::put(connection, &latest.values().collect::<Vec<_>>()).await?;
        // In the order in which everybody locks tickets.
        let mut handled: Vec<Uuid> = latest
            .values()
            .filter(|deadline| deadline.kind == ClockKind::Handling as i16)
            .map(|deadline| deadline.ticket)
            .collect();
        handled.dedup();
        dues::follow(connection, &handled).await?;
        Ok(())
    }
}

/// What the event says; none of clocks that nobody asks tickets for.
fn read(event: &Event) -> Result<Option<Deadline>, ApplyError> {
    let message: ClockEvent = event.decode().map_err(|error| ApplyError::undecodable(event, &error))?;
    let clock = message.state.ok_or_else(|| ApplyError::poison(event, "the event has no state"))?;
    let kind = clock.kind();
    if !matches!(kind, ClockKind::Handling | ClockKind::Assist | ClockKind::Review | ClockKind::Supervision) {
        return Ok(None);
    }
    let uuid = |text: &str| Uuid::parse_str(text).map_err(|error| ApplyError::poison(event, error));
    let due_at = clock.due_at.as_ref().ok_or_else(|| ApplyError::poison(event, "the clock is never due"))?;
    Ok(Some(Deadline {
        ticket: uuid(&clock.ticket_id)?,
        kind: kind as i16,
        record: if clock.record_id.is_empty() { Uuid::nil() } else { uuid(&clock.record_id)? },
        clock: uuid(&clock.id)?,
        version: clock.version,
        round: clock.round,
        state: i16::try_from(clock.state).map_err(|error| ApplyError::poison(event, error))?,
        due_at: from_timestamp(due_at).map_err(|error| ApplyError::poison(event, error))?,
        breached: clock.breached,
    }))
}
