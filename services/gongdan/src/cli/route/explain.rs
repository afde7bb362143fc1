//! `gongdan route explain`

use anyhow::{Context as _, Result};
use gongdan_proto::routing::v1::{
    AreaTrial, Decision, DecisionState, ExplainDecisionRequest, ExplainDecisionResponse, RuleTrial,
    TrialOutcome, decision::Target,
};
use gongdan_region::{RegionCode, Regions};
use tonic::Code;

use super::{Context, client, direct, people, tree::Tree};
use crate::cli::Lang;

pub async fn run(context: &Context, name: String) -> Result<()> {
    let mut client = client(context)?;
    let request = ExplainDecisionRequest { ticket: name.clone(), ..Default::default() };
    let answer = match client.explain_decision(request).await {
        // An id that is no ticket's may be a decision's.
        Err(status) if status.code() == Code::NotFound && name.contains('-') => {
            let request = ExplainDecisionRequest { decision_id: name, ..Default::default() };
            client.explain_decision(request).await?
        }
        other => other?,
    };
    let explained = answer.into_inner();
    if context.is_json() {
        return context.print_json(&context.json("gongdan.routing.v1.ExplainDecisionResponse", &explained)?);
    }
    context.say(&tree(context, &explained)?.to_string())
}

fn tree(context: &Context, explained: &ExplainDecisionResponse) -> Result<Tree> {
    let decision = explained.decision.as_ref().context("the service sent no decision")?;
    let region = RegionCode::parse(&decision.region).map(|code| Regions::national().path_name(code));
    let mut root = Tree::new(format!(
        "{}  {} {}  {}  {}",
        decision.ticket_number,
        context.text("round", "轮次"),
        decision.round,
        region.unwrap_or_else(|_| decision.region.clone()),
        decision.item,
    ));
    root.add(Tree::new(format!(
        "{} {}",
        context.time(decision.decided_at.as_ref()),
        target(context, decision)
    )));
    if let Some(handed) = &explained.reassignment {
        let from = format!("{} {}", handed.from_person_id, handed.from_person_name);
        let mut tree = Tree::new(match context.lang() {
            Lang::En => format!("{} hands over, reassignment {}", from.trim(), handed.reassignment_id),
            Lang::Zh => format!("{} 移交，批量改派 {}", from.trim(), handed.reassignment_id),
        });
        for trial in &handed.courses {
            tree.add(people::course(context, trial));
        }
        root.add(tree);
    } else if explained.arbitration {
        root.add(Tree::new(context.text("in arbitration: nothing was tried", "仲裁中：未作任何尝试")));
    } else {
        root.add(rules(context, explained));
        direct::responsible(context, explained).into_iter().for_each(|tree| root.add(tree));
        let direct = explained.responsible.iter().any(|trial| direct::decided(trial.outcome()));
        if decision.rule_id.is_empty() && !direct {
            root.add(areas(context, explained));
        }
        direct::desks(context, explained).into_iter().for_each(|tree| root.add(tree));
    }
    if !explained.excluded_unit_ids.is_empty() {
        root.add(Tree::new(format!(
            "{} {}",
            context.text("returned it in this round:", "本轮已退单："),
            explained.excluded_unit_ids.join(", ")
        )));
    }
    let marks = marks(context, decision);
    if !marks.is_empty() {
        root.add(Tree::new(format!("{} {marks}", context.text("marks:", "标记："))));
    }
    root.add(Tree::new(state(context, decision)));
    Ok(root)
}

fn target(context: &Context, decision: &Decision) -> String {
    match &decision.target {
        Some(Target::Dispatch(to)) if to.person_id.is_empty() => format!("→ {}", to.unit_id),
        Some(Target::Dispatch(to)) => format!("→ {} ({})", to.person_id, to.unit_id),
        Some(Target::Pool(pool)) if pool.unit_id.is_empty() => {
            format!("→ {}: {}", context.text("the manual pool", "人工派单池"), pool.reason)
        }
        Some(Target::Pool(pool)) => {
            format!("→ {} {}: {}", context.text("pool of", "抢单池"), pool.unit_id, pool.reason)
        }
        None => String::new(),
    }
}

fn rules(context: &Context, explained: &ExplainDecisionResponse) -> Tree {
    let tried = explained.rules.len();
    let mut tree = Tree::new(match context.lang() {
        Lang::En => format!("rules: {tried} of {} tried", explained.rules_in_force),
        Lang::Zh => format!("规则：共 {} 条，尝试 {tried} 条", explained.rules_in_force),
    });
    for trial in &explained.rules {
        let mut line = Tree::new(rule(context, trial));
        people::add(context, &mut line, trial);
        tree.add(line);
    }
    tree
}

