//! `CallService.EndCall` (话后处理). Source: T35.

use super::{
    decode::{given, instant},
    link_call::not_found,
    list_calls::presented,
};
use crate::{
    Rooms,
    store::calls::{self, Ending},
};
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{Note, groups::call::CallId, mask_numbers};

pub(super) async fn end_call(rooms: &Rooms, request: pb::EndCallRequest) -> Result<pb::Call, Error> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let call = v.field("call_id", CallId::parse(&request.call_id));
    let result = given("result", pb::CallResult::try_from(request.result).ok().filter(|r| *r as i32 > 0), v);
    let note = v.field("note", Note::parse(&request.note));
    let now = rooms.clock.now();
    let ended_at = instant("ended_at", request.ended_at, v).unwrap_or(now);
    if ended_at > now + jiff::SignedDuration::from_mins(10) {
        v.add("ended_at", "not in the future by more than 10 minutes");
    }
    let url = request.recording_url.trim();
    if !url.is_empty() && !is_link(url) {
        v.add("recording_url", "an http or https URL of up to 2000 characters");
    }
    let (Some(call), Some(result), Some(note), true) = (call, result, note, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let begun = calls::get(&rooms.pool, call.as_str()).await?.ok_or_else(not_found)?;
    if ended_at < begun.started_at.to_jiff() {
        return Err(Error::invalid_field("ended_at", "not before the call began"));
    }
    gongdan_audit::touched("call", &call);
    let ending = Ending {
        call_id: call.to_string(),
        ended_at,
        result: i16::try_from(result as i32).map_err(Error::internal)?,
        note: note.as_str().to_owned(),
        recording_url: url.to_owned(),
    };
    let ended = calls::end(&rooms.pool, &ending).await?.ok_or_else(not_found)?;
    // Who ends it need not know who called.
    presented(&ended, &rooms.customers.sealer, false, mask_numbers)
}

fn is_link(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let printable = url.bytes().all(|b| b.is_ascii_graphic());
    url.len() <= 2_000 && printable && rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
}
