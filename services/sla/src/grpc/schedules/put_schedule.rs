//! `ScheduleService.PutSchedule`

use super::{
    super::{Rooms, decode},
    change::{self, guard, look, take_on},
    read,
};
use crate::{
    jobs::schedules::{Compiled, action, convert},
    store::schedules::{self, ACTIVE, ScheduleRow},
};
use gongdan_access::Caller;
use gongdan_clock::{new_id, to_micros};
use gongdan_errors::{Error, Violations};
use gongdan_pg::requests::{self, Answered, RequestKey, hash_of};
use gongdan_proto::sla::v1::{self as pb, ScheduleAction, schedule_action::Action};
use gongdan_sla_domain::{is_key, schedule::Recurrence};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use prost::Message as _;

const MAX_NAME: usize = 100;

struct PutSchedule {
    request: RequestKey,
    etag: Option<i64>,
    key: String,
    name: String,
    recurrence: Recurrence,
    time_zone: String,
    catch_up: i16,
    action: ScheduleAction,
}

impl PutSchedule {
    fn decode(request: pb::PutScheduleRequest, caller: String, now: Timestamp) -> Result<Self, Error> {
        let mut violations = Violations::new();
        let request_id = decode::request_id(&request.request_id, &mut violations);
        let etag = decode::etag(&request.etag);
        let canonical = pb::PutScheduleRequest { request_id: String::new(), etag: String::new(), ..request };
        let hash = hash_of(&canonical);
        let asked = canonical.schedule.unwrap_or_default();
        if !is_key(&asked.key) {
            let rule = "lower-case letters, digits and -, 1 to 40, beginning with a letter";
            violations.add("schedule.key", rule);
        }
        let length = asked.name.chars().count();
        if !(1..=MAX_NAME).contains(&length) || asked.name.chars().any(char::is_control) {
            violations.add("schedule.name", format!("1 to {MAX_NAME} characters, one line"));
        }
        let catch_up = match pb::CatchUp::try_from(asked.catch_up) {
            Ok(pb::CatchUp::Unspecified) | Err(_) => Err("ONCE, ALL or SKIP"),
            Ok(known) => i16::try_from(i32::from(known)).map_err(|_| "ONCE, ALL or SKIP"),
        };
        let catch_up = violations.field("schedule.catch_up", catch_up);
        let v = &mut violations;
        let recurrence = read::recurrence("schedule", asked.recurrence, &asked.time_zone, now, v);
        let action = action::check("schedule.action", asked.action, v);
        match (request_id, recurrence, catch_up, action) {
            (Some(request_id), Some(recurrence), Some(catch_up), Some(action)) if violations.is_empty() => {
                Ok(Self {
                    request: RequestKey { caller, method: "PutSchedule", request_id, hash },
                    etag,
                    key: asked.key,
                    name: asked.name,
                    recurrence,
                    time_zone: asked.time_zone,
                    catch_up,
                    action,
                })
            }
            _ => Err(violations.into_error()),
        }
    }
}

pub(super) async fn put_schedule(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::PutScheduleRequest,
) -> Result<pb::Schedule, Error> {
    let now = to_micros(rooms.clock.now());
    let command = PutSchedule::decode(request, caller.principal_id.clone(), now)?;
    let mut connection = rooms.pool.acquire().await.map_err(gongdan_pg::error)?;
    if requests::lookup(&mut connection, &command.request).await?.is_some() {
        return convert::schedule(&change::found(&mut connection, &command.key).await?);
    }
    let heads = rooms.terms.heads(&mut connection).await.map_err(gongdan_pg::error)?;
    let with = (command.recurrence.clone(), command.time_zone.as_str());
    let compiled = Compiled::of(&mut connection, &rooms.terms, &heads, with).await?;
    // no connection is held while others are asked
    drop(connection);
    let next = next(&compiled, now)?;
    check_template(rooms, &command, &compiled, next).await?;

    let mut tx = rooms.pool.begin().await.map_err(gongdan_pg::error)?;
    let known = schedules::lock(&mut tx, &command.key).await.map_err(gongdan_pg::error)?;
    if requests::lookup(&mut tx, &command.request).await?.is_some() {
        return convert::schedule(&change::found(&mut tx, &command.key).await?);
    }
    let row = match known {
        Some(mut known) => {
            guard(&known, command.etag)?;
            take_on(rooms, &mut tx, &mut known, now).await?;
            let is_active = known.state == ACTIVE;
            let version = known.version + 1;
            changed(known, &command, &compiled, next.filter(|_| is_active), now, version)?
        }
        None if command.etag.is_some() => return Err(change::not_found(&command.key)),
        None => changed(new(&command.key, now), &command, &compiled, next, now, 1)?,
    };
    schedules::put(&mut tx, &row).await.map_err(taken)?;
    let answered = Answered { resource_id: row.id, version: row.version };
    requests::insert(&mut tx, &command.request, answered, now).await?;
    tx.commit().await.map_err(gongdan_pg::error)?;
    look(rooms, &row, now);
    convert::schedule(&row)
}

