//! Endpoints of other systems that are told of events, and what was sent to them.

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use gongdan_proto::notifications::v1::{
    CreateWebhookRequest, DeleteWebhookRequest, Delivery, DeliveryState, ListDeliveriesRequest,
    ListWebhooksRequest, ResendDeliveryRequest, RotateWebhookSecretRequest, Webhook,
    delivery_service_client::DeliveryServiceClient, webhook_service_client::WebhookServiceClient,
};
use serde_json::json;

use super::{Channel, Context, Table};

const PAGE: i32 = 200;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Registers an endpoint and shows its secret, once
    Add(Add),
    /// Lists the endpoints
    List,
    /// Removes an endpoint
    Remove {
        /// Its id
        id: String,
    },
    /// Gives an endpoint a new secret and shows it; the old one signs beside it for a day
    Rotate {
        /// Its id
        id: String,
    },
    /// Lists what was sent, by e-mail too, newest first
    Deliveries(Deliveries),
    /// Sends what was given up again
    Resend {
        /// Id of the delivery
        id: String,
    },
}

#[derive(Debug, Args)]
pub struct Add {
    /// Where it is: https://…
    url: String,
    /// What it is told, several times if need be: tickets.dispatched, tickets.*, sla.*, *
    #[arg(long = "event", value_name = "TYPE", default_values_t = ["*".to_owned()])]
    events: Vec<String>,
    /// For people
    #[arg(long, default_value = "", hide_default_value = true)]
    description: String,
}

#[derive(Debug, Args)]
pub struct Deliveries {
    /// Only in this state
    #[arg(long, value_enum)]
    state: Option<State>,
    /// The most to show
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

/// Where a delivery is.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum State {
    /// Waits for its next attempt
    Pending,
    /// The other side took it
    Delivered,
    /// Given up
    Dead,
    /// Its recipient is no more
    Dropped,
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let channel = context.channel("notifications")?;
    match command {
        Command::Add(args) => add(context, WebhookServiceClient::new(channel), args).await,
        Command::List => list(context, WebhookServiceClient::new(channel)).await,
        Command::Remove { id } => remove(context, WebhookServiceClient::new(channel), id).await,
        Command::Rotate { id } => rotate(context, WebhookServiceClient::new(channel), id).await,
        Command::Deliveries(args) => deliveries(context, DeliveryServiceClient::new(channel), &args).await,
        Command::Resend { id } => resend(context, DeliveryServiceClient::new(channel), id).await,
    }
}

async fn add(context: &Context, mut client: WebhookServiceClient<Channel>, args: Add) -> Result<()> {
    let request = CreateWebhookRequest {
        request_id: context.request_id(),
        url: args.url,
        event_types: args.events,
        description: args.description,
    };
    let webhook = client.create_webhook(request).await?.into_inner();
    details(context, &webhook)
}

async fn rotate(context: &Context, mut client: WebhookServiceClient<Channel>, id: String) -> Result<()> {
    let request = RotateWebhookSecretRequest { request_id: context.request_id(), id, etag: String::new() };
    let webhook = client.rotate_webhook_secret(request).await?.into_inner();
    details(context, &webhook)
}

fn details(context: &Context, webhook: &Webhook) -> Result<()> {
    context.print_details(
        || context.json("gongdan.notifications.v1.Webhook", webhook),
        &[
            (context.text("id", "编号"), webhook.id.clone()),
            (context.text("url", "地址"), webhook.url.clone()),
            (context.text("events", "事件"), webhook.event_types.join(" ")),
            (context.text("description", "说明"), webhook.description.clone()),
            (context.text("secret", "密钥"), webhook.secret.clone()),
        ],
    )?;
    context.say(context.text("The secret is shown only now.", "密钥仅显示这一次。"))
}

