//! `VisitService.ReportVisits`: what a phone has to say after it had no network. Source: T15.

use super::{
    decode::{ticket_ref, uuid},
    viewer::viewer,
    visits::{Said, Taken, device_time, moved, photos, point, reason, result, take},
};
use crate::{
    Rooms,
    store::tickets::{Call, Opened},
};
use gongdan_access::Caller;
use gongdan_errors::{Code, Error, Violations};
use gongdan_pg::{RequestKey, requests::hash_of};
use gongdan_proto::tickets::v1::{self as pb, visit_report::What as Pb};
use gongdan_tickets_domain::groups::visit::{Manner, Report, ReportText, Stamp, What};

/// Reports in one call.
const MOST: usize = 200;
/// Acts of others meanwhile after which a report is tried again.
const ATTEMPTS: usize = 5;

pub(super) async fn report_visits(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::ReportVisitsRequest,
) -> Result<pb::ReportVisitsResponse, Error> {
    if !(1..=MOST).contains(&request.reports.len()) {
        return Err(Error::invalid_field("reports", format!("1 to {MOST}")));
    }
    let mut outcomes = Vec::with_capacity(request.reports.len());
    for report in request.reports {
        let report_id = report.report_id.clone();
        let outcome = match Box::pin(one(rooms, caller, report)).await {
            Ok(known) => pb::VisitReportOutcome { taken: !known, known, ..Default::default() },
            // The others are not to be judged either: all of it is sent again.
            Err(error) if is_for_now(&error) => return Err(error),
            Err(error) => refusal(error),
        };
        outcomes.push(pb::VisitReportOutcome { report_id, ..outcome });
    }
    Ok(pb::ReportVisitsResponse { outcomes })
}

/// Nothing that is wrong with the report: it is taken when it is sent again.
fn is_for_now(error: &Error) -> bool {
    use Code::{Aborted, DeadlineExceeded, Internal, ResourceExhausted, Unavailable};
    matches!(error.code(), Internal | Unavailable | ResourceExhausted | Aborted | DeadlineExceeded)
}

fn refusal(error: Error) -> pb::VisitReportOutcome {
    let reason = error.reason().to_string();
    let message = tonic::Status::from(error).message().to_owned();
    pb::VisitReportOutcome { reason, message, ..Default::default() }
}

/// Takes a report in; whether it was known.
async fn one(rooms: &Rooms, caller: &Caller, report: pb::VisitReport) -> Result<bool, Error> {
    let (call, said) = decode(rooms, caller, report)?;
    let mut attempt = 0;
    loop {
        attempt += 1;
        let opened = match rooms.tickets.open(&call).await? {
            Opened::Answered(_) => return Ok(true),
            Opened::Fresh(opened) => *opened,
        };
        match Box::pin(take(rooms, caller, &call, opened, &said, Manner::Replayed)).await {
            Ok(Taken::Now(_)) => return Ok(false),
            Ok(Taken::Before) => return Ok(true),
            Err(error) if error.code() == Code::Aborted && attempt < ATTEMPTS => {}
            Err(error) => return Err(error),
        }
    }
}

fn decode(rooms: &Rooms, caller: &Caller, report: pb::VisitReport) -> Result<(Call, Said), Error> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let hash = hash_of(&report);
    let id = v.field("report_id", uuid(&report.report_id));
    let ticket = ticket_ref(&report.ticket, v);
    let visit = v.field("visit_id", uuid(&report.visit_id));
    if report.device_time.is_none() {
        v.add("device_time", "an instant");
    }
    let at = device_time(report.device_time, rooms.clock.now(), v);
    let said = report.what.and_then(|said| what(said, v));
    if said.is_none() && v.is_empty() {
        v.add("what", "one of moved, checked_in, reported, cancelled");
    }
    let (Some(id), Some(ticket), Some(visit), Some(at), Some((what, text, point)), true) =
        (id, ticket, visit, at, said, violations.is_empty())
    else {
        return Err(violations.into_error());
    };
    let key =
        RequestKey { caller: caller.principal_id.clone(), method: "ReportVisits", request_id: id, hash };
    let call = Call { caller: caller.clone(), key, ticket, etag: None, viewer: viewer(caller).masked() };
    let stamp = Stamp { at, sequence: report.sequence, report: id };
    Ok((call, Said { report: Report { visit, stamp, what, text }, point }))
}

type Decoded =
    (What, ReportText, Option<(gongdan_tickets_domain::Point, gongdan_tickets_domain::CoordinateSystem)>);

fn what(said: Pb, v: &mut Violations) -> Option<Decoded> {
    Some(match said {
        Pb::Moved(c) => {
            let what = moved(c.window_start, c.window_end, &c.person_id, v);
            let text = reason(&c.reason, v);
            (what?, text?, None)
        }
        Pb::CheckedIn(c) => (What::CheckedIn, ReportText::default(), point("", c.point, c.given_in, v)),
        Pb::Reported(c) => {
            let photos = photos(&c.photo_ids, v);
            let result = result(c.result, v);
            let text = v.field("report", ReportText::parse(&c.report));
            (What::Reported { result: result?, photos }, text?, None)
        }
        Pb::Cancelled(c) => (What::Cancelled, reason(&c.reason, v)?, None),
    })
}
