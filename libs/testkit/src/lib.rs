//! What tests of services begin with.
//!
//! ```ignore
//! #[tokio::test]
//! async fn a_task_is_opened_for_a_resolved_ticket() {
//!     let env = Env::start(gongdan_callback::schema()).await;
//!     env.principal(PrincipalSpec::new("agent.wang").role("agent")).await;
//!     let config = env.config(gongdan_callback::DEFAULTS);
//!     let service = env.serve(|listeners, shutdown| gongdan_callback::run(config, listeners, shutdown)).await;
//!     let client = CallbackServiceClient::new(env.channel(&service, "agent.wang"));
//!     env.publish(&resolved).await;
//!     eventually("the task is open", || async { env.events("callback").await.iter().any(|e| e.kind == "opened") }).await;
//! }
//! ```
//!
//! Servers are real and shared by the tests of a process; they stop with it. Each [`Env`] has a database cloned from a
//! migrated template, a bus root whose streams are deleted at the end, and an issuer. `GONGDAN_TEST_POSTGRES_URL` (a
//! superuser's, without database) and `GONGDAN_TEST_NATS_URL` name servers to use instead of private ones.
//!
//! Everything here panics when it fails: it is for tests only.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod asked;
mod database;
mod env;
mod events;
mod filled;
mod matrix;
mod owner_log;
mod principals;
mod raw;
mod servers;
mod serving;
mod wait;

/// What scopes are compared with: Cedar asked row by row, random callers, tickets and policies.
pub use gongdan_access::testing as access;

pub use asked::asked;
pub use env::Env;
pub use filled::filled_event;
pub use matrix::{Matrix, Outcome};
pub use owner_log::FakeOwnerLog;
pub use principals::PrincipalSpec;
pub use raw::call;
pub use serving::{Apart, Served};
pub use wait::{PATIENCE, eventually, eventually_some, eventually_within};