/// The first planned time.
fn next(compiled: &Compiled, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    match (compiled.next(now), compiled.recurrence()) {
        (Some(next), _) => Ok(Some(next)),
        (None, Recurrence::Working(working)) => Err(Error::invalid_field(
            format!("schedule.working.{}", working.days_field()),
            "it never fires: no such working day comes up to the end of 2149",
        )),
        (None, Recurrence::Cron(_)) => Err(Error::invalid_field(
            "schedule.cron:1",
            "it never fires: no such time comes up to the end of 2149",
        )),
    }
}

/// Holds the ticket that the first run would create to what tickets asks for.
async fn check_template(
    rooms: &Rooms,
    command: &PutSchedule,
    compiled: &Compiled,
    next: Option<Timestamp>,
) -> Result<(), Error> {
    let Some(next) = next else { return Ok(()) };
    let filled = action::filled(&command.action, &next.to_zoned(compiled.zone().clone()));
    let Some(Action::CreateTicket(template)) = filled.action else { return Ok(()) };
    let field = "schedule.action.create_ticket";
    rooms.schedules.tickets.check(command.request.request_id, field, template).await
}

fn new(key: &str, now: Timestamp) -> ScheduleRow {
    ScheduleRow {
        id: new_id(now),
        key: key.to_owned(),
        name: String::new(),
        recurrence: serde_json::Value::Null,
        time_zone: String::new(),
        calendar: None,
        calendar_version: None,
        catch_up: 0,
        action: Vec::new(),
        state: ACTIVE,
        version: 0,
        considered_until: now.to_sqlx(),
        next_run_at: None,
        put_at: now.to_sqlx(),
        put_by: String::new(),
    }
}

fn changed(
    row: ScheduleRow,
    command: &PutSchedule,
    compiled: &Compiled,
    next: Option<Timestamp>,
    now: Timestamp,
    version: i64,
) -> Result<ScheduleRow, Error> {
    Ok(ScheduleRow {
        name: command.name.clone(),
        recurrence: serde_json::to_value(&command.recurrence).map_err(Error::internal)?,
        time_zone: compiled.zone_name().to_owned(),
        calendar: command.recurrence.calendar().map(ToOwned::to_owned),
        calendar_version: compiled.calendar().map(|calendar| calendar.version()),
        catch_up: command.catch_up,
        action: command.action.encode_to_vec(),
        version,
        considered_until: now.to_sqlx(),
        next_run_at: next.map(jiff_sqlx::ToSqlx::to_sqlx),
        put_at: now.to_sqlx(),
        put_by: command.request.caller.clone(),
        ..row
    })
}

/// Two that make a schedule of one key at once.
fn taken(error: sqlx::Error) -> Error {
    match gongdan_pg::constraint(&error) {
        Some("schedules_key_key") => Error::aborted(
            gongdan_errors::Reason::WriteConflict,
            "another schedule of this key was put at the same moment: read again",
        )
        .because(error),
        _ => gongdan_pg::error(error),
    }
}
