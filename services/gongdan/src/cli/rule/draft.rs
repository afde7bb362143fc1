//! `gongdan rule draft`, `rule diff`, `rule discard`

use anyhow::Result;
use gongdan_proto::routing::v1::{
    DiffRuleSetsRequest, DiscardRuleDraftRequest, GetRuleDraftRequest, Rule, RuleChange, RuleDraft,
};
use serde_json::json;

use super::{Context, Table, sets_client, words};

#[derive(Debug, clap::Args)]
pub struct Discard {
    /// Only the changes of these rules; none: the whole draft
    rules: Vec<String>,
    /// Only if the draft is still as it was read
    #[arg(long, default_value = "")]
    etag: String,
}

#[derive(Debug, clap::Args)]
pub struct Diff {
    /// Number of a set
    #[arg(value_parser = clap::value_parser!(i64).range(1..))]
    from: Option<i64>,
    /// Number of another; default: the one in force
    #[arg(value_parser = clap::value_parser!(i64).range(1..))]
    to: Option<i64>,
}

pub async fn show(context: &Context) -> Result<()> {
    let draft = read(context).await?;
    if context.is_json() {
        return context.print_json(&context.json("gongdan.routing.v1.RuleDraft", &draft)?);
    }
    if draft.changes.is_empty() {
        return context.say(context.text(
            "there is no draft: `gongdan rule put --draft` opens one",
            "没有草稿：用 `gongdan rule put --draft` 开始",
        ));
    }
    context.say(&head(context, &draft))?;
    let behind = context.text("changed in force since", "生效规则其后又改过");
    let changes = draft.changes.iter().filter_map(|made| {
        let note =
            if made.behind { format!("{}  ! {behind}", made.changed_by) } else { made.changed_by.clone() };
        Some((made.change.as_ref()?, note))
    });
    context.say(&table(context, changes).to_string())
}

/// The whole draft, page by page.
pub async fn read(context: &Context) -> Result<RuleDraft> {
    let mut client = sets_client(context)?;
    let mut draft = client.get_rule_draft(GetRuleDraftRequest::default()).await?.into_inner();
    while !draft.next_page_token.is_empty() {
        let page_token = std::mem::take(&mut draft.next_page_token);
        let request = GetRuleDraftRequest { page_token, ..GetRuleDraftRequest::default() };
        let more = client.get_rule_draft(request).await?.into_inner();
        draft.changes.extend(more.changes);
        draft.next_page_token = more.next_page_token;
    }
    Ok(draft)
}

/// Who opened it, over which set, and its etag.
pub fn head(context: &Context, draft: &RuleDraft) -> String {
    let opened = context.time(draft.opened_at.as_ref());
    context
        .text(
            &format!(
                "draft of {} rules over set {}, opened by {} at {opened}, etag {}",
                draft.rules, draft.in_force, draft.opened_by, draft.etag
            ),
            &format!(
                "草稿：{} 条规则，基于第 {} 版，{} 于 {opened} 开始，标签 {}",
                draft.rules, draft.in_force, draft.opened_by, draft.etag
            ),
        )
        .to_owned()
}

pub async fn diff(context: &Context, args: Diff) -> Result<()> {
    let Some(from) = args.from else { return show(context).await };
    let mut client = sets_client(context)?;
    let mut request =
        DiffRuleSetsRequest { from, to: args.to.unwrap_or(0), ..DiffRuleSetsRequest::default() };
    let mut answer = client.diff_rule_sets(request.clone()).await?.into_inner();
    while !answer.next_page_token.is_empty() {
        request.page_token = std::mem::take(&mut answer.next_page_token);
        let more = client.diff_rule_sets(request.clone()).await?.into_inner();
        answer.changes.extend(more.changes);
        answer.next_page_token = more.next_page_token;
    }
    context.print(
        || context.json("gongdan.routing.v1.DiffRuleSetsResponse", &answer),
        || table(context, answer.changes.iter().map(|change| (change, String::new()))),
    )
}

pub async fn discard(context: &Context, args: Discard) -> Result<()> {
    let request =
        DiscardRuleDraftRequest { request_id: context.request_id(), etag: args.etag, rule_ids: args.rules };
    let answer = sets_client(context)?.discard_rule_draft(request).await?.into_inner();
    if context.is_json() {
        return context.print_json(&json!({ "discarded": answer.discarded }));
    }
    context.say(&format!("{} {}", context.text("changes given up:", "已放弃的改动："), answer.discarded))
}

/// Changes, a line for what was and a line for what is.
pub fn table<'a>(context: &Context, changes: impl Iterator<Item = (&'a RuleChange, String)>) -> Table {
    let heads = [
        ("", ""),
        ("id", "编号"),
        ("place", "顺序"),
        ("name", "名称"),
        ("when", "条件"),
        ("then", "动作"),
        ("changed", "改动"),
        ("by", "操作人"),
    ];
    let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
    for (change, by) in changes {
        let fields: Vec<&str> = change.fields.iter().map(|field| word(context, field)).collect();
        let what = match (&change.before, &change.after) {
            (None, _) => context.text("new", "新增").to_owned(),
            (_, None) => context.text("taken out", "删除").to_owned(),
            _ => fields.join(", "),
        };
        let mut said = Some((what, by));
        for (sign, rule) in [("-", &change.before), ("+", &change.after)] {
            let Some(rule) = rule else { continue };
            let (what, by) = if sign == "+" || change.after.is_none() {
                said.take().unwrap_or_default()
            } else {
                Default::default()
            };
            table.row(row(context, sign, rule, what, by));
        }
    }
    table
}

fn row(context: &Context, sign: &str, rule: &Rule, what: String, by: String) -> [String; 8] {
    let id = if rule.disabled {
        format!("{} ({})", rule.id, context.text("disabled", "停用"))
    } else {
        rule.id.clone()
    };
    [
        sign.to_owned(),
        id,
        rule.position.to_string(),
        rule.name.clone(),
        rule.when.clone(),
        words::action(context, rule.action.as_ref()),
        what,
        by,
    ]
}

fn word<'a>(context: &'a Context, field: &'a str) -> &'a str {
    match field {
        "position" => context.text("place", "顺序"),
        "name" => context.text("name", "名称"),
        "when" => context.text("when", "条件"),
        "action" => context.text("then", "动作"),
        "disabled" => context.text("disabled", "停用"),
        other => other,
    }
}
