//! The command line: what can be typed, and who does it.

mod access;
mod audit;
mod call;
mod callback;
mod catalogue;
mod channel;
mod circulation;
mod completions;
mod context;
mod customer;
mod directive;
mod duty;
mod error;
mod events;
mod fields;
mod form;
mod handover;
mod import;
mod inbox;
mod json;
mod keys;
mod migrate;
mod names;
mod org;
mod output;
mod priority;
mod privacy;
mod queue;
mod report;
mod route;
mod rule;
mod serve;
mod sla;
mod status;
pub mod suite;
mod ticket;
mod ticket_type;
mod visit;
mod webhook;
mod workflow;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

pub use context::{Channel, Context, Lang};
pub use error::passes;
pub use output::Table;

use crate::up;

/// The work order suite: six services on one machine, one of them, and a client for all.
#[derive(Debug, Parser)]
#[command(name = "gongdan", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    global: context::GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the whole suite on this machine, with PostgreSQL and NATS, until Ctrl-C
    Up(up::Args),
    /// Runs one service in this process
    Serve(serve::Args),
    /// Brings databases to the schema of this program
    Migrate(migrate::Args),
    /// How the services of the suite are
    Status,
    /// Tickets: create, get, list and act on them (工单)
    #[command(subcommand)]
    Ticket(ticket::Command),
    /// Directives of supervisors: list, reply, accept, reject, withdraw (督办)
    #[command(subcommand)]
    Directive(directive::Command),
    /// What is shown inside your units, and who has read it (传阅)
    #[command(subcommand)]
    Circulation(circulation::Command),
    /// One's work queues: how many tickets stand in each, and which (工单池)
    Queue(Box<queue::Args>),
    /// Agreed times on site (预约上门)
    #[command(subcommand)]
    Visit(visit::Command),
    /// Calls, as a telephone system tells of them (话务)
    #[command(subcommand)]
    Call(call::Command),
    /// The service catalogue (服务目录)
    #[command(subcommand)]
    Catalogue(catalogue::Command),
    /// Forms that catalogue items ask for (表单)
    #[command(subcommand)]
    Form(form::Command),
    /// Types of tickets, those that ship and the house's own (工单类型)
    #[command(subcommand)]
    Type(ticket_type::Command),
    /// Channels and their response standards (渠道)
    #[command(subcommand)]
    Channel(channel::Command),
    /// Customers: found, kept, verified (客户)
    #[command(subcommand)]
    Customer(customer::Command),
    /// The priority matrix: urgency × impact (优先级矩阵)
    #[command(subcommand)]
    Priority(priority::Command),
    /// Workflows: steps, transitions, pictures, versions (流程)
    #[command(subcommand)]
    Workflow(workflow::Command),
    /// Units, people and areas (组织)
    #[command(subcommand)]
    Org(org::Command),
    /// Routing rules (派单规则)
    #[command(subcommand)]
    Rule(rule::Command),
    /// How a ticket was or would be routed (派单)
    #[command(subcommand)]
    Route(route::Command),
    /// Who has which shifts (值班表)
    #[command(subcommand)]
    Roster(duty::roster::Command),
    /// Who is away, and who stands in (请假)
    #[command(subcommand)]
    Leave(duty::leave::Command),
    /// Who is on duty in a unit, and why the others are not (值班)
    Duty(duty::on_duty::Args),
    /// What the people of a unit have in hand (负荷)
    Load(duty::load::Args),
    /// Deadlines, clocks and calendars (时限)
    #[command(subcommand)]
    Sla(sla::Command),
    /// Callback tasks (回访)
    #[command(subcommand)]
    Callback(callback::Command),
    /// Your notifications (通知)
    Inbox(inbox::Command),
    /// Endpoints that are told of events (推送)
    #[command(subcommand)]
    Webhook(webhook::Command),
    /// Counts and rates (统计)
    Report(report::Args),
    /// Brings in what happened before this suite (导入)
    #[command(subcommand)]
    Import(import::Command),
    /// Who may do what: the policies (权限)
    #[command(subcommand)]
    Access(access::Command),
    /// Keys that protect contacts: versions and rotation (密钥)
    #[command(subcommand)]
    Keys(keys::Command),
    /// What is personal: erasing, legal holds, retention (个人信息)
    #[command(subcommand)]
    Privacy(privacy::Command),
    /// Events that a consumer could not apply
    #[command(subcommand)]
    Events(events::Command),
    /// Who read or changed what (审计)
    #[command(subcommand)]
    Audit(audit::Command),
    /// Prints the completions of a shell
    Completions(completions::Args),
}

