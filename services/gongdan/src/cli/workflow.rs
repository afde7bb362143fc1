//! Workflows (流程): looked at, drawn, checked, kept, given to tickets. Source: T31.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Subcommand, ValueEnum};
use gongdan_proto::tickets::v1::{
    GetWorkflowRequest, ListWorkflowsRequest, MigrateTicketsRequest, PutWorkflowRequest,
    SetWorkflowRuleRequest, ValidateWorkflowRequest, Workflow, WorkflowRule,
    workflow_service_client::WorkflowServiceClient,
};
use gongdan_tickets_domain::workflow::{Definition, Language, Workflow as Checked, mermaid, svg};

use super::{
    Context, Table,
    output::write,
    ticket::words::{Kind, number},
};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The newest version of each workflow, and which ones new tickets follow
    List,
    /// One workflow: its steps, its definition, or a picture
    Show {
        /// Its key
        key: String,
        /// Default: the newest
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        version: i32,
        /// As what
        #[arg(long, value_enum, default_value_t = Form::Steps)]
        format: Form,
    },
    /// Says everything that is wrong with a definition
    Validate {
        /// The definition in TOML
        file: PathBuf,
    },
    /// Keeps a definition as a new version
    Put {
        /// The definition in TOML
        file: PathBuf,
    },
    /// Says which workflow new tickets follow
    Rule {
        /// Key of the workflow; without it the rule goes
        workflow: Option<String>,
        /// For this type only
        #[arg(long = "type", value_enum)]
        kind: Option<Kind>,
        /// For this branch or item of the catalogue only
        #[arg(long, default_value = "", hide_default_value = true)]
        item: String,
    },
    /// Brings tickets in flight to another version; without --yes only says what would become of them
    Migrate {
        /// Key of the workflow
        key: String,
        /// The version tickets follow now
        #[arg(long)]
        from: i32,
        /// The version they are to follow
        #[arg(long)]
        to: i32,
        /// OLD=NEW for a step that is called otherwise there
        #[arg(long = "step", value_name = "OLD=NEW")]
        steps: Vec<String>,
        /// Do it after the preview
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// A table of its steps
    Steps,
    /// The definition
    Toml,
    /// A state diagram in Mermaid
    Mermaid,
    /// A picture
    Svg,
}

type Client = WorkflowServiceClient<super::Channel>;

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let mut client: Client = WorkflowServiceClient::new(context.channel("tickets")?);
    match command {
        Command::List => list(context, client).await,
        Command::Show { key, version, format } => {
            let workflow = client.get_workflow(GetWorkflowRequest { key, version }).await?.into_inner();
            show(context, &workflow, format)
        }
        Command::Validate { file } => validate(context, client, &file).await,
        Command::Put { file } => {
            let request = PutWorkflowRequest { request_id: context.request_id(), definition: read(&file)? };
            show(context, &client.put_workflow(request).await?.into_inner(), Form::Steps)
        }
        Command::Rule { workflow, kind, item } => {
            let workflow = workflow.unwrap_or_default();
            let rule = WorkflowRule { r#type: number(kind), item, workflow };
            let rule =
                client.set_workflow_rule(SetWorkflowRuleRequest { rule: Some(rule) }).await?.into_inner();
            context.print(
                || context.json("gongdan.tickets.v1.WorkflowRule", &rule),
                || rules(context, std::slice::from_ref(&rule)),
            )
        }
        Command::Migrate { key, from, to, steps, yes } => {
            migrate(context, client, key, (from, to), &steps, yes).await
        }
    }
}

fn read(file: &PathBuf) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))
}

async fn list(context: &Context, mut client: Client) -> Result<()> {
    let mut all = client.list_workflows(ListWorkflowsRequest::default()).await?.into_inner();
    while !all.next_page_token.is_empty() {
        let page_token = std::mem::take(&mut all.next_page_token);
        let request = ListWorkflowsRequest { page_token, ..Default::default() };
        let page = client.list_workflows(request).await?.into_inner();
        all.workflows.extend(page.workflows);
        all.next_page_token = page.next_page_token;
    }
    context.print(
        || context.json("gongdan.tickets.v1.ListWorkflowsResponse", &all),
        || {
            let heads = [
                context.text("key", "流程"),
                context.text("version", "版本"),
                context.text("name", "名称"),
                context.text("steps", "环节数"),
                context.text("set by", "制定人"),
                context.text("new tickets", "适用工单"),
            ];
            let mut table = Table::new(heads);
            for workflow in &all.workflows {
                let followed = all.rules.iter().filter(|rule| rule.workflow == workflow.key);
                let followed: Vec<String> = followed.map(|rule| place(context, rule)).collect();
                table.row([
                    workflow.key.clone(),
                    workflow.version.to_string(),
                    context.text(&workflow.name_en, &workflow.name_zh).to_owned(),
                    workflow.steps.len().to_string(),
                    workflow.set_by.clone(),
                    followed.join(", "),
                ]);
            }
            table
        },
    )
}

