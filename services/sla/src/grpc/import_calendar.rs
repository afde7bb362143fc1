//! `CalendarService.ImportCalendar`

use super::{Rooms, convert};
use crate::{
    error,
    store::{
        calendars::{self, CalendarRow},
        split_id,
    },
};
use gongdan_access::Caller;
use gongdan_clock::stable_id;
use gongdan_errors::{Error, Reason, Violations};
use gongdan_pg::requests::{self, Answered, RequestKey, hash_of};
use gongdan_proto::sla::v1 as pb;
use gongdan_sla_domain::{
    calendar::{Document, ical},
    is_key,
};
use serde_json::Value;

const MAX_BYTES: usize = 1024 * 1024;

struct ImportCalendar {
    request: RequestKey,
    /// Of the calendar that comes of it.
    key: String,
    content: Content,
}

enum Content {
    Json {
        document: Box<Document>,
        json: Value,
    },
    /// A file of days, and the id of the calendar they are laid on.
    ICalendar {
        file: String,
        base: String,
    },
}

impl ImportCalendar {
    fn decode(request: pb::ImportCalendarRequest, caller: String) -> Result<Self, Error> {
        let mut violations = Violations::new();
        let request_id = super::decode::request_id(&request.request_id, &mut violations);
        if request.document.is_empty() || request.document.len() > MAX_BYTES {
            violations.add("document", "JSON or iCalendar, at most 1 MiB");
        }
        let is_ical = match pb::CalendarFormat::try_from(request.format) {
            Ok(pb::CalendarFormat::Icalendar) => true,
            Ok(pb::CalendarFormat::Json | pb::CalendarFormat::Unspecified) => {
                for (field, value) in [("base", &request.base), ("key", &request.key)] {
                    if !value.is_empty() {
                        violations.add(field, "with format ICALENDAR only");
                    }
                }
                false
            }
            Err(_) => {
                violations.add("format", "JSON or ICALENDAR");
                false
            }
        };
        let base = split_id(&request.base).map(|(key, _)| key).filter(|key| is_key(key));
        if is_ical && base.is_none() {
            violations.add("base", "the key of a calendar, or key@version");
        }
        if is_ical && !request.key.is_empty() && !is_key(&request.key) {
            violations.add("key", "lower-case letters, digits and -, 1 to 40, beginning with a letter");
        }
        let Some(request_id) = request_id.filter(|_| violations.is_empty()) else {
            return Err(violations.into_error());
        };
        let (key, content) = if is_ical {
            let key = if request.key.is_empty() { base.unwrap_or_default() } else { &request.key };
            let content = Content::ICalendar { file: request.document.clone(), base: request.base.clone() };
            (key.to_owned(), content)
        } else {
            let document =
                Document::read(&request.document).map_err(|faults| error::faults("document", faults))?;
            let json = serde_json::from_str(&request.document).map_err(Error::internal)?;
            (document.key.clone(), Content::Json { document: Box::new(document), json })
        };
        let canonical = pb::ImportCalendarRequest { request_id: String::new(), ..request };
        let request = RequestKey { caller, method: "ImportCalendar", request_id, hash: hash_of(&canonical) };
        Ok(Self { request, key, content })
    }
}

pub(super) async fn import_calendar(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::ImportCalendarRequest,
) -> Result<pb::Calendar, Error> {
    let ImportCalendar { request, key, content } =
        ImportCalendar::decode(request, caller.principal_id.clone())?;
    let now = rooms.clock.now();

    let mut tx = rooms.pool.begin().await.map_err(gongdan_pg::error)?;
    if let Some(answered) = requests::lookup(&mut tx, &request).await? {
        let version = i32::try_from(answered.version).map_err(Error::internal)?;
        let row = calendars::get(&mut tx, &key, version).await.map_err(gongdan_pg::error)?;
        let row = row.ok_or_else(|| Error::internal("an imported calendar is gone"))?;
        return convert::calendar(&row, true, now);
    }
    let (document, json) = match content {
        Content::Json { document, json } => (*document, json),
        Content::ICalendar { file, base } => {
            let (base_key, version) = split_id(&base).unwrap_or_default();
            let row = calendars::get(&mut tx, base_key, version).await.map_err(gongdan_pg::error)?;
            let row = row.ok_or_else(|| {
                Error::not_found(Reason::CalendarNotFound, "no such calendar, or no such version of it")
                    .with("calendar", &base)
            })?;
            lay(&file, &row, &key)?
        }
    };
    let names = (document.name.as_str(), document.time_zone.as_str());
    let (row, created) =
        calendars::put(&mut tx, &key, names, &json, (&request.caller, now)).await.map_err(error::put)?;
    let answered = Answered { resource_id: stable_id("calendar", &key), version: i64::from(row.version) };
    requests::insert(&mut tx, &request, answered, now).await?;
    tx.commit().await.map_err(gongdan_pg::error)?;
    rooms.years.look();
    convert::calendar(&row, created, now)
}

fn lay(file: &str, base: &CalendarRow, key: &str) -> Result<(Document, Value), Error> {
    let refused = |faults| error::faults("document", faults);
    let json = ical::lay(file, &base.document, key).map_err(refused)?;
    let document = Document::read(&json.to_string()).map_err(refused)?;
    Ok((document, json))
}
