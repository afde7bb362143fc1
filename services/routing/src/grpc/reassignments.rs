//! What the RPCs of reassignments have in common: who may do it, what is asked for, and how it is shown.

use super::{decode::given, explain_decision::course_trial, show};
use crate::{
    Rooms,
    consumers::about as about_state,
    error,
    store::{About, Progress, Reach, ReassignedTicket, Reassignment, ReassignmentState, TicketState, Within},
};
use gongdan_access::{Caller, Scope};
use gongdan_errors::{Error, Violation, Violations};
use gongdan_proto::{
    common::v1::HandoverCause,
    routing::v1::{self as pb, AssignmentStrategy, reassign_to::To},
    tickets::v1::TicketEvent,
    to_timestamp,
};
use gongdan_routing_domain::{
    duty::Leave,
    reassign::{Plan, Wish, check_strategy, check_taker, plan},
    strategy::Strategy,
};
use jiff::Timestamp;
use std::collections::HashMap;
use uuid::Uuid;

/// Tickets whose details are looked up at a time.
const AT_ONCE: i64 = 200;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Whose tickets.
    pub person_id: String,
    /// Only those with this unit; empty: with all.
    pub unit_id: String,
    /// Who gets them.
    pub wish: Wish,
    /// By which leave.
    pub leave_id: Option<Uuid>,
}

/// What that comes to.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// What the caller may reassign.
    pub scope: Scope,
    /// Units that those tickets are with.
    pub unit_ids: Vec<String>,
    /// How many others the person has in hand.
    pub left_out: i64,
    /// Whom is looked for.
    pub plan: Plan,
    /// The leave that is given or runs.
    pub leave: Option<Leave>,
    /// Whether the person is active.
    pub active: bool,
    /// What people read of them.
    pub name: String,
}

/// What a request asks for; every violation is noted.
pub fn decode(
    person_id: String,
    unit_id: String,
    to: Option<pb::ReassignTo>,
    leave_id: &str,
    violations: &mut Violations,
) -> Option<Asked> {
    if person_id.is_empty() {
        violations.add("person_id", "required");
    }
    let leave_id = match leave_id {
        "" => None,
        id => violations.field("leave_id", Uuid::try_parse(id).map_err(|_| "a UUID")),
    };
    let wish = match to.and_then(|to| to.to) {
        None => Some(Wish::Anybody),
        Some(To::Person(to)) if to.person_id.is_empty() => {
            violations.field("to.person.person_id", Err("required"))
        }
        Some(To::Person(to)) => Some(Wish::Person(to.person_id)),
        Some(To::StandIn(_)) => Some(Wish::StandIn),
        Some(To::Unit(_)) => Some(Wish::Unit),
        Some(To::Strategy(by)) => by_strategy(by, violations),
    };
    Some(Asked { person_id, unit_id, wish: wish?, leave_id }).filter(|_| violations.is_empty())
}

fn by_strategy(by: pb::ReassignByStrategy, violations: &mut Violations) -> Option<Wish> {
    let strategy = match AssignmentStrategy::try_from(by.strategy) {
        Ok(AssignmentStrategy::RoundRobin) => Ok(Strategy::RoundRobin),
        Ok(AssignmentStrategy::LeastLoaded) => Ok(Strategy::LeastLoaded),
        Ok(AssignmentStrategy::SkillWeighted) => Ok(Strategy::SkillWeighted),
        Ok(AssignmentStrategy::LastHandler) => Ok(Strategy::LastHandler),
        Ok(AssignmentStrategy::Unspecified) => Err("required"),
        Err(_) => Err("an unknown strategy"),
    };
    let strategy = violations.field("to.strategy.strategy", strategy)?;
    let found = check_strategy(strategy, &by.skills);
    for violation in &found {
        violations.add(violation.field.clone(), violation.rule.clone());
    }
    found.is_empty().then_some(Wish::Strategy { strategy, skills: by.skills })
}