fn rule(context: &Context, trial: &RuleTrial) -> String {
    let why = outcome(context, trial.outcome());
    let detail = if trial.detail.is_empty() { String::new() } else { format!(": {}", trial.detail) };
    let mark = mark(trial.outcome());
    format!("{mark} {} {} {}  {why}{detail}", trial.position, trial.rule_id, trial.rule_name)
}

fn areas(context: &Context, explained: &ExplainDecisionResponse) -> Tree {
    let mut tree = Tree::new(context.text("areas, most specific first", "责任区，从小到大"));
    for trial in &explained.areas {
        tree.add(Tree::new(area(context, trial)));
    }
    let others = explained.areas_of_other_items;
    if explained.areas.is_empty() {
        tree.add(Tree::new(context.text("none covers this region and item", "没有责任区覆盖该区划和目录")));
    }
    if others > 0 {
        tree.add(Tree::new(match context.lang() {
            Lang::En => format!("{others} cover the region for other items only"),
            Lang::Zh => format!("另有 {others} 个责任区只负责该区划的其他目录"),
        }));
    }
    tree
}

fn area(context: &Context, trial: &AreaTrial) -> String {
    let area = trial.area.clone().unwrap_or_default();
    let item =
        if area.item.is_empty() { context.text("every item", "全部目录").to_owned() } else { area.item };
    format!(
        "{} {} {item} → {} {}  {}",
        mark(trial.outcome()),
        trial.region_name,
        area.unit_id,
        trial.unit_name,
        outcome(context, trial.outcome())
    )
}

pub const fn mark(outcome: TrialOutcome) -> &'static str {
    match outcome {
        TrialOutcome::Chosen => "✓",
        TrialOutcome::Marked => "+",
        TrialOutcome::LessSpecific | TrialOutcome::Unspecified => "·",
        TrialOutcome::NotMatched
        | TrialOutcome::Failed
        | TrialOutcome::ReturnedIt
        | TrialOutcome::TargetGone
        | TrialOutcome::NobodyAble
        | TrialOutcome::EscalatedFrom
        | TrialOutcome::MayNotSeeIt => "✗",
    }
}

pub fn outcome(context: &Context, outcome: TrialOutcome) -> &str {
    match outcome {
        TrialOutcome::Unspecified => "",
        TrialOutcome::Chosen => context.text("it decided", "命中"),
        TrialOutcome::Marked => context.text("its marks were added", "已加标记"),
        TrialOutcome::NotMatched => context.text("false", "条件不成立"),
        TrialOutcome::Failed => context.text("could not be worked out", "条件无法计算"),
        TrialOutcome::ReturnedIt => context.text("returned it in this round", "本轮已退单"),
        TrialOutcome::TargetGone => context.text("is not there at this time", "目标此时不可用"),
        TrialOutcome::NobodyAble => context.text("nobody can take it", "无人可接"),
        TrialOutcome::EscalatedFrom => {
            context.text("it was escalated from there in this round", "本轮已由该单位升级")
        }
        TrialOutcome::MayNotSeeIt => context.text("may not see sensitive tickets", "无权查看敏感工单"),
        TrialOutcome::LessSpecific => context.text("a more specific area comes first", "有更具体的责任区"),
    }
}

fn marks(context: &Context, decision: &Decision) -> String {
    let mut words = Vec::new();
    if decision.set_priority > 0 {
        words.push(format!("P{}", decision.set_priority));
    }
    if decision.mark_sensitive {
        words.push(context.text("sensitive", "敏感").to_owned());
    }
    if !decision.assisting_unit_ids.is_empty() {
        words.push(format!(
            "{} {}",
            context.text("assisted by", "协办"),
            decision.assisting_unit_ids.join(", ")
        ));
    }
    words.join("; ")
}

fn state(context: &Context, decision: &Decision) -> String {
    let sent = decision.sent;
    let again = match context.lang() {
        _ if sent < 2 => String::new(),
        Lang::En => format!(", sent {sent} times"),
        Lang::Zh => format!("，已发送 {sent} 次"),
    };
    let at = context.time(decision.answered_at.as_ref());
    let answer = match decision.state() {
        DecisionState::Unspecified => String::new(),
        DecisionState::Unanswered => context.text("not answered yet", "尚未答复").to_owned(),
        DecisionState::Dispatched => {
            format!("{at} {}", context.text("the ticket was dispatched so", "已照此派单"))
        }
        DecisionState::Pooled => format!("{at} {}", context.text("the ticket waits so", "已照此进入派单池")),
        DecisionState::Transferred => {
            format!("{at} {}", context.text("the ticket was handed over so", "已照此改派"))
        }
        DecisionState::Refused => {
            format!("{at} {}: {}", context.text("refused", "被拒绝"), decision.refusal)
        }
        DecisionState::Superseded => {
            context.text("the ticket went on by another way", "工单已另行流转").to_owned()
        }
    };
    answer + &again
}
