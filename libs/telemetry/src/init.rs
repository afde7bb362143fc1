//! Sets the process's exporters up, and takes them down.

use crate::{LogFormat, TelemetryConfig, logs::JsonLine, registry, sql::SQL_TARGET};
use anyhow::Context as _;
use opentelemetry::{KeyValue, trace::TracerProvider as _};
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    metrics::{PeriodicReader, SdkMeterProvider},
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider},
};
use prometheus::Registry;
use std::{io, time::Duration};
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

/// Spans that wait for the exporter. A slot is a few hundred bytes and allotted at start; what does not fit is dropped
/// and counted by the SDK.
const SPAN_QUEUE: usize = 1024;
const SPAN_BATCH: usize = 256;

/// Keeps the exporters of the process; to be shut down before it ends, so that the last spans leave.
pub struct Telemetry {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
    exports: bool,
}

/// Starts traces, metrics and logs of this process. With an OTLP endpoint to be called inside a tokio runtime; a
/// receiver that is away is tried again with every batch and holds nothing up.
///
/// # Errors
/// When the filter or the endpoint cannot be read, or when it was called before.
pub fn init(config: &TelemetryConfig, service: &'static str) -> anyhow::Result<Telemetry> {
    let resource = Resource::builder()
        .with_service_name(format!("gongdan-{service}"))
        .with_attributes([
            KeyValue::new("service.namespace", "gongdan"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", format!("{}-{}", service, std::process::id())),
        ])
        .build();
    let exports = !config.otlp_endpoint.is_empty();
    let traces = tracer_provider(config, resource.clone())?;
    let metrics = meter_provider(config, resource)?;

    let mut filter = EnvFilter::try_new(&config.filter)
        .with_context(|| format!("telemetry.filter: {:?} is no filter", config.filter))?;
    if !exports {
        filter = filter.add_directive(format!("{SQL_TARGET}=off").parse()?);
    }
    let lines = match config.log_format {
        LogFormat::Json => tracing_subscriber::fmt::layer()
            .event_format(JsonLine { service })
            .with_writer(io::stderr)
            .boxed(),
        LogFormat::Pretty => tracing_subscriber::fmt::layer().with_writer(io::stderr).boxed(),
    };
    let spans = tracing_opentelemetry::layer()
        .with_tracer(traces.tracer("gongdan"))
        .with_threads(false)
        .with_location(false)
        .with_target(false)
        .with_tracked_inactivity(false);
    tracing_subscriber::registry()
        .with(filter)
        .with(spans)
        .with(lines)
        .try_init()
        .context("telemetry was already started in this process")?;
    opentelemetry::global::set_meter_provider(metrics.clone());
    Ok(Telemetry { traces, metrics, exports })
}

fn tracer_provider(config: &TelemetryConfig, resource: Resource) -> anyhow::Result<SdkTracerProvider> {
    let builder = SdkTracerProvider::builder().with_resource(resource).with_max_events_per_span(16);
    if config.otlp_endpoint.is_empty() {
        return Ok(builder.with_sampler(Sampler::AlwaysOff).build());
    }
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(&config.otlp_endpoint)
        .with_timeout(config.export_timeout)
        .build()
        .with_context(|| format!("telemetry.otlp_endpoint: {:?}", config.otlp_endpoint))?;
    let batches = BatchSpanProcessor::builder(exporter)
        .with_batch_config(
            BatchConfigBuilder::default()
                .with_max_queue_size(SPAN_QUEUE)
                .with_max_export_batch_size(SPAN_BATCH)
                .with_scheduled_delay(Duration::from_secs(1))
                .build(),
        )
        .build();
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.sample_ratio)));
    Ok(builder.with_sampler(sampler).with_span_processor(batches).build())
}

fn meter_provider(config: &TelemetryConfig, resource: Resource) -> anyhow::Result<SdkMeterProvider> {
    let prometheus = opentelemetry_prometheus::exporter()
        .with_registry(registry())
        .build()
        .context("cannot read metrics for prometheus")?;
    let builder = SdkMeterProvider::builder().with_resource(resource).with_reader(prometheus);
    if config.otlp_endpoint.is_empty() {
        return Ok(builder.build());
    }
    let exporter = MetricExporter::builder()
        .with_tonic()
        .with_endpoint(&config.otlp_endpoint)
        .with_timeout(config.export_timeout)
        .build()
        .with_context(|| format!("telemetry.otlp_endpoint: {:?}", config.otlp_endpoint))?;
    let reader = PeriodicReader::builder(exporter)
        .with_interval(config.metrics_interval.max(Duration::from_secs(1)))
        .build();
    Ok(builder.with_reader(reader).build())
}

impl Telemetry {
    /// What `/metrics` shows.
    #[must_use]
    pub fn registry(&self) -> Registry {
        registry()
    }

    /// Sends what waits and stops the exporters. A receiver that is away is logged and loses the rest.
    pub async fn shutdown(self) {
        let exports = self.exports;
        // The SDK blocks its caller until its threads are done.
        let ended =
            tokio::task::spawn_blocking(move || (self.traces.shutdown(), self.metrics.shutdown())).await;
        match ended {
            Ok((traces, metrics)) => {
                for (signal, result) in [("traces", traces), ("metrics", metrics)] {
                    if let Err(error) = result
                        && exports
                    {
                        tracing::warn!(signal, %error, "telemetry was not delivered whole");
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "telemetry did not stop"),
        }
    }
}
