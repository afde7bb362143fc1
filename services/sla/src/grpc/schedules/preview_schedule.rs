//! `ScheduleService.PreviewSchedule`

use super::{super::Rooms, change, read};
use crate::jobs::schedules::{Compiled, convert};
use gongdan_errors::{Error, Violations};
use gongdan_proto::{
    from_timestamp,
    sla::v1::{self as pb, preview_schedule_request::Schedule as Asked},
};
use gongdan_sla_domain::schedule::Recurrence;
use jiff::Timestamp;

const DEFAULT_COUNT: usize = 10;
const MAX_COUNT: i32 = 100;

enum Wanted {
    Key(String),
    Draft(Recurrence, String),
}

struct PreviewSchedule {
    wanted: Wanted,
    after: Timestamp,
    count: usize,
}

impl PreviewSchedule {
    fn decode(request: pb::PreviewScheduleRequest, now: Timestamp) -> Result<Self, Error> {
        let mut violations = Violations::new();
        let wanted = match request.schedule {
            None => {
                violations.add("schedule", "key or draft is required");
                None
            }
            Some(Asked::Key(key)) => {
                change::check_key(&key, &mut violations);
                Some(Wanted::Key(key))
            }
            Some(Asked::Draft(draft)) => {
                let zone = draft.time_zone;
                let read = read::recurrence("draft", draft.recurrence, &zone, now, &mut violations);
                read.map(|recurrence| Wanted::Draft(recurrence, zone))
            }
        };
        let after = match request.after.as_ref().map(from_timestamp) {
            None => Ok(now),
            Some(Ok(after)) => Ok(after),
            Some(Err(_)) => Err("an instant between the years 1 and 9999"),
        };
        let after = violations.field("after", after);
        let count = match request.count {
            0 => Ok(DEFAULT_COUNT),
            n if n <= MAX_COUNT => usize::try_from(n).map_err(|_| format!("1 to {MAX_COUNT}")),
            _ => Err(format!("1 to {MAX_COUNT}")),
        };
        let count = violations.field("count", count);
        match (wanted, after, count) {
            (Some(wanted), Some(after), Some(count)) if violations.is_empty() => {
                Ok(Self { wanted, after, count })
            }
            _ => Err(violations.into_error()),
        }
    }
}

pub(super) async fn preview_schedule(
    rooms: &Rooms,
    request: pb::PreviewScheduleRequest,
) -> Result<pb::PreviewScheduleResponse, Error> {
    let question = PreviewSchedule::decode(request, rooms.clock.now())?;
    let mut connection = rooms.pool.acquire().await.map_err(gongdan_pg::error)?;
    let compiled = match question.wanted {
        Wanted::Key(key) => {
            let row = change::found(&mut connection, &key).await?;
            Compiled::of_row(&mut connection, &rooms.terms, &row).await?
        }
        Wanted::Draft(recurrence, zone) => {
            let heads = rooms.terms.heads(&mut connection).await.map_err(gongdan_pg::error)?;
            Compiled::of(&mut connection, &rooms.terms, &heads, (recurrence, &zone)).await?
        }
    };
    drop(connection);
    let missing = |at: Timestamp| {
        compiled.calendar().is_some_and(|calendar| !calendar.missing_years(at, at).is_empty())
    };
    let planned = compiled.plan().after(question.after).take(question.count);
    let runs = planned.map(|run| convert::planned(run, compiled.zone(), missing(run.at))).collect();
    Ok(pb::PreviewScheduleResponse {
        runs,
        time_zone: compiled.zone_name().to_owned(),
        calendar: compiled.calendar().map(|calendar| calendar.id()).unwrap_or_default(),
    })
}
