//! What a process exports, and where to.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The `[telemetry]` section of every service.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryConfig {
    /// OTLP receiver over gRPC, for example `http://127.0.0.1:4317`; empty: nothing is exported, logs keep their
    /// trace ids and the context still travels.
    pub otlp_endpoint: String,
    /// Share of traces begun here that are exported, 0 to 1. A caller's decision is followed.
    pub sample_ratio: f64,
    /// Between two exports of metrics, for example `15s`.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub metrics_interval: Duration,
    /// After it an export is given up, for example `5s`.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub export_timeout: Duration,
    /// How log lines look.
    pub log_format: LogFormat,
    /// What is logged and traced, as `RUST_LOG` spells it.
    pub filter: String,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self {
            otlp_endpoint: String::new(),
            sample_ratio: 1.0,
            metrics_interval: Duration::from_secs(15),
            export_timeout: Duration::from_secs(5),
            log_format: LogFormat::Pretty,
            filter:
                "info,h2=warn,hyper=warn,hyper_util=warn,tower=warn,tonic=warn,sqlx=warn,async_nats=warn,\
                     opentelemetry=warn,opentelemetry_sdk=warn,opentelemetry-otlp=warn"
                    .into(),
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line, with `trace_id` and `span_id`.
    Json,
    /// For people.
    Pretty,
}
