//! `gongdan rule put`

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use gongdan_proto::routing::v1::{
    AssignmentStrategy, DeskAction, FirstReceiverAction, GroupAction, PersonAction, PoolAction,
    PutRuleRequest, Rule, RuleAction, StrategyAction, StrategyFallback, UnitAction, rule_action::Target,
};
use serde::Deserialize;

use super::{Context, client, show};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// JSON file with a rule or a list of rules; their fields are named as the options below
    #[arg(value_name = "FILE", conflicts_with_all = ["id", "name", "when"], required_unless_present = "when")]
    file: Option<PathBuf>,
    #[command(flatten)]
    rule: Written,
    /// Only if the rule is still as it was read
    #[arg(long, default_value = "", conflicts_with = "file")]
    etag: String,
    /// Into the draft; else the rule is in force at once
    #[arg(long)]
    draft: bool,
}

/// A rule as it is written on the command line and in files.
#[derive(Debug, Default, clap::Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    /// Its id; without one a new rule is made
    #[arg(long, default_value = "")]
    id: String,
    /// What people read; default: the id
    #[arg(long, default_value = "")]
    name: String,
    /// Its place in the order; default: where it was, or after the last
    #[arg(long, default_value_t = 0, value_name = "N")]
    position: i32,
    /// Condition in CEL: ticket.type == 'complaint' && time.hour < 8
    #[arg(long, value_name = "CEL", default_value = "")]
    when: String,
    /// To this unit
    #[arg(long, group = "target", value_name = "UNIT")]
    to_unit: Option<String>,
    /// To this group
    #[arg(long, group = "target", value_name = "GROUP")]
    to_group: Option<String>,
    /// To this person
    #[arg(long, group = "target", value_name = "PERSON")]
    to_person: Option<String>,
    /// With --to-person: for this unit of theirs
    #[arg(long, value_name = "UNIT", requires = "to_person", default_value = "")]
    for_unit: String,
    /// To this second-level desk; without one, to the nearest
    #[arg(long, group = "target", value_name = "DESK", num_args = 0..=1, default_missing_value = "")]
    to_desk: Option<String>,
    /// To the pool of this unit; without one, to the manual pool
    #[arg(long, group = "target", value_name = "UNIT", num_args = 0..=1, default_missing_value = "")]
    to_pool: Option<String>,
    /// With --to-pool: why
    #[arg(long, requires = "to_pool", default_value = "", value_name = "TEXT")]
    pool_reason: String,
    /// To a person of this unit who is on duty and has room, by --strategy
    #[arg(long, group = "target", value_name = "UNIT", requires = "strategy")]
    to_staff_of: Option<String>,
    /// With --to-staff-of: how one is chosen
    #[arg(long, value_enum, requires = "to_staff_of")]
    strategy: Option<Strategy>,
    /// With --to-staff-of: a skill that is needed, the most important first; may be given more than once
    #[arg(long, value_name = "SKILL", requires = "to_staff_of")]
    skill: Vec<String>,
    /// With --to-staff-of: how many tickets a person may have at a time
    #[arg(long, value_name = "N", requires = "to_staff_of", default_value_t = 0)]
    capacity: i32,
    /// With --to-staff-of: when nobody can take it, goes on with the next rule instead of the unit's pool
    #[arg(long, requires = "to_staff_of")]
    or_next_rule: bool,
    /// Back to the unit that received it first in this round, although it returned it (首接负责制)
    #[arg(long, group = "target")]
    to_first_receiver: bool,
    /// With --to-pool UNIT or --to-staff-of: how many tickets from pools a person may have in hand, this one included, who
    /// claims it
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    claim_limit: i32,
    /// A unit that is to assist; may be given more than once
    #[arg(long, value_name = "UNIT")]
    assist: Vec<String>,
    /// Marks the ticket as sensitive
    #[arg(long)]
    sensitive: bool,
    /// Sets the priority: 1 to 5
    #[arg(long, default_value_t = 0, value_name = "N")]
    priority: i32,
    /// Keeps the rule, but does not try it
    #[arg(long)]
    disabled: bool,
}

/// How one of those who can take a ticket is chosen.
#[derive(Debug, Clone, Copy, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Strategy {
    /// The next one after whoever the rule chose last
    RoundRobin,
    /// Whoever has the smallest part of their capacity taken
    LeastLoaded,
    /// By the fit of their skills times the free part of their capacity
    SkillWeighted,
    /// Whoever had the customer's last ticket about the same item
    LastHandler,
}

impl From<Strategy> for AssignmentStrategy {
    fn from(strategy: Strategy) -> AssignmentStrategy {
        match strategy {
            Strategy::RoundRobin => AssignmentStrategy::RoundRobin,
            Strategy::LeastLoaded => AssignmentStrategy::LeastLoaded,
            Strategy::SkillWeighted => AssignmentStrategy::SkillWeighted,
            Strategy::LastHandler => AssignmentStrategy::LastHandler,
        }
    }
}

