//! `sla.v1.>`: due times, on time or not, working time. Other clocks than handling are passed over. Source: P2.

use crate::{
    error::Unreadable,
    events::{instant, required, uuid},
    store::handlings,
};
use gongdan_bus::Event;
use gongdan_outbox::{ApplyError, Handler};
use gongdan_proto::sla::v1::{ClockEvent, ClockKind, ClockState, clock_event::Change};
use gongdan_reporting_domain::Handling;
use sqlx::PgConnection;
use std::collections::BTreeMap;

/// All that happens to clocks; sla tells of other things too.
pub(crate) const EVENTS: [&str; 11] = [
    "started",
    "warned",
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

/// Keeps the latest state of each round's handling clock.
pub(crate) struct Clocks;

#[async_trait::async_trait]
impl Handler for Clocks {
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        let mut latest = BTreeMap::new();
        for event in events {
            let Some(handling) = read(event).map_err(|why| why.poisons(event))? else { continue };
            let round = (handling.ticket, handling.round);
            if latest.get(&round).is_none_or(|known| handling.supersedes(known)) {
                latest.insert(round, handling);
            }
        }
        handlings::put(connection, &latest.values().collect::<Vec<_>>()).await?;
        Ok(())
    }
}

fn read(event: &Event) -> Result<Option<Handling>, Unreadable> {
    // runs of schedules are of no clock
    if event.kind.starts_with("schedule_") {
        return Ok(None);
    }
    let message: ClockEvent = event.decode()?;
    let clock = required(message.state, "state")?;
    if clock.kind() != ClockKind::Handling {
        return Ok(None);
    }
    let on_time = match message.change {
        Some(Change::Stopped(stopped)) => Some(stopped.on_time),
        _ => None,
    };
    let due_at = required(instant(clock.due_at.as_ref(), "state.due_at")?, "state.due_at")?;
    let waits = clock.state() == ClockState::Paused && !clock.breached;
    Ok(Some(Handling {
        ticket: uuid(&clock.ticket_id, "state.ticket_id")?,
        round: clock.round.max(1),
        clock: uuid(&clock.id, "state.id")?,
        version: event.version,
        due_at: (!waits).then_some(due_at),
        on_time,
        working_seconds: on_time.map(|_| clock.handling_working_seconds),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_proto::sla::v1::{ScheduleEvent, ScheduleRun};
    use prost::Message as _;

    #[test]
    fn runs_of_schedules_are_passed_over() {
        let state = ScheduleRun { id: "r".into(), schedule: "daily".into(), ..ScheduleRun::default() };
        let payload = ScheduleEvent { run_id: "r".into(), state: Some(state), ..ScheduleEvent::default() };
        let event = Event {
            id: uuid::Uuid::nil(),
            source: "sla".into(),
            kind: "schedule_ticket_created".into(),
            aggregate_id: uuid::Uuid::nil(),
            version: 1,
            occurred_at: jiff::Timestamp::UNIX_EPOCH,
            recorded_at: jiff::Timestamp::UNIX_EPOCH,
            origin: gongdan_bus::Origin::Live,
            subject: String::new(),
            traceparent: None,
            payload: payload.encode_to_vec().into(),
        };
        assert!(matches!(read(&event), Ok(None)));
    }
}
