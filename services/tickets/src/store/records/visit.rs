//! 预约上门. Source: T15.

use super::super::state::{InvalidState, actor, actor_ref, invalid, known, time, uuid};
use gongdan_proto::{
    common::v1::ActorRef,
    tickets::v1::{self as pb, VisitStepKind, ticket_event::Change as PbChange},
    to_timestamp,
};
use gongdan_tickets_domain::{
    PrincipalId, UnitId,
    groups::visit::{Booking, Change, Report, Stamp, Visit, VisitResult, VisitState, Visits, What, Window},
    mask_numbers,
};
use std::collections::BTreeMap;

/// Into the state.
pub(crate) fn put(part: &Visits, ticket: &mut pb::Ticket) {
    ticket.visits = part.all.iter().map(visit).collect();
}

fn visit(visit: &Visit) -> pb::Visit {
    let (window, person) = visit.agreed();
    let outcome = visit.outcome();
    let booking = &visit.booking;
    let mut first = step(VisitStepKind::Booked, &Stamp { at: booking.at, sequence: 0, report: visit.id });
    agreed(&mut first, booking.window, booking.person.as_ref());
    pb::Visit {
        id: visit.id.to_string(),
        state: visit.state().number(),
        window_start: Some(to_timestamp(window.start)),
        window_end: Some(to_timestamp(window.end)),
        person_id: person.map(ToString::to_string).unwrap_or_default(),
        moved_count: i32::try_from(visit.moved_count()).unwrap_or(i32::MAX),
        checked_in_at: visit.checked_in().map(|stamp| to_timestamp(stamp.at)),
        checked_in_point: None,
        result: outcome.map(|(_, result, _)| result.number()).unwrap_or_default(),
        reported_at: outcome.map(|(stamp, _, _)| to_timestamp(stamp.at)),
        photo_ids: outcome.map(|(_, _, photos)| ids(photos)).unwrap_or_default(),
        booked_by: Some(actor_ref(&booking.by)),
        booked_at: Some(to_timestamp(booking.at)),
        note: String::new(),
        report: String::new(),
        unit_id: booking.unit.to_string(),
        steps: std::iter::once(first).chain(visit.reports.iter().map(reported)).collect(),
    }
}

fn step(kind: VisitStepKind, stamp: &Stamp) -> pb::VisitStep {
    pb::VisitStep {
        kind: kind.into(),
        report_id: stamp.report.to_string(),
        device_time: Some(to_timestamp(stamp.at)),
        sequence: stamp.sequence,
        ..pb::VisitStep::default()
    }
}

fn agreed(step: &mut pb::VisitStep, window: Window, person: Option<&PrincipalId>) {
    step.window_start = Some(to_timestamp(window.start));
    step.window_end = Some(to_timestamp(window.end));
    step.person_id = person.map(ToString::to_string).unwrap_or_default();
}

fn reported((stamp, what): (&Stamp, &What)) -> pb::VisitStep {
    match what {
        What::Moved { window, person } => {
            let mut step = step(VisitStepKind::Moved, stamp);
            agreed(&mut step, *window, person.as_ref());
            step
        }
        What::CheckedIn => step(VisitStepKind::CheckedIn, stamp),
        What::Reported { result, photos } => pb::VisitStep {
            result: result.number(),
            photo_ids: ids(photos),
            ..step(VisitStepKind::Reported, stamp)
        },
        What::Cancelled => step(VisitStepKind::Cancelled, stamp),
    }
}

fn ids(photos: &[uuid::Uuid]) -> Vec<String> {
    photos.iter().map(ToString::to_string).collect()
}

/// Out of the state.
pub(crate) fn take(ticket: &mut pb::Ticket) -> Result<Visits, InvalidState> {
    let all = std::mem::take(&mut ticket.visits).into_iter().map(taken).collect::<Result<_, _>>()?;
    Ok(Visits { all })
}