/// What is asked for, as things are now.
pub async fn resolve(
    rooms: &Rooms,
    caller: &Caller,
    asked: &Asked,
    now: Timestamp,
) -> Result<Resolved, Error> {
    let named: Vec<String> = match &asked.wish {
        Wish::Person(person) => vec![person.clone(), asked.person_id.clone()],
        _ => vec![asked.person_id.clone()],
    };
    let mut people = rooms.store.persons(&named).await?;
    let person = people.get(&asked.person_id).cloned().ok_or_else(error::principal_not_found)?;
    let unit = given(asked.unit_id.clone());
    if let Some(unit) = &unit {
        rooms.store.unit(unit, None).await?.ok_or_else(error::unit_not_found)?;
    }
    let leave = leave(rooms, asked, now).await?;
    let scope = caller.scope();
    let found = rooms.store.in_hand_within(&asked.person_id, unit.as_deref(), &scope).await?;
    let Within { unit_ids, left_out } = found;
    if unit_ids.is_empty() && left_out > 0 {
        return Err(error::reassigns_none_of(left_out));
    }
    let plan = plan(&asked.wish, leave.as_ref()).map_err(|violation| error::invalid(vec![violation]))?;
    if unit_ids.is_empty() {
        return Err(error::no_tickets_in_hand());
    }
    let field = match &asked.wish {
        Wish::Person(_) => Some("to.person.person_id"),
        Wish::StandIn => Some("to.stand_in"),
        Wish::Anybody | Wish::Strategy { .. } | Wish::Unit => None,
    };
    if let Some(field) = field
        && let Some(taker) = plan.person()
    {
        if !people.contains_key(taker) {
            people.extend(rooms.store.persons(&[taker.to_owned()]).await?);
        }
        let duty = rooms.store.duty_of(&unit_ids, now).await?;
        let entry = people.get(taker);
        let found = check_taker(field, (taker, entry), &asked.person_id, &unit_ids, &duty, now);
        if let Some(violation) = found {
            return Err(error::invalid(vec![violation]));
        }
    }
    let named = rooms.store.names(std::slice::from_ref(&asked.person_id)).await?.remove(&asked.person_id);
    let name = named.filter(|name| !name.is_empty()).unwrap_or_else(|| asked.person_id.clone());
    Ok(Resolved { scope, unit_ids, left_out, plan, leave, active: person.active, name })
}

/// The leave that is given, or the one that runs.
async fn leave(rooms: &Rooms, asked: &Asked, now: Timestamp) -> Result<Option<Leave>, Error> {
    let Some(id) = asked.leave_id else {
        let leaves = rooms.store.list_leaves(Some(&asked.person_id), false, now, None, 1_000).await?;
        return Ok(leaves.into_iter().map(|record| record.leave).find(|leave| leave.covers(now)));
    };
    let record = rooms.store.leave(id).await?.ok_or_else(error::leave_not_found)?;
    let refuse = |rule: String| Err(Error::invalid(vec![Violation { field: "leave_id".to_owned(), rule }]));
    if record.leave.person_id != asked.person_id {
        return refuse(format!("a leave of `{}`", asked.person_id));
    }
    if record.cancelled_at.is_some() {
        return refuse("a leave that was not taken back".to_owned());
    }
    if record.leave.until <= now {
        return refuse("a leave that is not over".to_owned());
    }
    Ok(Some(record.leave))
}

/// Makes known what the tickets are about whose last event came before that was kept.
pub async fn learn_about(rooms: &Rooms, person: &str) -> Result<(), Error> {
    let mut after = Uuid::nil();
    loop {
        let unknown = rooms.store.unknown_in_hand(person, after, AT_ONCE).await?;
        let Some((last, _)) = unknown.last() else { return Ok(()) };
        after = *last;
        for (ticket, version) in unknown {
            let events = rooms.tickets_log.fetch(ticket, version).await?;
            let state = events.first().and_then(|event| event.decode::<TicketEvent>().ok()?.state);
            if let Some(about) = state.as_ref().and_then(about_state) {
                rooms.store.note_about(ticket, &about).await?;
            }
        }
    }
}

/// A reassignment that is the caller's business: of its units, or of tickets in its areas.
pub async fn visible(rooms: &Rooms, caller: &Caller, id: &str) -> Result<Reassignment, Error> {
    let id = Uuid::try_parse(id)
        .map_err(|_| Error::invalid(vec![Violation { field: "id".to_owned(), rule: "a UUID".to_owned() }]))?;
    let found = rooms.store.reassignment(id, &reach(caller)).await?;
    found.ok_or_else(error::reassignment_not_found)
}

/// Whose reassignments a caller sees.
pub fn reach(caller: &Caller) -> Reach {
    Reach::of(caller, &caller.scope_of("reassignments.read"))
}

/// Reassignments with how far they are.
pub async fn shown(rooms: &Rooms, many: Vec<Reassignment>) -> Result<Vec<pb::Reassignment>, Error> {
    let ids: Vec<Uuid> = many.iter().map(|one| one.id).collect();
    let far = rooms.store.progress(&ids).await?;
    let people = many.iter().flat_map(|one| [one.person_id.clone(), one.started_by.clone()]);
    let people: Vec<String> = people.collect();
    let names = rooms.store.names(&people).await?;
    Ok(many
        .into_iter()
        .map(|one| {
            let progress = far.get(&one.id).copied().unwrap_or_default();
            let name = |id: &String| names.get(id).cloned().unwrap_or_default();
            let (person_name, started_by_name) = (name(&one.person_id), name(&one.started_by));
            pb::Reassignment { person_name, started_by_name, ..reassignment(one, &progress) }
        })
        .collect())
}

