//! `RuleService.PutRule`

use super::{
    decode::{etag, given, request_id, request_key},
    show,
};
use crate::{
    Rooms,
    store::{RuleWrite, Shelf},
};
use gongdan_auth::Actor;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{
    self as pb, AssignmentStrategy, PutRuleRequest, StrategyFallback, rule_action,
};
use gongdan_routing_domain::{
    Rule, RuleAction, RuleTarget,
    strategy::{Otherwise, Strategy, StrategyTarget},
};

pub(super) async fn put_rule(
    rooms: &Rooms,
    actor: &Actor,
    mut request: PutRuleRequest,
) -> Result<pb::Rule, Error> {
    let mut violations = Violations::new();
    let id = violations.field("request_id", request_id(&std::mem::take(&mut request.request_id)));
    let guard = etag(&std::mem::take(&mut request.etag));
    let shelf = Shelf::of(request.draft);
    let key = id.map(|id| request_key(&actor.principal_id, "PutRule", id, &request));
    let Some(message) = request.rule else {
        violations.add("rule", "required");
        return Err(violations.into_error());
    };
    let Some(key) = key else { return Err(violations.into_error()) };
    if let Some(revision) = rooms.store.answered_rule(&key).await? {
        return Ok(show::rule(&revision));
    }
    let now = rooms.clock.now();
    let mut rule = decode(message)?;
    if rule.id.is_empty() {
        rule.id = gongdan_clock::new_id(now).to_string();
    }
    let write = RuleWrite { shelf, etag: guard, by: actor.principal_id.clone(), now };
    Ok(show::rule(&rooms.store.put_rule(rule, &write, &key).await?))
}

fn decode(message: pb::Rule) -> Result<Rule, Error> {
    let mut violations = Violations::new();
    let action = message.action.unwrap_or_default();
    let set_priority = violations.field(
        "rule.action.set_priority",
        u8::try_from(action.set_priority).map_err(|_| "1 to 5, or 0 to leave it"),
    );
    let target = action.target.and_then(|target| target_of(target, &mut violations));
    let Some(set_priority) = set_priority.filter(|_| violations.is_empty()) else {
        return Err(violations.into_error());
    };
    Ok(Rule {
        id: message.id,
        name: message.name,
        position: message.position,
        when: message.when,
        action: RuleAction {
            target,
            assisting_unit_ids: action.assisting_unit_ids,
            mark_sensitive: action.mark_sensitive,
            set_priority,
        },
        disabled: message.disabled,
    })
}

fn target_of(target: rule_action::Target, violations: &mut Violations) -> Option<RuleTarget> {
    Some(match target {
        rule_action::Target::Unit(unit) => RuleTarget::Unit { unit_id: unit.unit_id },
        rule_action::Target::Group(group) => RuleTarget::Group { group_id: group.group_id },
        rule_action::Target::Person(person) => {
            RuleTarget::Person { person_id: person.person_id, unit_id: given(person.unit_id) }
        }
        rule_action::Target::Desk(desk) => RuleTarget::Desk { desk_id: given(desk.desk_id) },
        rule_action::Target::Pool(pool) => {
            let claim_limit = violations.field("rule.action.pool.claim_limit", limit(pool.claim_limit));
            RuleTarget::Pool { unit_id: given(pool.unit_id), reason: pool.reason, claim_limit: claim_limit? }
        }
        rule_action::Target::FirstReceiver(_) => RuleTarget::FirstReceiver,
        rule_action::Target::Strategy(action) => {
            let strategy = violations.field("rule.action.strategy.strategy", strategy(&action));
            let otherwise = violations.field("rule.action.strategy.otherwise", otherwise(&action));
            let capacity = violations.field("rule.action.strategy.capacity", limit(action.capacity));
            let claim_limit = violations.field("rule.action.strategy.claim_limit", limit(action.claim_limit));
            RuleTarget::Strategy(StrategyTarget {
                unit_id: action.unit_id,
                strategy: strategy?,
                skills: action.skills,
                capacity: capacity?,
                otherwise: otherwise?,
                claim_limit: claim_limit?,
            })
        }
    })
}

fn limit(number: i32) -> Result<u32, &'static str> {
    u32::try_from(number).map_err(|_| "0 or more")
}

fn strategy(action: &pb::StrategyAction) -> Result<Strategy, &'static str> {
    match AssignmentStrategy::try_from(action.strategy) {
        Ok(AssignmentStrategy::RoundRobin) => Ok(Strategy::RoundRobin),
        Ok(AssignmentStrategy::LeastLoaded) => Ok(Strategy::LeastLoaded),
        Ok(AssignmentStrategy::SkillWeighted) => Ok(Strategy::SkillWeighted),
        Ok(AssignmentStrategy::LastHandler) => Ok(Strategy::LastHandler),
        Ok(AssignmentStrategy::Unspecified) => Err("required"),
        Err(_) => Err("an unknown strategy"),
    }
}

fn otherwise(action: &pb::StrategyAction) -> Result<Otherwise, &'static str> {
    match StrategyFallback::try_from(action.otherwise) {
        Ok(StrategyFallback::Unspecified | StrategyFallback::UnitPool) => Ok(Otherwise::Pool),
        Ok(StrategyFallback::NextRule) => Ok(Otherwise::NextRule),
        Err(_) => Err("an unknown fallback"),
    }
}
