//! Routing rules.

mod put;
mod words;

use anyhow::Result;
use clap::Subcommand;
use gongdan_proto::routing::v1::{
    DeleteRuleRequest, ListRulesRequest, Rule, rule_service_client::RuleServiceClient,
};
use serde_json::json;

use super::{Channel, Context, Table};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes a rule or changes one
    Put(Box<put::Args>),
    /// Shows the rules in the order in which they are tried
    List,
    /// Takes a rule out
    Delete {
        /// Its id
        id: String,
        /// Only if it is still as it was read
        #[arg(long, default_value = "")]
        etag: String,
    },
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Put(args) => put::run(context, *args).await,
        Command::List => list(context).await,
        Command::Delete { id, etag } => delete(context, id, etag).await,
    }
}

fn client(context: &Context) -> Result<RuleServiceClient<Channel>> {
    Ok(RuleServiceClient::new(context.channel("routing")?))
}

async fn list(context: &Context) -> Result<()> {
    let mut client = client(context)?;
    let mut request = ListRulesRequest { page_size: 500, ..Default::default() };
    let mut rules: Vec<Rule> = Vec::new();
    loop {
        let page = client.list_rules(request.clone()).await?.into_inner();
        rules.extend(page.rules);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    show(context, &rules)
}

async fn delete(context: &Context, id: String, etag: String) -> Result<()> {
    let request = DeleteRuleRequest { request_id: context.request_id(), id, etag };
    let rule = client(context)?.delete_rule(request).await?.into_inner();
    if context.is_json() {
        return context.print_json(&context.json("gongdan.routing.v1.Rule", &rule)?);
    }
    context.say(&format!("{} {}", context.text("taken out:", "已删除："), rule.id))
}

fn show(context: &Context, rules: &[Rule]) -> Result<()> {
    let json = || {
        let rules = rules
            .iter()
            .map(|rule| context.json("gongdan.routing.v1.Rule", rule))
            .collect::<Result<Vec<_>>>()?;
        Ok(json!({ "rules": rules }))
    };
    context.print(json, || {
        let heads = [
            ("place", "顺序"),
            ("id", "编号"),
            ("name", "名称"),
            ("when", "条件"),
            ("then", "动作"),
            ("etag", "版本"),
        ];
        let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
        for rule in rules {
            let id = if rule.disabled {
                format!("{} ({})", rule.id, context.text("disabled", "停用"))
            } else {
                rule.id.clone()
            };
            table.row([
                rule.position.to_string(),
                id,
                rule.name.clone(),
                rule.when.clone(),
                words::action(context, rule.action.as_ref()),
                rule.etag.clone(),
            ]);
        }
        table
    })
}