/// One of them.
pub async fn shown_one(rooms: &Rooms, one: Reassignment) -> Result<pb::Reassignment, Error> {
    shown(rooms, vec![one]).await?.pop().ok_or_else(error::reassignment_not_found)
}

/// The numbers of the table are those of the contract, but for what it cannot go on with.
fn state(one: &Reassignment) -> i32 {
    match one.state {
        ReassignmentState::Running if one.plan.is_none() => pb::ReassignmentState::Unreadable.into(),
        state => state as i32,
    }
}

fn reassignment(one: Reassignment, far: &Progress) -> pb::Reassignment {
    pb::Reassignment {
        state: state(&one),
        id: one.id.to_string(),
        person_id: one.person_id,
        unit_ids: one.unit_ids,
        to: one.wish.as_ref().and_then(to),
        leave_id: one.leave_id.map(|id| id.to_string()).unwrap_or_default(),
        to_person_id: one.plan.as_ref().and_then(Plan::person).unwrap_or_default().to_owned(),
        reason: one.reason,
        progress: Some(pb::ReassignmentProgress {
            total: one.total,
            waiting: far.of(TicketState::Waiting),
            open: far.of(TicketState::Open),
            transferred: far.of(TicketState::Transferred),
            refused: far.of(TicketState::Refused),
            nobody_able: far.of(TicketState::NobodyAble),
            moved_on: far.of(TicketState::MovedOn),
            stopped: far.of(TicketState::Stopped),
        }),
        started_at: Some(to_timestamp(one.started_at)),
        started_by: one.started_by,
        finished_at: one.finished_at.map(to_timestamp),
        stopped_by: one.stopped_by,
        left_out: one.left_out,
        cause: one.cause.into(),
        ..pb::Reassignment::default()
    }
}

fn to(wish: &Wish) -> Option<pb::ReassignTo> {
    let to = match wish {
        Wish::Anybody => return None,
        Wish::Person(person) => To::Person(pb::ReassignToPerson { person_id: person.clone() }),
        Wish::Strategy { strategy, skills } => To::Strategy(pb::ReassignByStrategy {
            strategy: show::strategy(*strategy).into(),
            skills: skills.clone(),
        }),
        Wish::StandIn => To::StandIn(pb::ReassignToStandIn {}),
        Wish::Unit => To::Unit(pb::ReassignToUnit {}),
    };
    Some(pb::ReassignTo { to: Some(to) })
}

/// A ticket with what of it the caller may see, and who was considered.
pub fn ticket(
    one: ReassignedTicket,
    about: Option<&About>,
    names: &HashMap<String, String>,
) -> pb::ReassignedTicket {
    pb::ReassignedTicket {
        ticket_id: one.ticket_id.to_string(),
        ticket_number: about.map(|about| about.number.clone()).unwrap_or_default(),
        region: about.map(|about| about.region.to_string()).unwrap_or_default(),
        item: about.map(|about| about.item.clone()).unwrap_or_default(),
        unit_id: one.unit_id,
        // The numbers of the table are those of the contract.
        state: one.state.into(),
        to_person_id: one.to_person_id.unwrap_or_default(),
        decision_id: one.decision_id.map(|id| id.to_string()).unwrap_or_default(),
        why: one.why,
        courses: one.courses.iter().map(|trial| course_trial(trial, names)).collect(),
        ..pb::ReassignedTicket::default()
    }
}

/// The tickets for which a caller may see what was decided.
pub fn seen(caller: &Caller) -> gongdan_access::Scope {
    caller.scope_of("decisions.read")
}

/// Why, for the timelines of tickets: as it is written, else with the number by which clients word it.
pub fn reason(text: String, resolved: &Resolved, now: Timestamp) -> (String, i16) {
    let Some(text) = given(text) else {
        let (cause, words) = match &resolved.leave {
            _ if !resolved.active => (HandoverCause::Left, "has left"),
            Some(leave) if leave.from > now => (HandoverCause::GoesOnLeave, "goes on leave"),
            Some(_) => (HandoverCause::OnLeave, "is on leave"),
            None => (HandoverCause::HandsOver, "hands over"),
        };
        return (format!("{} {words}", resolved.name), cause as i16);
    };
    (text, 0)
}
