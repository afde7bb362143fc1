//! What became of a run, as it is published.

use super::convert;
use crate::{
    events::SOURCE,
    store::schedule_runs::{DONE, RunRow, SKIPPED},
};
use gongdan_bus::{Origin, bucket};
use gongdan_clock::new_id;
use gongdan_outbox::NewEvent;
use gongdan_proto::{
    sla::v1::{
        Reminder, ScheduleEvent, ScheduleFailed, ScheduleReminded, ScheduleSkipped, ScheduleTicketCreated,
        schedule_event::Change,
    },
    to_timestamp,
};
use jiff::Timestamp;
use prost::Message as _;

/// The one event of a run that is over. A schedule belongs to no one region: its level tokens are `00`.
#[must_use]
pub fn outcome(run: &RunRow, reminder: Option<Reminder>, now: Timestamp) -> NewEvent {
    let (kind, change) = match (run.state, reminder) {
        (DONE, Some(reminder)) => (
            "schedule_reminded",
            Change::ScheduleReminded(ScheduleReminded {
                unit_id: reminder.unit_id,
                person_ids: reminder.person_ids,
                text: reminder.text,
            }),
        ),
        (DONE, None) => ("schedule_ticket_created", Change::ScheduleTicketCreated(ScheduleTicketCreated {})),
        (SKIPPED, _) => ("schedule_skipped", Change::ScheduleSkipped(ScheduleSkipped {})),
        _ => ("schedule_failed", Change::ScheduleFailed(ScheduleFailed {})),
    };
    let payload = ScheduleEvent {
        run_id: run.id.to_string(),
        version: 1,
        occurred_at: Some(to_timestamp(now)),
        recorded_at: Some(to_timestamp(now)),
        state: Some(convert::run(run)),
        schedule_name: run.schedule_name.clone(),
        change: Some(change),
    };
    NewEvent {
        id: new_id(now),
        aggregate_id: run.id,
        version: 1,
        kind: kind.into(),
        subject: format!("{SOURCE}.v1.{kind}.00.00.00.{}", bucket(run.id)),
        occurred_at: now,
        recorded_at: now,
        origin: Origin::Live,
        payload: payload.encode_to_vec(),
    }
}