fn taken(pb: pb::Visit) -> Result<Visit, InvalidState> {
    let mut steps = pb.steps.into_iter();
    let first = known("visits.steps", steps.next())?;
    let (window, person) = taken_agreed(&first)?;
    let mut reports = BTreeMap::new();
    for step in steps {
        let stamp = Stamp {
            at: known("visits.steps.device_time", time("device_time", step.device_time)?)?,
            sequence: step.sequence,
            report: known("visits.steps.report_id", uuid("report_id", &step.report_id)?)?,
        };
        let what = match step.kind() {
            VisitStepKind::Moved => {
                let (window, person) = taken_agreed(&step)?;
                What::Moved { window, person }
            }
            VisitStepKind::CheckedIn => What::CheckedIn,
            VisitStepKind::Reported => What::Reported {
                result: known("visits.steps.result", VisitResult::from_number(step.result))?,
                photos: step
                    .photo_ids
                    .iter()
                    .map(|id| known("visits.steps.photo_ids", uuid("photo_ids", id)?))
                    .collect::<Result<_, _>>()?,
            },
            VisitStepKind::Cancelled => What::Cancelled,
            VisitStepKind::Booked | VisitStepKind::Unspecified => {
                return Err(invalid("visits.steps.kind", "unknown"));
            }
        };
        reports.insert(stamp, what);
    }
    Ok(Visit {
        id: known("visits.id", uuid("visits.id", &pb.id)?)?,
        booking: Booking {
            window,
            person,
            unit: UnitId::parse(&pb.unit_id).map_err(|error| invalid("visits.unit_id", error))?,
            by: actor("visits.booked_by", known("visits.booked_by", pb.booked_by)?)?,
            at: known("visits.booked_at", time("visits.booked_at", pb.booked_at)?)?,
        },
        reports,
    })
}

fn taken_agreed(step: &pb::VisitStep) -> Result<(Window, Option<PrincipalId>), InvalidState> {
    let window = Window {
        start: known("window_start", time("window_start", step.window_start)?)?,
        end: known("window_end", time("window_end", step.window_end)?)?,
    };
    let person = (!step.person_id.is_empty())
        .then(|| PrincipalId::parse(&step.person_id).map_err(|error| invalid("person_id", error)))
        .transpose()?;
    Ok((window, person))
}

/// Texts of its records into an answer.
pub(crate) fn fill(ticket: &mut pb::Ticket, texts: &super::Texts) {
    for visit in &mut ticket.visits {
        let text = |part: &str| texts.get(&(visit.id.clone(), part.to_owned())).cloned().unwrap_or_default();
        (visit.note, visit.report) = (text("note"), text("report"));
    }
}

/// All whom its records name.
pub(crate) fn actors(ticket: &mut pb::Ticket) -> Vec<&mut Option<ActorRef>> {
    ticket.visits.iter_mut().map(|visit| &mut visit.booked_by).collect()
}

/// What happened, as the contract has it.
pub(crate) fn change(change: &Change) -> PbChange {
    match change {
        Change::Booked { visit, window, person, note, .. } => PbChange::VisitBooked(pb::VisitBooked {
            visit_id: visit.to_string(),
            window_start: Some(to_timestamp(window.start)),
            window_end: Some(to_timestamp(window.end)),
            person_id: person.as_ref().map(ToString::to_string).unwrap_or_default(),
            note: mask_numbers(note.as_str()),
        }),
        Change::Reported(report) => report_of(report),
    }
}

fn report_of(Report { visit, stamp, what, text }: &Report) -> PbChange {
    let (visit_id, text) = (visit.to_string(), mask_numbers(text.as_str()));
    match what {
        What::Moved { window, person } => PbChange::VisitMoved(pb::VisitMoved {
            visit_id,
            window_start: Some(to_timestamp(window.start)),
            window_end: Some(to_timestamp(window.end)),
            person_id: person.as_ref().map(ToString::to_string).unwrap_or_default(),
            reason: text,
        }),
        What::CheckedIn => PbChange::VisitCheckedIn(pb::VisitCheckedIn {
            visit_id,
            checked_in_at: Some(to_timestamp(stamp.at)),
        }),
        What::Reported { result, photos } => PbChange::VisitReported(pb::VisitReported {
            visit_id,
            result: result.number(),
            reported_at: Some(to_timestamp(stamp.at)),
            report: text,
            photo_ids: ids(photos),
        }),
        What::Cancelled => PbChange::VisitCancelled(pb::VisitCancelled { visit_id, reason: text }),
    }
}

/// What people wrote in an event of this group; none for events of others.
pub(crate) fn texts(change: &mut PbChange) -> Vec<&mut String> {
    match change {
        PbChange::VisitBooked(c) => vec![&mut c.note],
        PbChange::VisitMoved(c) => vec![&mut c.reason],
        PbChange::VisitReported(c) => vec![&mut c.report],
        PbChange::VisitCancelled(c) => vec![&mut c.reason],
        _ => Vec::new(),
    }
}

/// The contract's numbers are the domain's.
const _: () = {
    assert!(VisitState::Cancelled.number() == pb::VisitState::Cancelled as i32);
    assert!(VisitResult::NotPossible.number() == pb::VisitResult::NotPossible as i32);
};
