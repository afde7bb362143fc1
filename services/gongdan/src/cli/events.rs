//! `gongdan events`: events that a consumer could not apply. Source: DESIGN rule 4.

use anyhow::{Context as _, Result};
use clap::Subcommand;
use gongdan_proto::common::v1::{
    DeadLetter, DiscardDeadLetterRequest, ListDeadLettersRequest, ReplayDeadLetterRequest,
    dead_letter_service_client::DeadLetterServiceClient,
};

use super::{Channel, Context, Table};
use crate::services;

const DEAD_LETTER: &str = "gongdan.common.v1.DeadLetter";
const PAGE: i32 = 500;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lists events that were set aside
    Dead {
        /// Only of this service's consumers
        #[arg(long)]
        service: Option<String>,
    },
    /// Applies an event again, then what waits behind it
    Replay {
        /// The consumer that could not apply it, for example sla-tickets
        consumer: String,
        /// UUID of the event
        event: String,
    },
    /// Gives an event up and applies what waits behind it
    Discard {
        /// The consumer that could not apply it, for example sla-tickets
        consumer: String,
        /// UUID of the event
        event: String,
        /// Why it is given up; kept
        #[arg(long)]
        reason: String,
    },
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Dead { service } => dead(context, service).await,
        Command::Replay { consumer, event } => {
            let request = ReplayDeadLetterRequest { event_id: event, consumer: consumer.clone() };
            let letter =
                client(context, service_of(&consumer)?)?.replay_dead_letter(request).await?.into_inner();
            print(context, &letter)
        }
        Command::Discard { consumer, event, reason } => {
            let request = DiscardDeadLetterRequest { event_id: event, consumer: consumer.clone(), reason };
            let letter =
                client(context, service_of(&consumer)?)?.discard_dead_letter(request).await?.into_inner();
            print(context, &letter)
        }
    }
}

async fn dead(context: &Context, service: Option<String>) -> Result<()> {
    let names: Vec<&str> = match &service {
        Some(name) => vec![services::find(name)?.name],
        None => services::ALL.iter().map(|service| service.name).collect(),
    };
    let mut letters = Vec::new();
    for name in names {
        let mut client = client(context, name)?;
        let mut page_token = String::new();
        loop {
            let request = ListDeadLettersRequest { page_size: PAGE, page_token };
            let page = client.list_dead_letters(request).await?.into_inner();
            letters.extend(page.dead_letters);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
    }
    context.print(
        || letters.iter().map(|letter| context.json(DEAD_LETTER, letter)).collect(),
        || {
            let mut table = Table::new([
                context.text("set aside", "时间"),
                context.text("consumer", "消费者"),
                context.text("type", "类型"),
                context.text("event", "事件"),
                context.text("attempts", "尝试"),
                context.text("behind it", "其后等待"),
                context.text("error", "错误"),
            ]);
            for letter in &letters {
                table.row([
                    context.time(letter.dead_at.as_ref()),
                    letter.consumer.clone(),
                    letter.r#type.clone(),
                    letter.event_id.clone(),
                    letter.attempts.to_string(),
                    letter.parked.to_string(),
                    letter.error.clone(),
                ]);
            }
            table
        },
    )
}

fn print(context: &Context, letter: &DeadLetter) -> Result<()> {
    context.print_details(
        || context.json(DEAD_LETTER, letter),
        &[
            (context.text("event", "事件"), letter.event_id.clone()),
            (context.text("consumer", "消费者"), letter.consumer.clone()),
            (context.text("type", "类型"), letter.r#type.clone()),
            (context.text("aggregate", "聚合"), letter.aggregate_id.clone()),
            (context.text("version", "版本"), letter.version.to_string()),
            (context.text("error", "错误"), letter.error.clone()),
        ],
    )
}

fn client(context: &Context, service: &str) -> Result<DeadLetterServiceClient<Channel>> {
    Ok(DeadLetterServiceClient::new(context.channel(service)?))
}

/// A consumer is named after its service: `sla-tickets` is sla's.
fn service_of(consumer: &str) -> Result<&'static str> {
    let name = consumer.split('-').next().unwrap_or(consumer);
    Ok(services::find(name).with_context(|| format!("{consumer} is no consumer's name"))?.name)
}
