//! `CalendarService.ImportCalendar`

use super::{Rooms, convert, decode};
use crate::{error, store::calendars};
use gongdan_access::Caller;
use gongdan_clock::stable_id;
use gongdan_errors::{Error, Violations};
use gongdan_pg::requests::{self, Answered, RequestKey, hash_of};
use gongdan_proto::sla::v1 as pb;
use gongdan_sla_domain::calendar::Document;

const MAX_BYTES: usize = 1024 * 1024;

struct ImportCalendar {
    key: RequestKey,
    document: Document,
    json: serde_json::Value,
}

impl ImportCalendar {
    fn decode(request: pb::ImportCalendarRequest, caller: String) -> Result<Self, Error> {
        let mut violations = Violations::new();
        let request_id = decode::request_id(&request.request_id, &mut violations);
        if request.document.is_empty() || request.document.len() > MAX_BYTES {
            violations.add("document", "JSON, at most 1 MiB");
        }
        let Some(request_id) = request_id.filter(|_| violations.is_empty()) else {
            return Err(violations.into_error());
        };
        let document =
            Document::read(&request.document).map_err(|faults| error::faults("document", faults))?;
        let json = serde_json::from_str(&request.document).map_err(Error::internal)?;
        let canonical = pb::ImportCalendarRequest { request_id: String::new(), ..request };
        let key = RequestKey { caller, method: "ImportCalendar", request_id, hash: hash_of(&canonical) };
        Ok(Self { key, document, json })
    }
}

pub(super) async fn import_calendar(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::ImportCalendarRequest,
) -> Result<pb::Calendar, Error> {
    let command = ImportCalendar::decode(request, caller.principal_id.clone())?;
    let Document { key, name, time_zone, .. } = &command.document;

    let mut tx = rooms.pool.begin().await.map_err(gongdan_pg::error)?;
    if let Some(answered) = requests::lookup(&mut tx, &command.key).await? {
        let version = i32::try_from(answered.version).map_err(Error::internal)?;
        let row = calendars::get(&mut tx, key, version).await.map_err(gongdan_pg::error)?;
        let row = row.ok_or_else(|| Error::internal("an imported calendar is gone"))?;
        return convert::calendar(&row, true);
    }
    let now = rooms.clock.now();
    let (row, created) =
        calendars::put(&mut tx, key, (name, time_zone), &command.json, (&command.key.caller, now))
            .await
            .map_err(error::put)?;
    let answered = Answered { resource_id: stable_id("calendar", key), version: i64::from(row.version) };
    requests::insert(&mut tx, &command.key, answered, now).await?;
    tx.commit().await.map_err(gongdan_pg::error)?;
    convert::calendar(&row, created)
}
