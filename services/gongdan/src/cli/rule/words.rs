//! What a rule does, in words.

use gongdan_proto::routing::v1::{RuleAction, rule_action::Target};

use super::Context;
use crate::cli::route::people::strategy;

/// `→ tianhe-env; P1; sensitive; assisted by a, b`
pub fn action(context: &Context, action: Option<&RuleAction>) -> String {
    let Some(action) = action else { return String::new() };
    let mut words = Vec::new();
    if let Some(target) = &action.target {
        words.push(format!("→ {}", self::target(context, target)));
    }
    if action.set_priority > 0 {
        words.push(format!("P{}", action.set_priority));
    }
    if action.mark_sensitive {
        words.push(context.text("sensitive", "敏感").to_owned());
    }
    if !action.assisting_unit_ids.is_empty() {
        words.push(format!(
            "{} {}",
            context.text("assisted by", "协办"),
            action.assisting_unit_ids.join(", ")
        ));
    }
    words.join("; ")
}

fn target(context: &Context, target: &Target) -> String {
    match target {
        Target::Unit(unit) => unit.unit_id.clone(),
        Target::Group(group) => format!("{} {}", context.text("group", "班组"), group.group_id),
        Target::Person(person) if person.unit_id.is_empty() => person.person_id.clone(),
        Target::Person(person) => format!("{} ({})", person.person_id, person.unit_id),
        Target::Desk(desk) if desk.desk_id.is_empty() => {
            context.text("the nearest desk", "就近二级客服").to_owned()
        }
        Target::Desk(desk) => desk.desk_id.clone(),
        Target::Pool(pool) if pool.unit_id.is_empty() => {
            context.text("the manual pool", "人工派单池").to_owned()
        }
        Target::FirstReceiver(_) => context.text("the first receiver", "首接单位").to_owned(),
        Target::Pool(pool) => {
            format!(
                "{} {}{}",
                context.text("pool of", "抢单池"),
                pool.unit_id,
                limit(context, pool.claim_limit)
            )
        }
        Target::Strategy(action) => {
            let strategy = strategy(context, action.strategy());
            let skills = if action.skills.is_empty() {
                String::new()
            } else {
                format!(" [{}]", action.skills.join(" "))
            };
            let limit = limit(context, action.claim_limit);
            format!("{} {}: {strategy}{skills}{limit}", context.text("a person of", "人员"), action.unit_id)
        }
    }
}

/// How many tickets from pools a person may have who claims it.
fn limit(context: &Context, claim_limit: i32) -> String {
    match claim_limit {
        0 => String::new(),
        limit => format!(", {} {limit}", context.text("claim limit", "抢单上限")),
    }
}
