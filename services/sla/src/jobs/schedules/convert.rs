//! Rows as messages of the API.

use super::action;
use crate::store::{schedule_runs::RunRow, schedules::ScheduleRow};
use gongdan_errors::Error;
use gongdan_proto::{sla::v1 as pb, to_timestamp};
use gongdan_sla_domain::schedule::{ClockChange, Days, Planned, Recurrence, Working};
use jiff::tz::TimeZone;

/// A schedule.
///
/// # Errors
/// INTERNAL when the row cannot be read.
pub fn schedule(row: &ScheduleRow) -> Result<pb::Schedule, Error> {
    let recurrence: Recurrence = serde_json::from_value(row.recurrence.clone()).map_err(Error::internal)?;
    Ok(pb::Schedule {
        key: row.key.clone(),
        name: row.name.clone(),
        recurrence: Some(match recurrence {
            Recurrence::Cron(cron) => pb::schedule::Recurrence::Cron(cron.as_str().to_owned()),
            Recurrence::Working(of) => pb::schedule::Recurrence::Working(working(&of)),
        }),
        time_zone: row.time_zone.clone(),
        catch_up: i32::from(row.catch_up),
        action: Some(action::decode(&row.action)?),
        etag: row.version.to_string(),
        state: i32::from(row.state),
        next_run_at: row.next().map(to_timestamp),
        put_at: Some(to_timestamp(row.put_at.to_jiff())),
        put_by: row.put_by.clone(),
    })
}

fn working(of: &Working) -> pb::WorkingRecurrence {
    use pb::working_recurrence::Days as Pb;
    pb::WorkingRecurrence {
        calendar: of.calendar.clone(),
        region: of.region.map(|region| region.to_string()).unwrap_or_default(),
        days: Some(match of.days {
            Days::Every => Pb::EveryWorkingDay(true),
            Days::OfMonth(n) => Pb::DayOfMonth(i32::from(n)),
            Days::BeforeMonthEnd(n) => Pb::BeforeMonthEnd(i32::from(n)),
            Days::OfWeek(n) => Pb::DayOfWeek(i32::from(n)),
        }),
        months: of.months.iter().copied().map(i32::from).collect(),
        times: of.times.iter().map(|time| time.strftime("%H:%M").to_string()).collect(),
    }
}

/// A run.
#[must_use]
pub fn run(row: &RunRow) -> pb::ScheduleRun {
    pb::ScheduleRun {
        id: row.id.to_string(),
        schedule: row.schedule.clone(),
        planned_at: Some(to_timestamp(row.planned_at.to_jiff())),
        state: i32::from(row.state),
        by_hand: row.by_hand,
        claimed_at: Some(to_timestamp(row.claimed_at.to_jiff())),
        ended_at: row.ended_at.map(|at| to_timestamp(at.to_jiff())),
        attempts: row.attempts,
        next_attempt_at: row.next_attempt_at.map(|at| to_timestamp(at.to_jiff())),
        ticket_id: row.ticket_id.map(|id| id.to_string()).unwrap_or_default(),
        ticket_number: row.ticket_number.clone(),
        reason: row.reason.clone(),
        skipped: row.skipped,
        skipped_until: row.skipped_until.map(|at| to_timestamp(at.to_jiff())),
    }
}

/// A planned time.
#[must_use]
pub fn planned(planned: Planned, zone: &TimeZone, year_missing: bool) -> pb::PlannedRun {
    pb::PlannedRun {
        at: Some(to_timestamp(planned.at)),
        local: planned.at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        clock_change: match planned.change {
            None => pb::ClockChange::Unspecified,
            Some(ClockChange::LeftOut) => pb::ClockChange::LeftOut,
            Some(ClockChange::FirstOfTwo) => pb::ClockChange::FirstOfTwo,
            Some(ClockChange::SecondOfTwo) => pb::ClockChange::SecondOfTwo,
        }
        .into(),
        year_missing,
    }
}
