//! Traces, metrics and logs of every process of the suite. Source: X5.
//!
//! [`init`] is called once per process; libraries and services then use `tracing` for spans and logs, [`meter`] for
//! instruments, and the functions of [`context`] where a call leaves or enters the process.

mod config;
mod context;
mod init;
mod logs;
mod metrics;
mod sql;

pub use config::{LogFormat, TelemetryConfig};
pub use context::{
    Carrier, current_traceparent, extract, extract_from, inject, inject_into, link, set_parent, trace_id,
};
pub use init::{Telemetry, init};
pub use metrics::{meter, registry};
#[doc(hidden)]
pub use sql::collection_of;
#[doc(hidden)]
pub use tracing;