fn place(context: &Context, rule: &WorkflowRule) -> String {
    let kind = if rule.r#type == 0 { "*".to_owned() } else { context.name(rule.r#type().as_str_name()) };
    if rule.item.is_empty() { kind } else { format!("{kind} {}", rule.item) }
}

fn rules(context: &Context, rules: &[WorkflowRule]) -> Table {
    let mut table = Table::new([context.text("new tickets", "适用工单"), context.text("workflow", "流程")]);
    for rule in rules {
        table.row([place(context, rule), rule.workflow.clone()]);
    }
    table
}

fn show(context: &Context, workflow: &Workflow, format: Form) -> Result<()> {
    let language = if context.text("en", "zh") == "zh" { Language::Zh } else { Language::En };
    match format {
        Form::Toml => write(&workflow.definition),
        Form::Mermaid | Form::Svg => {
            let checked = Definition::parse(&workflow.definition).ok();
            let checked = checked.and_then(|definition| Checked::check(definition, workflow.version).ok());
            let Some(checked) = checked else { bail!("this program does not understand the definition") };
            write(&if format == Form::Svg { svg(&checked, language) } else { mermaid(&checked, language) })
        }
        Form::Steps => context.print(
            || context.json("gongdan.tickets.v1.Workflow", workflow),
            || {
                let heads = [
                    context.text("step", "环节"),
                    context.text("name", "名称"),
                    context.text("phase", "阶段"),
                ];
                let mut table = Table::new(heads);
                for step in &workflow.steps {
                    table.row([
                        step.key.clone(),
                        context.text(&step.name_en, &step.name_zh).to_owned(),
                        context.name(step.phase().as_str_name()),
                    ]);
                }
                table
            },
        ),
    }
}

async fn validate(context: &Context, mut client: Client, file: &PathBuf) -> Result<()> {
    let request = ValidateWorkflowRequest { definition: read(file)? };
    let answer = client.validate_workflow(request).await?.into_inner();
    if answer.faults.is_empty() && !context.is_json() {
        return context.say(context.text("nothing is wrong with it", "没有问题"));
    }
    context.print(
        || context.json("gongdan.tickets.v1.ValidateWorkflowResponse", &answer),
        || {
            let heads = [
                context.text("where", "位置"),
                context.text("line", "行"),
                context.text("column", "列"),
                context.text("what", "问题"),
            ];
            let mut table = Table::new(heads);
            let number = |number: i32| if number == 0 { String::new() } else { number.to_string() };
            for fault in &answer.faults {
                table.row([
                    fault.at.clone(),
                    number(fault.line),
                    number(fault.column),
                    fault.message.clone(),
                ]);
            }
            table
        },
    )?;
    match answer.faults.len() {
        0 => Ok(()),
        faults => bail!("{}", context.text(&format!("{faults} faults"), &format!("{faults} 处问题"))),
    }
}

async fn migrate(
    context: &Context,
    mut client: Client,
    workflow: String,
    (from_version, to_version): (i32, i32),
    steps: &[String],
    yes: bool,
) -> Result<()> {
    let pair = |text: &String| {
        let (old, new) = text.split_once('=').with_context(|| format!("`{text}` is not OLD=NEW"))?;
        Ok((old.to_owned(), new.to_owned()))
    };
    let steps = steps.iter().map(pair).collect::<Result<BTreeMap<_, _>>>()?;
    let mut request = MigrateTicketsRequest {
        workflow,
        from_version,
        to_version,
        steps: steps.into_iter().collect(),
        preview: true,
        preview_token: String::new(),
    };
    request.preview_token = through(context, &mut client, request.clone()).await?;
    if yes {
        request.preview = false;
        through(context, &mut client, request).await?;
    }
    Ok(())
}

/// Says what becomes of each ticket and how far it is; the token at the end.
async fn through(context: &Context, client: &mut Client, request: MigrateTicketsRequest) -> Result<String> {
    let preview = request.preview;
    let bar = context.progress(None, context.text("tickets", "工单"));
    let mut answers = client.migrate_tickets(request).await?.into_inner();
    while let Some(answer) = answers.message().await? {
        bar.set_position(u64::try_from(answer.looked_at).unwrap_or(0));
        if answer.ticket_id.is_empty() {
            bar.finish_and_clear();
            let word = if preview {
                context.text("would be moved", "将迁移")
            } else {
                context.text("moved", "已迁移")
            };
            let stayed = context.text("stay", "保持不变");
            context.say(&format!("{word}: {}, {stayed}: {}", answer.moved, answer.refused))?;
            return Ok(answer.preview_token);
        }
        let to = if answer.reason.is_empty() { &answer.to_step } else { &answer.reason };
        context.say(&format!("{} {} → {to}", answer.number, answer.from_step))?;
    }
    bail!("the answer was cut off: what was moved is moved, the rest can be tried again")
}
