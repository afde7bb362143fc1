//! Routing rules: one by one, the draft of many, and the sets that were published. Source: R4.

mod draft;
mod publish;
mod put;
mod simulate;
mod words;

use anyhow::Result;
use clap::Subcommand;
use gongdan_proto::routing::v1::{
    DeleteRuleRequest, ListRulesRequest, MoveRuleRequest, Rule, move_rule_request::Place,
    rule_service_client::RuleServiceClient, rule_set_service_client::RuleSetServiceClient,
};
use serde_json::json;

use super::{Channel, Context, Table};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes a rule or changes one, at once or in the draft
    Put(Box<put::Args>),
    /// Shows the rules in the order in which they are tried
    List {
        /// Those of the draft
        #[arg(long)]
        draft: bool,
    },
    /// Takes a rule out, at once or in the draft
    Delete {
        /// Its id
        id: String,
        /// Only if it is still as it was read
        #[arg(long, default_value = "")]
        etag: String,
        /// In the draft
        #[arg(long)]
        draft: bool,
    },
    /// Gives a rule another place, at once or in the draft; without another rule, after the last
    Move(Move),
    /// Shows the draft: what it changes over the rules in force
    Draft,
    /// Takes changes out of the draft, or gives it up
    Discard(draft::Discard),
    /// Shows what changed from one published set to another; without sets, what the draft changes
    Diff(draft::Diff),
    /// Tries the draft, or a published set, on past tickets and shows what would go elsewhere
    Simulate(simulate::Args),
    /// Puts the draft in force
    Publish(publish::Publish),
    /// Puts the rules of an earlier set in force again
    Rollback(publish::Rollback),
    /// Shows the published sets, newest first
    Sets {
        /// How many
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i32).range(1..=500))]
        limit: i32,
    },
}

#[derive(Debug, clap::Args)]
pub struct Move {
    /// Its id
    id: String,
    /// Just before this rule
    #[arg(long, value_name = "RULE", conflicts_with = "after")]
    before: Option<String>,
    /// Just after this rule
    #[arg(long, value_name = "RULE")]
    after: Option<String>,
    /// Only if it is still as it was read
    #[arg(long, default_value = "")]
    etag: String,
    /// In the draft
    #[arg(long)]
    draft: bool,
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Put(args) => put::run(context, *args).await,
        Command::List { draft } => list(context, draft).await,
        Command::Delete { id, etag, draft } => delete(context, id, etag, draft).await,
        Command::Move(args) => relocate(context, args).await,
        Command::Draft => draft::show(context).await,
        Command::Discard(args) => draft::discard(context, args).await,
        Command::Diff(args) => draft::diff(context, args).await,
        Command::Simulate(args) => simulate::run(context, args).await,
        Command::Publish(args) => publish::publish(context, args).await,
        Command::Rollback(args) => publish::roll_back(context, args).await,
        Command::Sets { limit } => publish::sets(context, limit).await,
    }
}

fn client(context: &Context) -> Result<RuleServiceClient<Channel>> {
    Ok(RuleServiceClient::new(context.channel("routing")?))
}

fn sets_client(context: &Context) -> Result<RuleSetServiceClient<Channel>> {
    Ok(RuleSetServiceClient::new(context.channel("routing")?))
}

async fn list(context: &Context, draft: bool) -> Result<()> {
    let mut client = client(context)?;
    let mut request = ListRulesRequest { page_size: 500, draft, ..Default::default() };
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

async fn delete(context: &Context, id: String, etag: String, draft: bool) -> Result<()> {
    let request = DeleteRuleRequest { request_id: context.request_id(), id, etag, draft };
    let rule = client(context)?.delete_rule(request).await?.into_inner();
    if context.is_json() {
        return context.print_json(&context.json("gongdan.routing.v1.Rule", &rule)?);
    }
    context.say(&format!("{} {}", context.text("taken out:", "已删除："), rule.id))
}

async fn relocate(context: &Context, args: Move) -> Result<()> {
    let place = args.before.map(Place::BeforeId).or(args.after.map(Place::AfterId));
    let request = MoveRuleRequest {
        request_id: context.request_id(),
        id: args.id,
        place,
        etag: args.etag,
        draft: args.draft,
    };
    let rule = client(context)?.move_rule(request).await?.into_inner();
    show(context, &[rule])
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
