//! What every service begins with: layered configuration, listeners, the server and its stack, health, and the
//! foundation of database, bus, relay and authenticator.
//!
//! ```text
//! pub fn run(config: Config, listeners: Listeners, clock: SharedClock, shutdown: CancellationToken) -> Running {
//!     Box::pin(serve(config, listeners, clock, shutdown))
//! }
//!
//! async fn serve(config: Config, listeners: Listeners, clock: SharedClock, shutdown: CancellationToken)
//!     -> anyhow::Result<()>
//! {
//!     let Some(mut base) = Foundation::start(&config.common, NAME, schema(), listeners, clock, shutdown).await? else {
//!         return Ok(());                                     // told to stop while it waited for database or bus
//!     };
//!     let rooms = Arc::new(Rooms::new(&base, &config));
//!     base.add(TicketServiceServer::new(Api(rooms)).max_decoding_message_size(base.max_message_bytes()));
//!     base.serve().await
//! }
//! ```

mod config;
mod foundation;
mod listeners;
mod peers;
mod process;
mod server;
mod stack;
mod watch;

pub use config::{
    AddressConfig, COMMON_DEFAULTS, CommonConfig, ConfigError, ConnectionsConfig, ConsumersConfig,
    LimitsConfig, PeersConfig, ServerConfig, ShareConfig, Sources, WaitConfig, load_config,
};
pub use foundation::{Foundation, Running};
pub use listeners::Listeners;
pub use peers::Peers;
pub use process::{build_runtime, termination};
pub use server::{Readiness, Server};
