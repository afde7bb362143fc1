//! The service as it runs, with real bus and database.

use std::sync::Arc;

use gongdan_auth::AuthChannel;
use gongdan_bus::Event;
use gongdan_clock::{Clock as _, SystemClock, new_id};
use gongdan_notifications::{Config, DEFAULTS, Names, run_with, schema};
use gongdan_proto::notifications::v1::{
    CreateWebhookRequest, Delivery, DeliveryState, InboxItem, ListDeliveriesRequest, ListInboxRequest,
    Webhook, delivery_service_client::DeliveryServiceClient, inbox_service_client::InboxServiceClient,
    webhook_service_client::WebhookServiceClient,
};
use gongdan_testkit::{Env, PrincipalSpec, Served, eventually, eventually_some};
use jiff::Timestamp;
use uuid::Uuid;

use crate::names::Zone;

pub struct Suite {
    pub env: Env,
    pub served: Served,
    names: Arc<dyn Names>,
}

/// Endpoints on this machine, and no time lost between attempts.
const QUICK: &str = "
[webhooks]
allow_http = true
allow_networks = [\"127.0.0.0/8\"]
timeout = \"5s\"
[delivery]
first_retry = \"20ms\"
longest_retry = \"100ms\"
attempts = 4
[inbox]
poll = \"100ms\"
";

const PEERS: &str = "
[peers.addresses]
tickets = \"http://127.0.0.1:1\"
sla = \"http://127.0.0.1:1\"
routing = \"http://127.0.0.1:1\"
";

impl Suite {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(adjust: impl FnOnce(&mut Config)) -> Self {
        // No name is known, so that no test asks the network.
        Self::resolving(Arc::new(Zone::default()), adjust).await
    }

    /// With endpoints whose names lead where `names` says.
    pub async fn resolving(names: Arc<dyn Names>, adjust: impl FnOnce(&mut Config)) -> Self {
        let env = Env::start(schema()).await;
        let served = serve(&env, names.clone(), adjust).await;
        Self { env, served, names }
    }

    /// Stops the service and starts it again.
    pub async fn restarted(self) -> Self {
        self.restarted_with(|_| {}).await
    }

    /// Stops the service and starts it again with another configuration.
    pub async fn restarted_with(self, adjust: impl FnOnce(&mut Config)) -> Self {
        let Self { env, served, names } = self;
        served.stop().await;
        let served = serve(&env, names.clone(), adjust).await;
        Self { env, served, names }
    }

    pub async fn person(&self, spec: PrincipalSpec) {
        self.env.principal(spec).await;
    }

    pub async fn publish(&self, event: &Event) {
        self.env.publish(event).await;
    }

    pub fn inbox(&self, principal: &str) -> InboxServiceClient<AuthChannel> {
        InboxServiceClient::new(self.env.channel(&self.served, principal))
    }

    pub fn webhooks(&self, principal: &str) -> WebhookServiceClient<AuthChannel> {
        WebhookServiceClient::new(self.env.channel(&self.served, principal))
    }

    pub fn deliveries(&self) -> DeliveryServiceClient<AuthChannel> {
        DeliveryServiceClient::new(self.env.channel(&self.served, "admin"))
    }

    /// What is in somebody's inbox, oldest first.
    pub async fn items(&self, principal: &str) -> Vec<InboxItem> {
        let all = ListInboxRequest { page_size: 500, ..ListInboxRequest::default() };
        let answer = self.inbox(principal).list_inbox(all).await.unwrap().into_inner();
        let mut items = answer.items;
        items.reverse();
        items
    }

    /// The kinds of what is in somebody's inbox, oldest first, once there are so many.
    pub async fn told(&self, principal: &str, wanted: usize) -> Vec<String> {
        let items = eventually_some("they are told", async || {
            let items = self.items(principal).await;
            (items.len() >= wanted).then_some(items)
        });
        items.await.into_iter().map(|item| item.kind).collect()
    }

    /// Waits until the service has heard an event's version of its aggregate.
    pub async fn heard(&self, event: &Event) {
        eventually("the service has heard it", async || {
            let version: Option<i64> =
                sqlx::query_scalar("SELECT max(version) FROM inbox_versions WHERE aggregate_id = $1")
                    .bind(event.aggregate_id)
                    .fetch_one(self.env.pool())
                    .await
                    .unwrap();
            version >= Some(event.version)
        })
        .await;
    }

    pub async fn webhook(&self, url: &str, event_types: &[&str]) -> Webhook {
        let request = CreateWebhookRequest {
            request_id: request_id(),
            url: url.to_owned(),
            event_types: event_types.iter().map(|&t| t.to_owned()).collect(),
            description: "a test's".to_owned(),
        };
        self.webhooks("admin").create_webhook(request).await.unwrap().into_inner()
    }

    pub async fn all_deliveries(&self) -> Vec<Delivery> {
        let answer = self.deliveries().list_deliveries(ListDeliveriesRequest::default()).await;
        answer.unwrap().into_inner().deliveries
    }

    /// The one delivery there is, once it is in this state.
    pub async fn delivery_in(&self, state: DeliveryState) -> Delivery {
        eventually_some("the delivery is in its state", async || {
            let all = self.all_deliveries().await;
            assert!(all.len() <= 1, "{all:?}");
            all.into_iter().find(|delivery| delivery.state() == state)
        })
        .await
    }
}

async fn serve(env: &Env, names: Arc<dyn Names>, adjust: impl FnOnce(&mut Config)) -> Served {
    let mut config: Config = env.config_with(DEFAULTS, &format!("{QUICK}{PEERS}"));
    adjust(&mut config);
    env.serve(|listeners, shutdown| run_with(config, listeners, shutdown, names)).await
}

pub fn now() -> Timestamp {
    SystemClock.now()
}

pub fn request_id() -> String {
    new_id(now()).to_string()
}

pub fn id() -> Uuid {
    new_id(now())
}