/// Reads the command line, does it, and says what went wrong.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let context = match Context::new(&cli.global) {
        Ok(context) => context,
        Err(error) => return error::report(None, &error),
    };
    match dispatch(&context, cli.command) {
        Ok(code) => code,
        Err(error) => error::report(Some(&context), &error),
    }
}

/// Does what these words on the command line would, for the suite and in the form of this context.
///
/// # Errors
/// When they are no command for services, or it fails.
pub async fn run_words(context: &Context, words: &[&str]) -> anyhow::Result<()> {
    let cli = Cli::try_parse_from(std::iter::once("gongdan").chain(words.iter().copied()))?;
    client(context, cli.command).await.map(drop)
}

fn dispatch(context: &Context, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Up(args) => up::run(context, args),
        Command::Serve(args) => serve::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Completions(args) => completions::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Access(command) => access::run(context, &command).map(|()| ExitCode::SUCCESS),
        command => {
            // Commands that only call the services: one thread is enough.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.context("starting the client")?.block_on(client(context, command))
        }
    }
}

async fn client(context: &Context, command: Command) -> anyhow::Result<ExitCode> {
    let done = match command {
        Command::Status => return status::run(context).await,
        Command::Import(command) => return import::run(context, command).await,
        Command::Migrate(args) => migrate::run(context, args).await,
        Command::Ticket(command) => ticket::run(context, command).await,
        Command::Directive(command) => directive::run(context, command).await,
        Command::Circulation(command) => circulation::run(context, command).await,
        Command::Queue(args) => queue::run(context, *args).await,
        Command::Visit(command) => visit::run(context, command).await,
        Command::Call(command) => call::run(context, command).await,
        Command::Catalogue(command) => catalogue::run(context, command).await,
        Command::Form(command) => form::run(context, command).await,
        Command::Type(command) => ticket_type::run(context, command).await,
        Command::Channel(command) => channel::run(context, command).await,
        Command::Customer(command) => customer::run(context, command).await,
        Command::Priority(command) => priority::run(context, command).await,
        Command::Workflow(command) => workflow::run(context, command).await,
        Command::Org(command) => org::run(context, command).await,
        Command::Rule(command) => rule::run(context, command).await,
        Command::Route(command) => route::run(context, command).await,
        Command::Roster(command) => duty::roster::run(context, command).await,
        Command::Leave(command) => duty::leave::run(context, command).await,
        Command::Duty(args) => duty::on_duty::run(context, args).await,
        Command::Load(args) => duty::load::run(context, args).await,
        Command::Sla(command) => sla::run(context, command).await,
        Command::Callback(command) => callback::run(context, command).await,
        Command::Inbox(command) => inbox::run(context, command).await,
        Command::Webhook(command) => webhook::run(context, command).await,
        Command::Report(args) => report::run(context, args).await,
        Command::Keys(command) => keys::run(context, command).await,
        Command::Privacy(command) => privacy::run(context, command).await,
        Command::Events(command) => events::run(context, command).await,
        Command::Audit(command) => audit::run(context, command).await,
        Command::Up(_) | Command::Serve(_) | Command::Completions(_) | Command::Access(_) => Ok(()),
    };
    done.map(|()| ExitCode::SUCCESS)
}
