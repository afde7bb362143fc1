//! callback: asking the citizen afterwards. Listens to tickets, opens a task per resolved round, hands tasks to agents
//! and says what came of them. Source: C2, C3, C5, C6.

mod config;
mod consumers;
mod error;
mod events;
mod grpc;
mod jobs;
mod store;
mod telemetry;

pub use config::{Config, InvalidConfig};

use crate::{consumers::tickets::Tickets, grpc::Api, store::Store, telemetry::Metrics};
use gongdan_auth::AuthChannel;
use gongdan_callback_domain::Policy;
use gongdan_clock::SharedClock;
use gongdan_outbox::{Consumer, RelayHandle};
use gongdan_pg::Schema;
use gongdan_proto::{
    callback::v1::callback_service_server::CallbackServiceServer,
    tickets::v1::customer_service_client::CustomerServiceClient,
};
use gongdan_runtime::{Foundation, Listeners};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The service's name, on the bus and in paths.
pub const NAME: &str = "callback";
/// `config.default.toml`.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// What RPCs, consumers and jobs share.
pub(crate) struct Rooms {
    store: Store,
    clock: SharedClock,
    policy: Arc<Policy>,
    relay: RelayHandle,
    customers: CustomerServiceClient<AuthChannel>,
    metrics: Metrics,
}

/// All migrations of the service's database.
#[must_use]
pub fn schema() -> Schema {
    Schema::new(&[&gongdan_pg::MIGRATOR, &gongdan_outbox::MIGRATOR, &gongdan_auth::MIGRATOR, &MIGRATOR])
}