/// One rule, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum File {
    Many(Vec<serde_json::Value>),
    One(serde_json::Value),
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let rules = match &args.file {
        None => vec![args.rule.rule()?],
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
            read(&text).with_context(|| path.display().to_string())?
        }
    };
    let mut client = client(context)?;
    let mut written = Vec::with_capacity(rules.len());
    let several = rules.len() > 1;
    for (n, rule) in rules.into_iter().enumerate() {
        let name = rule.id.clone();
        let request = PutRuleRequest {
            request_id: context.request_id(),
            rule: Some(rule),
            etag: args.etag.clone(),
            draft: args.draft,
        };
        let answer = client.put_rule(request).await;
        // Of several those before it are written: that has to be known before the file is put again.
        let answer = if several {
            answer.with_context(|| {
                context
                    .text(
                        &format!("rule {} `{name}`; the {n} before it are written", n + 1),
                        &format!("第 {} 条规则 `{name}`；之前的 {n} 条已写入", n + 1),
                    )
                    .to_owned()
            })
        } else {
            answer.map_err(Into::into)
        };
        match answer {
            Ok(answer) => written.push(answer.into_inner()),
            Err(error) => {
                if !written.is_empty() {
                    show(context, &written)?;
                }
                return Err(error);
            }
        }
    }
    show(context, &written)
}

fn read(text: &str) -> Result<Vec<Rule>> {
    let values = match serde_json::from_str(text)? {
        File::Many(values) => values,
        File::One(value) => vec![value],
    };
    let rule = |(n, value)| -> Result<Rule> {
        let written: Written = serde_json::from_value(value).with_context(|| format!("rule {}", n + 1))?;
        written.rule().with_context(|| format!("rule {}", n + 1))
    };
    values.into_iter().enumerate().map(rule).collect()
}

impl Written {
    fn rule(self) -> Result<Rule> {
        let fallback =
            if self.or_next_rule { StrategyFallback::NextRule } else { StrategyFallback::UnitPool };
        let targets = [
            self.to_unit.map(|unit_id| Target::Unit(UnitAction { unit_id })),
            self.to_group.map(|group_id| Target::Group(GroupAction { group_id })),
            self.to_person
                .map(|person_id| Target::Person(PersonAction { person_id, unit_id: self.for_unit })),
            self.to_desk.map(|desk_id| Target::Desk(DeskAction { desk_id })),
            self.to_pool.map(|unit_id| {
                let (reason, claim_limit) = (self.pool_reason, self.claim_limit);
                Target::Pool(PoolAction { unit_id, reason, claim_limit })
            }),
            self.to_staff_of.map(|unit_id| {
                Target::Strategy(StrategyAction {
                    unit_id,
                    strategy: self.strategy.map_or(AssignmentStrategy::Unspecified, Into::into).into(),
                    skills: self.skill,
                    capacity: self.capacity,
                    otherwise: fallback.into(),
                    claim_limit: self.claim_limit,
                })
            }),
        ];
        let first = self.to_first_receiver.then_some(Target::FirstReceiver(FirstReceiverAction {}));
        let mut targets = targets.into_iter().chain([first]).flatten();
        let target = targets.next();
        ensure!(
            self.claim_limit == 0 || matches!(target, Some(Target::Pool(_) | Target::Strategy(_))),
            "claim_limit goes with to_pool or to_staff_of"
        );
        ensure!(
            targets.next().is_none(),
            "only one of to_unit, to_group, to_person, to_desk, to_pool, to_staff_of, to_first_receiver"
        );
        Ok(Rule {
            name: if self.name.is_empty() { self.id.clone() } else { self.name },
            id: self.id,
            position: self.position,
            when: self.when,
            action: Some(RuleAction {
                target,
                assisting_unit_ids: self.assist,
                mark_sensitive: self.sensitive,
                set_priority: self.priority,
            }),
            disabled: self.disabled,
            ..Rule::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_rule_or_a_list_of_them() {
        let one = read(r#"{"id": "noise", "when": "true", "to_unit": "env", "priority": 2}"#).unwrap();
        assert_eq!((one[0].name.as_str(), one[0].action.as_ref().unwrap().set_priority), ("noise", 2));
        let many = read(
            r#"[{"id": "a", "when": "true", "to_pool": ""}, {"id": "b", "when": "true", "to_desk": ""}]"#,
        );
        assert_eq!(many.unwrap().len(), 2);
        let back =
            read(r#"{"id": "a", "when": "ticket.return_count >= 1", "to_first_receiver": true}"#).unwrap();
        let target = back[0].action.as_ref().unwrap().target.clone();
        assert_eq!(target, Some(Target::FirstReceiver(FirstReceiverAction {})));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_named_by_rule() {
        let said = |text| format!("{:#}", read(text).unwrap_err());
        assert!(said(r#"[{"id": "a"}, {"whne": "true"}]"#).contains("rule 2"));
        assert!(said(r#"{"to_unit": "a", "to_pool": ""}"#).contains("only one of"));
        assert!(said(r#"{"to_unit": "a", "to_first_receiver": true}"#).contains("only one of"));
        assert!(said(r#"{"to_unit": "a", "claim_limit": 2}"#).contains("goes with"));
    }
}
