//! Who answers for the ticket's asset or customer, and desks, as lines of the tree. Source: R5.

use gongdan_proto::routing::v1::{
    ChargeKind, DeskTrial, ExplainDecisionResponse, ResponsibleOutcome, ResponsibleTrial,
};

use super::{
    Context,
    explain::{mark, outcome as desk_outcome},
    tree::Tree,
};

/// Responsible people; none when nobody answers for it.
pub fn responsible(context: &Context, explained: &ExplainDecisionResponse) -> Option<Tree> {
    if explained.responsible.is_empty() {
        return None;
    }
    let mut tree = Tree::new(context.text("who answers for it", "责任人（直派）"));
    for trial in &explained.responsible {
        tree.add(Tree::new(person(context, trial)));
    }
    Some(tree)
}

fn person(context: &Context, trial: &ResponsibleTrial) -> String {
    let charge = match trial.charge() {
        ChargeKind::Unspecified => "",
        ChargeKind::Asset => context.text("the asset", "资产"),
        ChargeKind::Customer => context.text("the customer", "客户"),
    };
    let branch = if trial.item.is_empty() { String::new() } else { format!(" {}", trial.item) };
    let mark = match trial.outcome() {
        outcome if decided(outcome) => "✓",
        ResponsibleOutcome::Behind | ResponsibleOutcome::Unspecified => "·",
        _ => "✗",
    };
    let who = if trial.person_name.is_empty() {
        trial.person_id.clone()
    } else {
        format!("{} {}", trial.person_id, trial.person_name)
    };
    let why = outcome(context, trial.outcome());
    let stand_in =
        if trial.stand_in_id.is_empty() { String::new() } else { format!(": {}", trial.stand_in_id) };
    format!("{mark} {charge}{branch} → {who} ({})  {why}{stand_in}", trial.unit_id)
}

/// Whether the ticket went so.
pub const fn decided(outcome: ResponsibleOutcome) -> bool {
    matches!(
        outcome,
        ResponsibleOutcome::Chosen
            | ResponsibleOutcome::StandIn
            | ResponsibleOutcome::UnitOnLeave
            | ResponsibleOutcome::UnitOffDuty
            | ResponsibleOutcome::UnitNoHandler
            | ResponsibleOutcome::UnitMayNotSeeIt
    )
}

fn outcome(context: &Context, outcome: ResponsibleOutcome) -> &str {
    match outcome {
        ResponsibleOutcome::Unspecified => "",
        ResponsibleOutcome::Chosen => context.text("gets it", "派给此人"),
        ResponsibleOutcome::StandIn => context.text("on leave, the stand-in gets it", "请假，派给替班人"),
        ResponsibleOutcome::UnitOnLeave => {
            context.text("on leave, nobody stands in, the unit gets it", "请假且无人替班，派给单位")
        }
        ResponsibleOutcome::UnitOffDuty => context.text("off duty, the unit gets it", "不当班，派给单位"),
        ResponsibleOutcome::Inactive => context.text("not active", "已停用"),
        ResponsibleOutcome::LeftUnit => context.text("not of the unit any more", "已不属于该单位"),
        ResponsibleOutcome::UnitGone => context.text("the unit is not there at this time", "单位此时不可用"),
        ResponsibleOutcome::ReturnedIt => context.text("returned it in this round", "本轮已退单"),
        ResponsibleOutcome::Behind => context.text("somebody else comes first", "他人优先"),
        ResponsibleOutcome::UnitNoHandler => {
            context.text("takes no tickets on, the unit gets it", "不承办工单，派给单位")
        }
        ResponsibleOutcome::EscalatedFrom => {
            context.text("it was escalated from the unit in this round", "本轮已由该单位升级")
        }
        ResponsibleOutcome::UnitMayNotSeeIt => {
            context.text("may not see sensitive tickets, the unit gets it", "无权查看敏感工单，派给单位")
        }
        ResponsibleOutcome::OutOfRegion => context.text("not of the unit's region", "不在该单位辖区"),
    }
}

/// Desks; none when an earlier step decided.
pub fn desks(context: &Context, explained: &ExplainDecisionResponse) -> Option<Tree> {
    if explained.desks.is_empty() {
        return None;
    }
    let mut tree =
        Tree::new(context.text("second-level desks, the nearest first", "二级客服，从近到远（转派）"));
    for trial in &explained.desks {
        tree.add(Tree::new(desk(context, trial)));
    }
    Some(tree)
}

fn desk(context: &Context, trial: &DeskTrial) -> String {
    let outcome = trial.outcome();
    format!("{} {} {}  {}", mark(outcome), trial.unit_id, trial.unit_name, desk_outcome(context, outcome))
}
