//! `gongdan rule publish`, `rule rollback`, `rule sets`

use anyhow::Result;
use gongdan_proto::routing::v1::{
    ListRuleSetsRequest, PublishRuleDraftRequest, RollBackRulesRequest, RuleSet, RuleSetKind,
};
use serde_json::json;

use super::{Context, Table, draft, sets_client};

#[derive(Debug, clap::Args)]
pub struct Publish {
    /// What is said about it
    #[arg(long, default_value = "", value_name = "TEXT")]
    note: String,
    /// Only if the draft is still as it was simulated; default: as it is read now
    #[arg(long, default_value = "")]
    etag: String,
}

#[derive(Debug, clap::Args)]
pub struct Rollback {
    /// Number of the set whose rules come back
    #[arg(value_parser = clap::value_parser!(i64).range(1..))]
    number: i64,
    /// What is said about it
    #[arg(long, default_value = "", value_name = "TEXT")]
    note: String,
    /// Only if this set is still in force
    #[arg(long, default_value_t = 0, value_name = "N")]
    in_force: i64,
}

pub async fn publish(context: &Context, args: Publish) -> Result<()> {
    let mut client = sets_client(context)?;
    let draft = draft::read(context).await?;
    if !context.is_json() && !draft.changes.is_empty() {
        let changes =
            draft.changes.iter().filter_map(|made| Some((made.change.as_ref()?, made.changed_by.clone())));
        context.say(&draft::table(context, changes).to_string())?;
    }
    let etag = if args.etag.is_empty() { draft.etag } else { args.etag };
    let request = PublishRuleDraftRequest { request_id: context.request_id(), etag, note: args.note };
    let set = client.publish_rule_draft(request).await?.into_inner();
    shown(context, &set)
}

pub async fn roll_back(context: &Context, args: Rollback) -> Result<()> {
    let request = RollBackRulesRequest {
        request_id: context.request_id(),
        number: args.number,
        note: args.note,
        in_force: args.in_force,
    };
    let answer = sets_client(context)?.roll_back_rules(request).await?.into_inner();
    if context.is_json() {
        return context.print_json(&context.json("gongdan.routing.v1.RollBackRulesResponse", &answer)?);
    }
    let mut passed_over: Vec<_> = answer.passed_over.iter().collect();
    passed_over.sort();
    for (rule, why) in passed_over {
        context.say(&format!("! {rule}: {why}, {}", context.text("it is passed over", "该规则会被跳过")))?;
    }
    shown(context, &answer.set.unwrap_or_default())
}

fn shown(context: &Context, set: &RuleSet) -> Result<()> {
    if context.is_json() {
        return context.print_json(&context.json("gongdan.routing.v1.RuleSet", set)?);
    }
    context.say(context.text(
        &format!("set {} is in force, {} rules", set.number, set.rules),
        &format!("第 {} 版已生效，{} 条规则", set.number, set.rules),
    ))
}

pub async fn sets(context: &Context, limit: i32) -> Result<()> {
    let request = ListRuleSetsRequest { page_size: limit, ..Default::default() };
    let sets = sets_client(context)?.list_rule_sets(request).await?.into_inner().sets;
    let json = || {
        let sets = sets
            .iter()
            .map(|set| context.json("gongdan.routing.v1.RuleSet", set))
            .collect::<Result<Vec<_>>>()?;
        Ok(json!({ "sets": sets }))
    };
    context.print(json, || {
        let heads = [
            ("set", "版本"),
            ("time", "时间"),
            ("by", "操作人"),
            ("how", "方式"),
            ("rules", "规则数"),
            ("note", "说明"),
        ];
        let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
        for set in &sets {
            table.row([
                set.number.to_string(),
                context.time(set.published_at.as_ref()),
                set.published_by.clone(),
                kind(context, set),
                set.rules.to_string(),
                set.note.clone(),
            ]);
        }
        table
    })
}

fn kind(context: &Context, set: &RuleSet) -> String {
    let back = set.rolled_back_to;
    match set.kind() {
        RuleSetKind::Unspecified => String::new(),
        RuleSetKind::First => context.text("before sets were kept", "初始").to_owned(),
        RuleSetKind::AtOnce => context.text("at once", "即时修改").to_owned(),
        RuleSetKind::Draft => context.text("draft", "草稿发布").to_owned(),
        RuleSetKind::RollBack => {
            context.text(&format!("back to {back}"), &format!("回滚到第 {back} 版")).to_owned()
        }
    }
}