async fn list(context: &Context, mut client: WebhookServiceClient<Channel>) -> Result<()> {
    let mut request = ListWebhooksRequest { page_size: PAGE, page_token: String::new() };
    let mut webhooks: Vec<Webhook> = Vec::new();
    loop {
        let page = client.list_webhooks(request.clone()).await?.into_inner();
        webhooks.extend(page.webhooks);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let json = || {
        let webhooks: Result<Vec<_>> = webhooks
            .iter()
            .map(|webhook| context.json("gongdan.notifications.v1.Webhook", webhook))
            .collect();
        Ok(json!(webhooks?))
    };
    context.print(json, || {
        let mut table = Table::new([
            context.text("id", "编号"),
            context.text("url", "地址"),
            context.text("events", "事件"),
            context.text("enabled", "启用"),
            context.text("since", "登记时间"),
            context.text("description", "说明"),
        ]);
        for webhook in &webhooks {
            table.row([
                webhook.id.clone(),
                webhook.url.clone(),
                webhook.event_types.join(" "),
                if webhook.enabled { context.text("yes", "是") } else { context.text("no", "否") }.to_owned(),
                context.time(webhook.created_at.as_ref()),
                webhook.description.clone(),
            ]);
        }
        table
    })
}

async fn remove(context: &Context, mut client: WebhookServiceClient<Channel>, id: String) -> Result<()> {
    let request =
        DeleteWebhookRequest { request_id: context.request_id(), id: id.clone(), etag: String::new() };
    client.delete_webhook(request).await?;
    if context.is_json() {
        return context.print_json(&json!({ "removed": id }));
    }
    context.say(context.text("removed", "已移除"))
}

async fn deliveries(
    context: &Context,
    mut client: DeliveryServiceClient<Channel>,
    args: &Deliveries,
) -> Result<()> {
    let state = args.state.map_or(DeliveryState::Unspecified, |state| match state {
        State::Pending => DeliveryState::Pending,
        State::Delivered => DeliveryState::Delivered,
        State::Dead => DeliveryState::Dead,
        State::Dropped => DeliveryState::Dropped,
    });
    let mut request = ListDeliveriesRequest { state: state.into(), page_size: PAGE, ..Default::default() };
    let mut found: Vec<Delivery> = Vec::new();
    loop {
        let page = client.list_deliveries(request.clone()).await?.into_inner();
        found.extend(page.deliveries);
        if page.next_page_token.is_empty() || found.len() >= args.limit {
            break;
        }
        request.page_token = page.next_page_token;
    }
    found.truncate(args.limit);
    let json = || {
        let found: Result<Vec<_>> =
            found.iter().map(|one| context.json("gongdan.notifications.v1.Delivery", one)).collect();
        Ok(json!(found?))
    };
    context.print(json, || table(context, &found))
}

fn table(context: &Context, deliveries: &[Delivery]) -> Table {
    let mut table = Table::new([
        context.text("id", "编号"),
        context.text("when", "时间"),
        context.text("channel", "方式"),
        context.text("recipient", "接收方"),
        context.text("what", "内容"),
        context.text("state", "状态"),
        context.text("attempts", "次数"),
        context.text("last error", "最近错误"),
    ]);
    for delivery in deliveries {
        let last = delivery.attempt_log.last();
        table.row([
            delivery.id.clone(),
            context.time(delivery.created_at.as_ref()),
            context.name(delivery.channel().as_str_name()),
            delivery.recipient.clone(),
            delivery.kind.clone(),
            context.name(delivery.state().as_str_name()),
            delivery.attempts.to_string(),
            last.map(|attempt| attempt.error.clone()).unwrap_or_default(),
        ]);
    }
    table
}

async fn resend(context: &Context, mut client: DeliveryServiceClient<Channel>, id: String) -> Result<()> {
    let delivery = client.resend_delivery(ResendDeliveryRequest { id }).await?.into_inner();
    context.print(
        || context.json("gongdan.notifications.v1.Delivery", &delivery),
        || table(context, std::slice::from_ref(&delivery)),
    )
}
