//! `gongdan sla policy`

use anyhow::Result;
use clap::Subcommand;
use gongdan_proto::{
    sla::v1::{ListPolicySetsRequest, PolicyRule, PolicySet, policy_service_client::PolicyServiceClient},
    tickets::v1::{Channel, Priority, TicketType, Urgency},
};
use serde_json::json;

use super::{Context, Table, channel};

const PAGE: i32 = 200;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The newest version of each policy set, with its rules in order
    List,
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let Command::List = command;
    let mut client = PolicyServiceClient::new(channel(context)?);
    let mut request = ListPolicySetsRequest { page_size: PAGE, page_token: String::new() };
    let mut sets: Vec<PolicySet> = Vec::new();
    loop {
        let page = client.list_policy_sets(request.clone()).await?.into_inner();
        sets.extend(page.policy_sets);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let json = || {
        let sets: Result<Vec<_>> =
            sets.iter().map(|set| context.json("gongdan.sla.v1.PolicySet", set)).collect();
        Ok(json!(sets?))
    };
    context.print(json, || {
        let mut table = Table::new([
            context.text("set", "策略"),
            context.text("calendar", "日历"),
            context.text("clock", "时限"),
            context.text("tickets", "工单"),
            context.text("amount", "时长"),
            context.text("warnings", "预警"),
        ]);
        for set in &sets {
            for rule in &set.rules {
                let warnings: Vec<String> =
                    rule.warn_percent.iter().map(|percent| format!("{percent}%")).collect();
                table.row([
                    format!("{}@{}", set.key, set.version),
                    set.calendar.clone(),
                    context.name(rule.kind().as_str_name()),
                    tickets(context, rule),
                    rule.amount.clone(),
                    warnings.join(" "),
                ]);
            }
        }
        table
    })
}

/// Which tickets a rule is for, in words.
fn tickets(context: &Context, rule: &PolicyRule) -> String {
    let mut words: Vec<String> = Vec::new();
    words.extend(rule.types().map(|word: TicketType| context.name(word.as_str_name())));
    words.extend(rule.priorities().map(|word: Priority| context.name(word.as_str_name())));
    words.extend(rule.urgencies().map(|word: Urgency| context.name(word.as_str_name())));
    words.extend(rule.channels().map(|word: Channel| context.name(word.as_str_name())));
    words.extend([&rule.items, &rule.regions, &rule.customer_tiers].into_iter().flatten().cloned());
    if words.is_empty() { context.text("all others", "其他").to_owned() } else { words.join(", ") }
}
