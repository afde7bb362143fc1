//! People whom a rule with a strategy considered, as lines of the tree.

use gongdan_proto::routing::v1::{
    AssignmentStrategy, CourseTrial, PersonCount, PersonOutcome, PersonTrial, ReassignmentCourse, RuleTrial,
};

use super::{Context, tree::Tree};
use crate::cli::Lang;

/// Below a rule: `round robin`, then a line for each who was weighed, and one for the others of each kind.
pub fn add(context: &Context, tree: &mut Tree, trial: &RuleTrial) {
    if trial.strategy() == AssignmentStrategy::Unspecified {
        return;
    }
    let strategy = strategy(context, trial.strategy());
    tree.add(considered(context, strategy, &trial.people, &trial.more_people));
}

/// A way that a reassignment tried.
pub fn course(context: &Context, trial: &CourseTrial) -> Tree {
    let named = way(context, trial.course(), trial.strategy());
    if trial.course() == ReassignmentCourse::Unit {
        return Tree::new(named);
    }
    considered(context, named, &trial.people, &trial.more_people)
}

/// What a way is called.
pub fn way(context: &Context, course: ReassignmentCourse, by: AssignmentStrategy) -> &str {
    match course {
        ReassignmentCourse::Unspecified => "",
        ReassignmentCourse::Person => context.text("who was named", "指定人员"),
        ReassignmentCourse::StandIn => context.text("who stands in", "替班人员"),
        ReassignmentCourse::Strategy => strategy(context, by),
        ReassignmentCourse::Unit => context.text("the unit, without a person", "单位，不指定人员"),
    }
}

/// Why a way led to nobody, in a line of Chinese: the English one comes with the ticket.
pub fn reasons(context: &Context, trial: &CourseTrial) -> String {
    let counted = KINDS.map(|kind| {
        let named = trial.people.iter().filter(|person| person.outcome() == kind).count();
        let more = trial.more_people.iter().filter(|more| more.outcome() == kind);
        (kind, named + more.map(|more| count(more.count)).sum::<usize>())
    });
    let said: Vec<String> = counted
        .into_iter()
        .filter(|(_, people)| *people > 0)
        .map(|(kind, people)| format!("{people} 人{}", outcome(context, kind)))
        .collect();
    let said = if said.is_empty() { "没有经办人".to_owned() } else { said.join("、") };
    format!("{}：{said}", way(context, trial.course(), trial.strategy()))
}

fn considered(context: &Context, way: &str, people: &[PersonTrial], more_people: &[PersonCount]) -> Tree {
    let considered = people.len() + more_people.iter().map(|more| count(more.count)).sum::<usize>();
    let mut below = Tree::new(match context.lang() {
        Lang::En if considered == 1 => format!("{way}: 1 person considered"),
        Lang::En => format!("{way}: {considered} people considered"),
        Lang::Zh => format!("{way}：考虑了 {considered} 人"),
    });
    for person in people.iter().filter(|person| person.capacity > 0) {
        below.add(Tree::new(weighed(context, person)));
    }
    for kind in KINDS {
        let named: Vec<String> = people
            .iter()
            .filter(|person| person.capacity == 0 && person.outcome() == kind)
            .map(who)
            .collect();
        if !named.is_empty() {
            below.add(Tree::new(format!("✗ {}: {}", outcome(context, kind), named.join(", "))));
        }
    }
    for more in more_people {
        let kind = outcome(context, more.outcome());
        below.add(Tree::new(match context.lang() {
            Lang::En => format!("{} more: {kind}", more.count),
            Lang::Zh => format!("另有 {} 人：{kind}", more.count),
        }));
    }
    below
}

const KINDS: [PersonOutcome; 11] = [
    PersonOutcome::OffDuty,
    PersonOutcome::OnLeave,
    PersonOutcome::Replaced,
    PersonOutcome::LacksSkill,
    PersonOutcome::ReturnedIt,
    PersonOutcome::Inactive,
    PersonOutcome::Full,
    PersonOutcome::HandsOver,
    PersonOutcome::NotOfUnit,
    PersonOutcome::MayNotSeeIt,
    PersonOutcome::PutItBack,
];

fn count(number: i32) -> usize {
    usize::try_from(number).unwrap_or(0)
}

fn who(person: &PersonTrial) -> String {
    if person.person_name.is_empty() {
        person.person_id.clone()
    } else {
        format!("{} {}", person.person_id, person.person_name)
    }
}

fn weighed(context: &Context, person: &PersonTrial) -> String {
    let mark = match person.outcome() {
        PersonOutcome::Chosen => "✓",
        PersonOutcome::Behind => "·",
        _ => "✗",
    };
    let load = match context.lang() {
        Lang::En => format!("{} of {} in hand", person.load, person.capacity),
        Lang::Zh => format!("在办 {}/{}", person.load, person.capacity),
    };
    let score = match context.lang() {
        _ if person.score == 0 => String::new(),
        Lang::En => format!(", skills {}", person.score),
        Lang::Zh => format!("，技能分 {}", person.score),
    };
    format!("{mark} {}  {load}{score}  {}", who(person), outcome(context, person.outcome()))
}

/// What a strategy is called.
pub fn strategy(context: &Context, strategy: AssignmentStrategy) -> &str {
    match strategy {
        AssignmentStrategy::Unspecified => "",
        AssignmentStrategy::RoundRobin => context.text("round robin", "轮流"),
        AssignmentStrategy::LeastLoaded => context.text("least loaded", "负荷最小"),
        AssignmentStrategy::SkillWeighted => context.text("skill weighted", "按技能加权"),
        AssignmentStrategy::LastHandler => context.text("last handler", "原经办人优先"),
    }
}

fn outcome(context: &Context, outcome: PersonOutcome) -> &str {
    match outcome {
        PersonOutcome::Unspecified => "",
        PersonOutcome::Chosen => context.text("gets it", "派给此人"),
        PersonOutcome::Behind => context.text("somebody else came first", "他人优先"),
        PersonOutcome::Full => context.text("has as many as they may", "已满"),
        PersonOutcome::OffDuty => context.text("off duty", "不当班"),
        PersonOutcome::OnLeave => context.text("on leave", "请假"),
        PersonOutcome::Replaced => context.text("somebody else has their shift", "已换班"),
        PersonOutcome::LacksSkill => context.text("without the skill", "缺少技能"),
        PersonOutcome::ReturnedIt => context.text("returned it in this round", "本轮已退单"),
        PersonOutcome::Inactive => context.text("not active", "已停用"),
        PersonOutcome::HandsOver => context.text("hands over", "移交人"),
        PersonOutcome::NotOfUnit => context.text("handles no tickets in the unit", "非本单位经办人"),
        PersonOutcome::MayNotSeeIt => context.text("may not see sensitive tickets", "无权查看敏感工单"),
        PersonOutcome::PutItBack => context.text("put it back", "已放回"),
    }
}
