//! Facts out and facts in: events appended in the transaction of the change, relayed to the bus in order, and applied
//! by consumers that lose and repeat nothing. Source: DESIGN rules 2, 3 and 4.
//!
//! - [`append`] writes events beside the change they tell of.
//! - [`Relay`] publishes them.
//! - [`Consumer`] applies those of another service through a [`Handler`], many in one transaction.
//! - [`OwnerLog`] is what a consumer asks for events it missed, and what a rebuild reads.
//! - [`redact`] takes what is personal out of events that were written, [`scrub`] takes them off the bus.
//! - [`EventServer`] and [`DeadLetterServer`] are the two RPC services of every service.

mod append;
mod consumer;
mod handler;
mod inbox;
mod log;
mod owner_log;
mod pressure;
mod redact;
mod relay;
mod replay;
mod server;

pub use append::{MAX_PAYLOAD, NewEvent, append};
pub use consumer::{Consumer, ConsumerBuilder, ConsumerConfig, ConsumerHandle};
pub use gongdan_bus::{Event, Origin};
pub use handler::{ApplyError, Handler};
pub use inbox::Inbox;
pub use owner_log::{AT_ONCE, OwnerLog, OwnerLogClient, ReplayStream};
pub use redact::{forget_discarded, redact, scrub};
pub use relay::{Relay, RelayConfig, RelayHandle};
pub use replay::{Progress, replay};
pub use server::{DeadLetterServer, EventServer, Guard};

use sqlx::migrate::Migrator;

/// The tables of this library: `events`, the relay's cursor, the inbox of consumers.
pub static MIGRATOR: Migrator = sqlx::migrate!("./migrations");
