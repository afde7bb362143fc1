//! `DecisionService.ExplainDecision`

use super::{decode::ticket, preview_reassignment::considered, show};
use crate::{
    Rooms, error,
    store::{DecisionName, RuleRevision},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{self as pb, ExplainDecisionRequest, ExplainDecisionResponse};
use gongdan_region::{RegionCode, Regions};
use gongdan_routing_domain::{
    Area, Detail, DirectOutcome, DirectTrial, Outcome, PersonOutcome, RuleTrial, StaffTrial, parts,
    reassign::{CourseKind, CourseTrial},
    responsible::ChargeKind,
};
use std::collections::HashMap;
use uuid::Uuid;

pub(super) async fn explain_decision(
    rooms: &Rooms,
    caller: &Caller,
    request: ExplainDecisionRequest,
) -> Result<ExplainDecisionResponse, Error> {
    let stored = rooms.store.decision(&decode(&request)?).await?.ok_or_else(error::decision_not_found)?;
    if !rooms.store.sees(&caller.scope(), stored.ticket_id).await? {
        return Err(error::decision_not_found());
    }
    gongdan_audit::touched("ticket", stored.ticket_id);
    gongdan_audit::touched("decision", stored.id);
    let explanation = &stored.explanation;
    let revisions: Vec<i64> = explanation.rules.iter().map(|trial| trial.0).collect();
    let revisions = rooms.store.rule_revisions(&revisions).await?;
    let area_ids: Vec<i64> = explanation.areas.iter().map(|trial| trial.0).collect();
    let areas = rooms.store.areas_by_id(&area_ids).await?;
    let handed = explanation.courses.iter().filter_map(|trial| trial.1.as_ref());
    let mut considered = considered(explanation.staff.iter().chain(handed));
    considered.extend(stored.handover.as_ref().map(|handover| handover.from_person_id.clone()));
    considered.extend(explanation.direct.iter().map(|trial| trial.person.clone()));
    let desks: Vec<String> = explanation.desks.iter().map(|trial| trial.0.clone()).collect();
    let desk_names = if desks.is_empty() { HashMap::new() } else { rooms.store.unit_names(&desks).await? };
    let names = if considered.is_empty() { HashMap::new() } else { rooms.store.names(&considered).await? };
    let staff: HashMap<i64, &StaffTrial> =
        explanation.staff.iter().map(|trial| (trial.revision, trial)).collect();
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    Ok(ExplainDecisionResponse {
        decision: Some(show::decision(&stored)),
        excluded_unit_ids: explanation.excluded.clone(),
        rules: explanation
            .rules
            .iter()
            .filter_map(|trial| {
                let shown = rule(trial, revisions.get(&trial.0)?);
                Some(match staff.get(&trial.0) {
                    Some(people) => staffed(shown, people, &names),
                    None => shown,
                })
            })
            .collect(),
        areas: explanation
            .areas
            .iter()
            .filter_map(|trial| {
                let (found, unit_name) = areas.get(&trial.0)?;
                Some(area(found, unit_name, trial.1))
            })
            .collect(),
        areas_of_other_items: count(explanation.other_items),
        rules_in_force: count(explanation.in_force),
        arbitration: explanation.arbitration,
        responsible: explanation.direct.iter().map(|trial| responsible(trial, &names)).collect(),
        desks: explanation
            .desks
            .iter()
            .map(|trial| pb::DeskTrial {
                unit_id: trial.0.clone(),
                unit_name: desk_names.get(&trial.0).cloned().unwrap_or_default(),
                outcome: trial_outcome(trial.1).into(),
            })
            .collect(),
        reassignment: stored.handover.as_ref().map(|handover| pb::ReassignmentTrial {
            reassignment_id: handover.reassignment_id.to_string(),
            from_person_name: names.get(&handover.from_person_id).cloned().unwrap_or_default(),
            from_person_id: handover.from_person_id.clone(),
            courses: explanation.courses.iter().map(|trial| course_trial(trial, &names)).collect(),
        }),
    })
}

fn decode(request: &ExplainDecisionRequest) -> Result<DecisionName, Error> {
    const RULE: &str = "exactly one of ticket and decision_id";
    let mut violations = Violations::new();
    let name = match (request.ticket.as_str(), request.decision_id.as_str()) {
        ("", "") => violations.field("ticket", Err(RULE)),
        (name, "") => violations.field("ticket", ticket(name)),
        ("", id) => violations
            .field("decision_id", Uuid::try_parse(id).map(DecisionName::Decision).map_err(|_| "a UUID")),
        _ => violations.field("decision_id", Err(RULE)),
    };
    name.ok_or_else(|| violations.into_error())
}

fn rule(trial: &RuleTrial, revision: &RuleRevision) -> pb::RuleTrial {
    let RuleTrial(_, outcome, detail) = trial;
    let written = &revision.rule;
    let detail = match detail {
        None => String::new(),
        Some(Detail::Text(text)) => text.clone(),
        Some(Detail::Part(number)) => {
            parts(&written.when).get(*number).copied().unwrap_or_default().to_owned()
        }
    };
    pb::RuleTrial {
        rule_id: written.id.clone(),
        rule_name: written.name.clone(),
        position: written.position,
        when: written.when.clone(),
        outcome: trial_outcome(*outcome).into(),
        detail,
        ..pb::RuleTrial::default()
    }
}

/// What a reassignment tried.
pub(super) fn course_trial(trial: &CourseTrial, names: &HashMap<String, String>) -> pb::CourseTrial {
    let CourseTrial(kind, staff) = trial;
    let course = match kind {
        CourseKind::Person => pb::ReassignmentCourse::Person,
        CourseKind::StandIn => pb::ReassignmentCourse::StandIn,
        CourseKind::Strategy => pb::ReassignmentCourse::Strategy,
        CourseKind::Unit => pb::ReassignmentCourse::Unit,
    };
    let strategy = staff.as_ref().filter(|_| *kind == CourseKind::Strategy);
    let (people, more_people) = staff.as_ref().map(|staff| people(staff, names)).unwrap_or_default();
    pb::CourseTrial {
        course: course.into(),
        strategy: strategy.map_or(0, |staff| show::strategy(staff.strategy).into()),
        people,
        more_people,
    }
}

/// With the people it considered.
fn staffed(shown: pb::RuleTrial, trial: &StaffTrial, names: &HashMap<String, String>) -> pb::RuleTrial {
    let (people, more_people) = people(trial, names);
    pb::RuleTrial { strategy: show::strategy(trial.strategy).into(), people, more_people, ..shown }
}

/// Everybody who is named, and how many others there were.
fn people(
    trial: &StaffTrial,
    names: &HashMap<String, String>,
) -> (Vec<pb::PersonTrial>, Vec<pb::PersonCount>) {
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let people = trial.people().into_iter().map(|person| pb::PersonTrial {
        person_name: names.get(&person.person).cloned().unwrap_or_default(),
        person_id: person.person,
        outcome: person_outcome(person.outcome).into(),
        load: number(person.load),
        capacity: number(person.capacity),
        score: number(person.score),
    });
    let more = trial.more().iter().map(|(outcome, count)| pb::PersonCount {
        outcome: person_outcome(*outcome).into(),
        count: number(*count),
    });
    (people.collect(), more.collect())
}

const fn person_outcome(outcome: PersonOutcome) -> pb::PersonOutcome {
    match outcome {
        PersonOutcome::Chosen => pb::PersonOutcome::Chosen,
        PersonOutcome::Behind => pb::PersonOutcome::Behind,
        PersonOutcome::Full => pb::PersonOutcome::Full,
        PersonOutcome::OffDuty => pb::PersonOutcome::OffDuty,
        PersonOutcome::OnLeave => pb::PersonOutcome::OnLeave,
        PersonOutcome::Replaced => pb::PersonOutcome::Replaced,
        PersonOutcome::LacksSkill => pb::PersonOutcome::LacksSkill,
        PersonOutcome::ReturnedIt => pb::PersonOutcome::ReturnedIt,
        PersonOutcome::Inactive => pb::PersonOutcome::Inactive,
        PersonOutcome::HandsOver => pb::PersonOutcome::HandsOver,
        PersonOutcome::NotOfUnit => pb::PersonOutcome::NotOfUnit,
        PersonOutcome::MayNotSeeIt => pb::PersonOutcome::MayNotSeeIt,
        PersonOutcome::PutItBack => pb::PersonOutcome::PutItBack,
    }
}

/// Without the customer or asset: the ticket says it to who may see it.
fn responsible(trial: &DirectTrial, names: &HashMap<String, String>) -> pb::ResponsibleTrial {
    let charge = match trial.kind {
        ChargeKind::Asset => pb::ChargeKind::Asset,
        ChargeKind::Customer => pb::ChargeKind::Customer,
    };
    pb::ResponsibleTrial {
        charge: charge.into(),
        item: trial.item.clone(),
        person_id: trial.person.clone(),
        person_name: names.get(&trial.person).cloned().unwrap_or_default(),
        unit_id: trial.unit.clone(),
        outcome: direct_outcome(trial.outcome).into(),
        stand_in_id: trial.stand_in.clone().unwrap_or_default(),
    }
}

const fn direct_outcome(outcome: DirectOutcome) -> pb::ResponsibleOutcome {
    match outcome {
        DirectOutcome::Chosen => pb::ResponsibleOutcome::Chosen,
        DirectOutcome::StandIn => pb::ResponsibleOutcome::StandIn,
        DirectOutcome::UnitOnLeave => pb::ResponsibleOutcome::UnitOnLeave,
        DirectOutcome::UnitOffDuty => pb::ResponsibleOutcome::UnitOffDuty,
        DirectOutcome::Inactive => pb::ResponsibleOutcome::Inactive,
        DirectOutcome::LeftUnit => pb::ResponsibleOutcome::LeftUnit,
        DirectOutcome::UnitGone => pb::ResponsibleOutcome::UnitGone,
        DirectOutcome::ReturnedIt => pb::ResponsibleOutcome::ReturnedIt,
        DirectOutcome::Behind => pb::ResponsibleOutcome::Behind,
        DirectOutcome::OutOfRegion => pb::ResponsibleOutcome::OutOfRegion,
        DirectOutcome::UnitNoHandler => pb::ResponsibleOutcome::UnitNoHandler,
        DirectOutcome::EscalatedFrom => pb::ResponsibleOutcome::EscalatedFrom,
        DirectOutcome::UnitMayNotSeeIt => pb::ResponsibleOutcome::UnitMayNotSeeIt,
    }
}

fn area(area: &Area, unit_name: &str, outcome: Outcome) -> pb::AreaTrial {
    let region = RegionCode::from_i64(area.range.start);
    pb::AreaTrial {
        area: Some(show::area(area)),
        outcome: trial_outcome(outcome).into(),
        region_name: region.map(|code| Regions::national().path_name(code)).unwrap_or_default(),
        unit_name: unit_name.to_owned(),
    }
}

const fn trial_outcome(outcome: Outcome) -> pb::TrialOutcome {
    match outcome {
        Outcome::Chosen => pb::TrialOutcome::Chosen,
        Outcome::Marked => pb::TrialOutcome::Marked,
        Outcome::NotMatched => pb::TrialOutcome::NotMatched,
        Outcome::Failed => pb::TrialOutcome::Failed,
        Outcome::ReturnedIt => pb::TrialOutcome::ReturnedIt,
        Outcome::TargetGone => pb::TrialOutcome::TargetGone,
        Outcome::LessSpecific => pb::TrialOutcome::LessSpecific,
        Outcome::NobodyAble => pb::TrialOutcome::NobodyAble,
        Outcome::EscalatedFrom => pb::TrialOutcome::EscalatedFrom,
        Outcome::MayNotSeeIt => pb::TrialOutcome::MayNotSeeIt,
    }
}
