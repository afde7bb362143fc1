//! What the RPCs about visits share: their fields, and what is said of a visit by a call that sees how it is now.

use super::decode::{acting, given, instant, person_if_given, uuid};
use crate::{
    Rooms,
    error::refused,
    store::{
        attachments,
        places::{KeptPlace, NewPlace},
        tickets::{Call, Fresh, Opened},
    },
};
use gongdan_access::{Caller, sees_sensitive};
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{
    CoordinateSystem, Point, PrincipalId, Reason,
    groups::visit::{MAX_PHOTOS, MAX_WINDOW, Manner, Report, ReportText, Stamp, VisitResult, What, Window},
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// How far a device's clock may be ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);

/// When somebody comes.
pub(super) fn window(
    start: Option<prost_types::Timestamp>,
    end: Option<prost_types::Timestamp>,
    violations: &mut Violations,
) -> Option<Window> {
    for (field, given) in [("window_start", start.is_some()), ("window_end", end.is_some())] {
        if !given {
            violations.add(field, "an instant");
        }
    }
    let (start, end) = (instant("window_start", start, violations)?, instant("window_end", end, violations)?);
    if end <= start {
        violations.add("window_end", "after window_start");
        return None;
    }
    if end.duration_since(start) > MAX_WINDOW {
        violations.add("window_end", "at most 7 days after window_start");
        return None;
    }
    Some(Window { start, end })
}

/// A point, if given, and what it was given in: fields of the request, or of what is `within` it, as `place.`.
pub(super) fn point(
    within: &str,
    point: Option<pb::Point>,
    given_in: i32,
    violations: &mut Violations,
) -> Option<(Point, CoordinateSystem)> {
    let system = match given_in {
        0 => Some(CoordinateSystem::Wgs84),
        number => given(&format!("{within}given_in"), CoordinateSystem::from_number(number), violations),
    };
    let (point, system) = (point?, system?);
    violations
        .field(format!("{within}point"), Point::parse(point.latitude, point.longitude, system))
        .map(|point| (point, system))
}

/// When it happened, by the device.
pub(super) fn device_time(
    at: Option<prost_types::Timestamp>,
    now: Timestamp,
    violations: &mut Violations,
) -> Option<Timestamp> {
    let at = instant("device_time", at, violations)?;
    if at > now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX) {
        violations.add("device_time", "not in the future by more than 10 minutes");
        return None;
    }
    Some(at)
}

/// Attachments of the ticket that show what was done.
pub(super) fn photos(ids: &[String], violations: &mut Violations) -> Vec<Uuid> {
    if ids.len() > MAX_PHOTOS {
        violations.add("photo_ids", format!("at most {MAX_PHOTOS}"));
    }
    let mut photos = Vec::new();
    for (at, id) in ids.iter().enumerate() {
        if let Some(id) = violations.field(format!("photo_ids[{at}]"), uuid(id))
            && !photos.contains(&id)
        {
            photos.push(id);
        }
    }
    photos
}

/// What came of it.
pub(super) fn result(number: i32, violations: &mut Violations) -> Option<VisitResult> {
    given("result", VisitResult::from_number(number), violations)
}

/// Another time.
pub(super) fn moved(
    start: Option<prost_types::Timestamp>,
    end: Option<prost_types::Timestamp>,
    person: &str,
    violations: &mut Violations,
) -> Option<What> {
    let window = window(start, end, violations);
    let person = person_if_given("person_id", person, violations);
    Some(What::Moved { window: window?, person })
}

/// Why.
pub(super) fn reason(text: &str, violations: &mut Violations) -> Option<ReportText> {
    violations.field("reason", Reason::parse(text)).map(ReportText::from)
}

/// What is said of a visit, by whom it is found out later.
pub(super) struct Said {
    pub report: Report,
    /// Where the person was.
    pub point: Option<(Point, CoordinateSystem)>,
}

/// Says it, and answers with the ticket.
pub(super) async fn say(
    rooms: &Rooms,
    caller: &Caller,
    call: Call,
    said: Option<Said>,
    violations: Violations,
) -> Result<pb::Ticket, Error> {
    let (Some(said), true) = (said, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => *opened,
    };
    match Box::pin(take(rooms, caller, &call, opened, &said, Manner::Live)).await? {
        Taken::Now(ticket) => Ok(*ticket),
        // A phone had sent it with others meanwhile: the ticket as it is.
        Taken::Before => super::get_ticket::now(rooms, caller, &call.ticket).await,
    }
}

/// What became of what was said.
pub(super) enum Taken {
    Now(Box<pb::Ticket>),
    Before,
}

/// Takes in what is said of a visit.
pub(super) async fn take(
    rooms: &Rooms,
    caller: &Caller,
    call: &Call,
    opened: Fresh,
    said: &Said,
    manner: Manner,
) -> Result<Taken, Error> {
    let (by, now, id) = (acting(caller, &opened)?, rooms.clock.now(), opened.view.id);
    match &said.report.what {
        What::Reported { photos, .. }
            if !photos.is_empty() && attachments::count_of(&rooms.pool, id, photos).await? < photos.len() =>
        {
            return Err(Error::invalid_field("photo_ids", "attachments of the ticket"));
        }
        What::Moved { person: Some(person), .. } => {
            check_person(rooms, opened.ticket.sensitive, person).await?;
        }
        _ => {}
    }
    let report = said.report.clone();
    let stamp = report.stamp;
    // The place of the ticket itself is kept under its id.
    if said.point.is_some() && stamp.report == id {
        return Err(Error::invalid_field("report_id", "another id than that of the ticket"));
    }
    let contact_erased = opened.ticket.erased.contact;
    let Some(changed) = opened.ticket.report_visit(report, manner, &by, now).map_err(refused)? else {
        return Ok(Taken::Before);
    };
    let places = match said.point {
        // Nothing would erase it any more.
        Some((point, given_in)) if !contact_erased => {
            let kept = KeptPlace { address: String::new(), point: Some((point, given_in)) };
            vec![NewPlace::seal(&rooms.customers.sealer, stamp.report, &kept)?]
        }
        _ => Vec::new(),
    };
    let ticket = rooms.tickets.save_placed(opened.view, &changed, call, places).await?;
    Ok(Taken::Now(Box::new(ticket)))
}

/// Who goes is staff, and may see where and what for.
pub(super) async fn check_person(rooms: &Rooms, sensitive: bool, person: &PrincipalId) -> Result<(), Error> {
    rooms.units.check_staff("person_id", person).await?;
    if !sensitive {
        return Ok(());
    }
    let policies = rooms.access.policies();
    let known = rooms.units.known_people(std::slice::from_ref(person)).await?;
    match known.iter().any(|who| sees_sensitive(&policies, &who.roles, &who.rights)) {
        true => Ok(()),
        false => Err(Error::invalid_field("person_id", format!("{person} may not see sensitive tickets"))),
    }
}

/// What is said by a call: its request is the report.
pub(super) fn said(
    call: Option<&Call>,
    visit: &str,
    at: Timestamp,
    what: Option<What>,
    text: Option<ReportText>,
    violations: &mut Violations,
) -> Option<Said> {
    let visit = violations.field("visit_id", uuid(visit));
    let stamp = Stamp { at, sequence: 0, report: call?.key.request_id };
    let report = Report { visit: visit?, stamp, what: what?, text: text? };
    Some(Said { report, point: None })
}
