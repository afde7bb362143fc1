//! Areas, rules and decisions as the contract has them.

use crate::{
    events::{dispatch_target, pool_target},
    store::{Drafted, RuleRevision, RuleSet, StoredDecision},
};
use gongdan_proto::{
    routing::v1::{self as pb, decision, rule_action},
    to_timestamp,
};
use gongdan_region::{RegionCode, Regions};
use gongdan_routing_domain::{
    Area, RuleAction, RuleTarget, Target, changed, differences,
    finding::{Finding, FindingKind},
    strategy::{Otherwise, Strategy},
};

/// An area; `region_to` only where the range is not the subtree of a region.
pub fn area(area: &Area) -> pb::Area {
    let first = RegionCode::from_i64(area.range.start);
    let subtree = first.is_ok_and(|code| Regions::national().range(code) == area.range);
    pb::Area {
        id: area.id,
        region: format!("{:012}", area.range.start),
        region_to: if subtree { String::new() } else { format!("{:012}", area.range.end) },
        item: area.item.clone(),
        unit_id: area.unit_id.clone(),
    }
}

/// A rule.
pub fn rule(revision: &RuleRevision) -> pb::Rule {
    let rule = &revision.rule;
    pb::Rule {
        id: rule.id.clone(),
        name: rule.name.clone(),
        position: rule.position,
        when: rule.when.clone(),
        action: Some(action(&rule.action)),
        disabled: rule.disabled,
        etag: revision.revision.to_string(),
        updated_at: Some(to_timestamp(revision.written_at)),
    }
}

/// A set of rules.
pub fn rule_set(set: &RuleSet) -> pb::RuleSet {
    pb::RuleSet {
        number: set.number,
        // The numbers of the table are those of the contract.
        kind: set.kind as i32,
        published_at: Some(to_timestamp(set.published_at)),
        published_by: set.published_by.clone(),
        note: set.note.clone(),
        rules: set.rules,
        rolled_back_to: set.rolled_back_to.unwrap_or_default(),
    }
}

/// A rule that is new, gone or different.
pub fn rule_change((before, after): (Option<&RuleRevision>, Option<&RuleRevision>)) -> pb::RuleChange {
    let id = after.or(before).map(|one| one.rule.id.clone());
    let fields = match (before, after) {
        (Some(before), Some(after)) => differences(&before.rule, &after.rule),
        _ => Vec::new(),
    };
    pb::RuleChange {
        rule_id: id.unwrap_or_default(),
        before: before.map(rule),
        after: after.map(rule),
        fields: fields.into_iter().map(str::to_owned).collect(),
    }
}

/// The draft, with what it changes.
pub fn draft(drafted: &Drafted) -> pb::RuleDraft {
    let draft = &drafted.draft;
    let changes = changed(&drafted.before, &drafted.after, |one| &one.rule).into_iter().map(|pair| {
        let change = rule_change(pair);
        let made = drafted.change(&change.rule_id);
        pb::RuleDraftChange {
            changed_by: made.map(|made| made.changed_by.clone()).unwrap_or_default(),
            changed_at: made.map(|made| to_timestamp(made.changed_at)),
            behind: made.is_some_and(|made| drafted.is_behind(made)),
            change: Some(change),
        }
    });
    pb::RuleDraft {
        etag: drafted.etag(),
        opened_by: draft.opened_by.clone(),
        opened_at: draft.opened_at.map(to_timestamp),
        changes: changes.collect(),
        in_force: drafted.in_force,
        rules: i32::try_from(drafted.after.len()).unwrap_or(i32::MAX),
        next_page_token: String::new(),
    }
}

fn action(action: &RuleAction) -> pb::RuleAction {
    let target = action.target.clone().map(|target| match target {
        RuleTarget::Unit { unit_id } => rule_action::Target::Unit(pb::UnitAction { unit_id }),
        RuleTarget::Group { group_id } => rule_action::Target::Group(pb::GroupAction { group_id }),
        RuleTarget::Person { person_id, unit_id } => {
            rule_action::Target::Person(pb::PersonAction { person_id, unit_id: unit_id.unwrap_or_default() })
        }
        RuleTarget::Desk { desk_id } => {
            rule_action::Target::Desk(pb::DeskAction { desk_id: desk_id.unwrap_or_default() })
        }
        RuleTarget::Pool { unit_id, reason, claim_limit } => rule_action::Target::Pool(pb::PoolAction {
            unit_id: unit_id.unwrap_or_default(),
            reason,
            claim_limit: i32::try_from(claim_limit).unwrap_or(i32::MAX),
        }),
        RuleTarget::FirstReceiver => rule_action::Target::FirstReceiver(pb::FirstReceiverAction {}),
        RuleTarget::Strategy(target) => rule_action::Target::Strategy(pb::StrategyAction {
            unit_id: target.unit_id,
            strategy: strategy(target.strategy).into(),
            skills: target.skills,
            capacity: i32::try_from(target.capacity).unwrap_or(i32::MAX),
            otherwise: match target.otherwise {
                Otherwise::Pool => pb::StrategyFallback::UnitPool.into(),
                Otherwise::NextRule => pb::StrategyFallback::NextRule.into(),
            },
            claim_limit: i32::try_from(target.claim_limit).unwrap_or(i32::MAX),
        }),
    });
    pb::RuleAction {
        target,
        assisting_unit_ids: action.assisting_unit_ids.clone(),
        mark_sensitive: action.mark_sensitive,
        set_priority: action.set_priority.into(),
    }
}

