//! Takes on what has come: planned times become runs, and the schedule moves on, in one transaction.

use super::{Compiled, Metrics, action, compiled::catch_up, events};
use crate::{
    config::SchedulesConfig,
    store::{
        TermsCache,
        schedule_runs::{self, PENDING, RunRow, SKIPPED},
        schedules::{self, ACTIVE, ScheduleRow},
    },
};
use gongdan_clock::stable_id;
use gongdan_errors::Error;
use gongdan_outbox::append;
use gongdan_sla_domain::schedule::{Limits, Share, Skipped};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use prost::Message as _;
use sqlx::PgConnection;
use uuid::Uuid;

/// The id of the run of a planned time, the same in every replica.
#[must_use]
fn run_id(schedule: Uuid, planned: Timestamp) -> Uuid {
    stable_id("schedule_run", &format!("{schedule}/{}", planned.as_microsecond()))
}

/// Turns what a locked schedule has planned up to now into runs, and moves it on; answers the runs that wait.
///
/// # Errors
/// When the row or its calendar cannot be read; UNAVAILABLE.
pub async fn claim(
    connection: &mut PgConnection,
    (terms, config, metrics): (&TermsCache, &SchedulesConfig, &Metrics),
    row: &mut ScheduleRow,
    now: Timestamp,
) -> Result<Vec<RunRow>, Error> {
    if row.state != ACTIVE {
        return Ok(Vec::new());
    }
    let compiled = Compiled::of_row(&mut *connection, terms, row).await?;
    row.calendar_version = compiled.calendar().map(|calendar| calendar.version());
    let is_due = row.next().is_some_and(|at| at <= now);
    let (share, next) = if is_due {
        share(compiled.clone(), row, now, config).await?
    } else {
        (Share::default(), compiled.next(now))
    };
    let template = action::decode(&row.action)?;
    let mut runs = Vec::new();
    for planned in share.run {
        let filled = action::filled(&template, &planned.to_zoned(compiled.zone().clone()));
        runs.push(pending(row, planned, now, filled.encode_to_vec(), false));
        metrics.lateness(now.duration_since(planned));
    }
    let skipped: Vec<_> = share.skipped.map(|skipped| missed(row, skipped, now)).into_iter().collect();
    row.considered_until = now.to_sqlx();
    row.next_run_at = next.map(jiff_sqlx::ToSqlx::to_sqlx);
    schedules::put(&mut *connection, row).await.map_err(gongdan_pg::error)?;
    schedule_runs::insert_many(&mut *connection, &skipped).await.map_err(gongdan_pg::error)?;
    schedule_runs::insert_many(&mut *connection, &runs).await.map_err(gongdan_pg::error)?;
    let told: Vec<_> = skipped.iter().map(|run| events::outcome(run, None, now)).collect();
    append(&mut *connection, &told).await?;
    for run in &skipped {
        metrics.skipped(u64::try_from(run.skipped).unwrap_or(0));
        tracing::warn!(schedule = %row.key, skipped = run.skipped, "planned times were missed and are skipped");
    }
    Ok(runs)
}

/// Shares out what has come; after a long time away that is long work.
async fn share(
    compiled: Compiled,
    row: &ScheduleRow,
    now: Timestamp,
    config: &SchedulesConfig,
) -> Result<(Share, Option<Timestamp>), Error> {
    let policy = catch_up(row)?;
    let limits = Limits { missed_after: config.missed_after, most: usize::from(config.catch_up_most) };
    let since = row.considered_until.to_jiff();
    let work = move || {
        let plan = compiled.plan();
        let come = plan.after(since).map(|planned| planned.at).take_while(|at| *at <= now);
        let share = policy.share(come, now, limits);
        (share, compiled.next(now))
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

/// A run that waits.
#[must_use]
pub fn pending(
    row: &ScheduleRow,
    planned: Timestamp,
    now: Timestamp,
    action: Vec<u8>,
    by_hand: bool,
) -> RunRow {
    RunRow {
        id: run_id(row.id, planned),
        schedule_id: row.id,
        schedule: row.key.clone(),
        schedule_name: row.name.clone(),
        planned_at: planned.to_sqlx(),
        state: PENDING,
        by_hand,
        claimed_at: now.to_sqlx(),
        ended_at: None,
        attempts: 0,
        next_attempt_at: Some(now.to_sqlx()),
        action: Some(action),
        ticket_id: None,
        ticket_number: String::new(),
        reason: String::new(),
        skipped: 0,
        skipped_until: None,
    }
}

/// What stands for planned times that are skipped.
fn missed(row: &ScheduleRow, skipped: Skipped, now: Timestamp) -> RunRow {
    RunRow {
        state: SKIPPED,
        ended_at: Some(now.to_sqlx()),
        next_attempt_at: None,
        action: None,
        skipped: i32::try_from(skipped.count).unwrap_or(i32::MAX),
        skipped_until: Some(skipped.until.to_sqlx()),
        ..pending(row, skipped.from, now, Vec::new(), false)
    }
}
