//! `ClockService.ExplainClock`. Source: S8.

use super::{Rooms, convert};
use crate::store::{
    clocks,
    firings::{self, Firing},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Reason};
use gongdan_proto::{sla::v1 as pb, to_timestamp};
use gongdan_sla_domain::{
    calendar::Calendar,
    clock::{Clock, Explained, Step, Stretch},
};
use std::{collections::HashMap, sync::Arc};
use uuid::Uuid;

pub(super) async fn explain_clock(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::ExplainClockRequest,
) -> Result<pb::ExplainClockResponse, Error> {
    let id = Uuid::try_parse(&request.id).map_err(|_| Error::invalid_field("id", "a UUID"))?;
    let clock = clocks::find(&rooms.pool, id, &caller.scope()).await?;
    let clock =
        clock.ok_or_else(|| Error::not_found(Reason::ClockNotFound, "no such clock").with("clock", id))?;
    gongdan_audit::touched("ticket", clock.ticket_id);
    let calendars = calendars(rooms, &clock).await?;
    let until = clock.stopped_at.unwrap_or_else(|| rooms.clock.now());
    let Explained { stretches, steps } =
        clock.explain(&|id| calendars.get(id).cloned(), until).map_err(Error::internal)?;
    let worked = stretches.iter().map(|stretch| stretch.working).sum::<jiff::SignedDuration>();
    let firings = firings::of_clock(&rooms.pool, id).await?;
    Ok(pb::ExplainClockResponse {
        clock: Some(convert::clock(&clock)),
        steps: steps.iter().map(step).collect(),
        stretches: stretches.iter().map(stretch).collect(),
        firings: firings.into_iter().map(firing).collect(),
        counted_until: Some(to_timestamp(until)),
        working_seconds: worked.as_secs(),
    })
}

async fn calendars(rooms: &Rooms, clock: &Clock) -> Result<HashMap<String, Arc<Calendar>>, Error> {
    let mut connection = rooms.pool.acquire().await.map_err(gongdan_pg::error)?;
    let heads = rooms.terms.heads(&mut connection).await.map_err(gongdan_pg::error)?;
    let mut calendars = HashMap::new();
    for id in clock.calendars() {
        calendars.insert(id.to_owned(), rooms.terms.calendar(&mut connection, &heads, id).await?);
    }
    Ok(calendars)
}

fn step(step: &Step) -> pb::DueStep {
    pb::DueStep {
        turn: step.turn.as_ref().map(convert::turn),
        at: Some(to_timestamp(step.at)),
        due_at: Some(to_timestamp(step.due_at)),
        terms: Some(convert::terms(&step.terms)),
    }
}

fn stretch(stretch: &Stretch) -> pb::ClockStretch {
    pb::ClockStretch {
        from: Some(to_timestamp(stretch.segment.from)),
        to: stretch.segment.to.map(to_timestamp),
        ran: stretch.segment.ran,
        suspended: stretch.segment.suspended,
        terms: Some(convert::terms(&stretch.terms)),
        working_days: i32::try_from(stretch.days).unwrap_or(i32::MAX),
        working_seconds: stretch.working.as_secs(),
        elapsed_seconds: stretch.elapsed.as_secs(),
    }
}

fn firing(firing: Firing) -> pb::ClockFiring {
    pb::ClockFiring {
        percent: firing.percent,
        planned_at: Some(to_timestamp(firing.planned_at)),
        fired_at: Some(to_timestamp(firing.fired_at)),
        late: firing.late,
    }
}