/// The contract's word for a strategy.
pub const fn strategy(strategy: Strategy) -> pb::AssignmentStrategy {
    match strategy {
        Strategy::RoundRobin => pb::AssignmentStrategy::RoundRobin,
        Strategy::LeastLoaded => pb::AssignmentStrategy::LeastLoaded,
        Strategy::SkillWeighted => pb::AssignmentStrategy::SkillWeighted,
        Strategy::LastHandler => pb::AssignmentStrategy::LastHandler,
    }
}

/// A decision.
pub fn decision(stored: &StoredDecision) -> pb::Decision {
    let target = match stored.target {
        Target::Dispatch { .. } => decision::Target::Dispatch(dispatch_target(&stored.target)),
        Target::Pool { .. } => decision::Target::Pool(pool_target(&stored.target)),
    };
    pb::Decision {
        id: stored.id.to_string(),
        ticket_id: stored.ticket_id.to_string(),
        ticket_number: stored.ticket_number.clone(),
        ticket_version: stored.ticket_version,
        round: stored.round,
        region: stored.region.to_string(),
        item: stored.item.clone(),
        decided_at: Some(to_timestamp(stored.decided_at)),
        target: Some(target),
        rule_id: stored.rule_id.clone().unwrap_or_default(),
        area_id: stored.area_id.unwrap_or_default(),
        assisting_unit_ids: stored.assisting_unit_ids.clone(),
        mark_sensitive: stored.mark_sensitive,
        set_priority: stored.set_priority,
        summary: stored.summary.clone(),
        // The numbers of the table are those of the contract.
        state: stored.state.into(),
        refusal: stored.refusal.clone(),
        answered_at: stored.answered_at.map(to_timestamp),
        sent: i32::try_from(stored.version).unwrap_or(i32::MAX),
        reassignment_id: stored
            .handover
            .as_ref()
            .map(|handover| handover.reassignment_id.to_string())
            .unwrap_or_default(),
        from_person_id: stored
            .handover
            .as_ref()
            .map(|handover| handover.from_person_id.clone())
            .unwrap_or_default(),
    }
}

/// Something to be looked after in the organisation.
pub fn finding(found: &Finding) -> pb::OrganisationFinding {
    let kind = match found.kind {
        FindingKind::UnitEndsWithTickets => pb::OrganisationFindingKind::UnitEndsWithTickets,
        FindingKind::UnitEndsWithAreas => pb::OrganisationFindingKind::UnitEndsWithAreas,
        FindingKind::UnitEndsWithRules => pb::OrganisationFindingKind::UnitEndsWithRules,
        FindingKind::UnitEndsWithRosters => pb::OrganisationFindingKind::UnitEndsWithRosters,
        FindingKind::UnitEndsAboveOthers => pb::OrganisationFindingKind::UnitEndsAboveOthers,
        FindingKind::UnitWithoutPeople => pb::OrganisationFindingKind::UnitWithoutPeople,
        FindingKind::NobodyOnDuty => pb::OrganisationFindingKind::NobodyOnDuty,
        FindingKind::PersonGoneWithTickets => pb::OrganisationFindingKind::PersonGoneWithTickets,
        FindingKind::PersonGoneInRules => pb::OrganisationFindingKind::PersonGoneInRules,
        FindingKind::PersonGoneInRosters => pb::OrganisationFindingKind::PersonGoneInRosters,
        FindingKind::UnitEndsWithResponsibilities => {
            pb::OrganisationFindingKind::UnitEndsWithResponsibilities
        }
        FindingKind::PersonGoneInResponsibilities => {
            pb::OrganisationFindingKind::PersonGoneInResponsibilities
        }
        FindingKind::PersonPlanFailed => pb::OrganisationFindingKind::PersonPlanFailed,
        FindingKind::TicketsNotYetKnown => pb::OrganisationFindingKind::TicketsNotYetKnown,
    };
    pb::OrganisationFinding {
        kind: kind.into(),
        field: found.field.clone(),
        unit_id: found.unit_id.clone(),
        person_id: found.person_id.clone(),
        since: found.since.map(to_timestamp),
        tickets: found.tickets,
        what: found.what.clone(),
        advice: found.advice.clone(),
    }
}
