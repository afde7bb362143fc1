//! `SupervisionService.MarkQualityError` (差错工单). Source: T30.

use super::decode::{acting, call, given, person_if_given, unit_if_given};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_clock::new_id;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{Reason, groups::quality::QualityErrorKind};

pub(super) async fn mark_quality_error(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::MarkQualityErrorRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let kind = given("kind", QualityErrorKind::from_number(request.kind), &mut violations);
    let person = person_if_given("person_id", &request.person_id, &mut violations);
    let unit = unit_if_given("unit_id", &request.unit_id, &mut violations);
    let note = violations.field("note", Reason::parse(&request.note));
    let (Some(call), Some(kind), Some(note), true) = (call, kind, note, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let changed = opened
        .ticket
        .mark_quality_error(new_id(now), kind, person.clone(), unit.clone(), note, &by, now)
        .map_err(refused)?;
    rooms.units.check_known(unit.as_ref(), person.as_ref()).await?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
