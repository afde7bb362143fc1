//! `gongdan status`: how the services of a running suite are.

use std::{collections::HashMap, process::ExitCode, time::Duration};

use anyhow::{Context as _, Result};
use futures::{TryStreamExt, future::join_all};
use gongdan_bus::{Bus, BusConfig};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{
    Context, Table,
    suite::{Endpoints, Suite},
};
use crate::{services, up::ready::is_serving};

const ANSWER: Duration = Duration::from_secs(3);

struct Status {
    service: &'static str,
    serving: bool,
    /// What it waits for, when it says.
    waits_for: String,
    version: Option<String>,
    /// Events written but not yet on the bus.
    to_publish: Option<f64>,
    /// Events on the bus that its consumers have not applied yet.
    to_apply: Option<u64>,
}

pub async fn run(context: &Context) -> Result<ExitCode> {
    let suite = context.suite()?;
    let http = reqwest::Client::builder().no_proxy().timeout(ANSWER).build().context("an HTTP client")?;
    let mut asked = Vec::new();
    for service in &services::ALL {
        asked.push(ask(context, &http, service.name, suite.endpoints(service.name)?));
    }
    let mut all: Vec<Status> = join_all(asked).await.into_iter().collect::<Result<_>>()?;
    match tokio::time::timeout(ANSWER, to_apply(suite)).await {
        Ok(Ok(waiting)) => {
            for status in &mut all {
                status.to_apply = waiting.get(status.service).copied();
            }
        }
        Ok(Err(error)) => eprintln!(
            "{}: {error:#}",
            context.text("the bus does not say what waits", "总线未说明待处理事件")
        ),
        Err(_) => eprintln!("{}", context.text("the bus does not answer", "总线没有应答")),
    }
    context.print(
        || {
            let one = |s: &Status| {
                json!({
                    "service": s.service, "serving": s.serving, "waits_for": s.waits_for, "version": s.version,
                    "to_publish": s.to_publish, "to_apply": s.to_apply,
                })
            };
            Ok(all.iter().map(one).collect())
        },
        || table(context, &all),
    )?;
    Ok(if all.iter().all(|s| s.serving) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn table(context: &Context, all: &[Status]) -> Table {
    let mut table = Table::new([
        context.text("service", "服务"),
        context.text("health", "状态"),
        context.text("version", "版本"),
        context.text("to publish", "待发事件"),
        context.text("to apply", "待处理事件"),
        context.text("waits for", "等待"),
    ]);
    for status in all {
        let health = if status.serving {
            context.text("serving", "正常")
        } else {
            context.text("not serving", "不可用")
        };
        table.row([
            status.service.to_owned(),
            health.to_owned(),
            status.version.clone().unwrap_or_default(),
            status.to_publish.map(|events| format!("{events:.0}")).unwrap_or_default(),
            status.to_apply.map(|events| events.to_string()).unwrap_or_default(),
            status.waits_for.clone(),
        ]);
    }
    table
}

async fn ask(
    context: &Context,
    http: &reqwest::Client,
    service: &'static str,
    endpoints: &Endpoints,
) -> Result<Status> {
    let channel = context.connect(&endpoints.grpc, |endpoint| endpoint.connect_timeout(ANSWER))?;
    let get = async |path: &str| {
        let answer = http.get(format!("{}/{path}", endpoints.metrics)).send().await.ok()?;
        answer.text().await.ok()
    };
    let serving = is_serving(&channel).await;
    let metrics = get("metrics").await.unwrap_or_default();
    let waits_for =
        if serving { String::new() } else { get("readyz").await.unwrap_or_default().trim().to_owned() };
    Ok(Status {
        service,
        serving,
        waits_for,
        version: label(&metrics, "target_info", "service_version"),
        to_publish: values(&metrics, "gongdan_outbox_backlog").reduce(|sum, value| sum + value),
        to_apply: None,
    })
}

/// By service, what the bus still holds for its consumers; they are named after the suite and the service:
/// `gongdan-sla-tickets`.
async fn to_apply(suite: &Suite) -> Result<HashMap<&'static str, u64>> {
    let bus = Bus::connect(&BusConfig::at(suite.nats_url.expose_secret(), &suite.name), "status").await?;
    let mut waiting = HashMap::new();
    for source in &services::ALL {
        let Ok(stream) = bus.context().get_stream(bus.stream_name(source.name)).await else { continue };
        let consumers: Vec<_> = stream.consumers().try_collect().await?;
        for consumer in consumers {
            let of = |service: &&services::Service| {
                consumer.name.starts_with(&bus.durable_name(&format!("{}-", service.name)))
            };
            if let Some(service) = services::ALL.iter().find(of) {
                let count = waiting.entry(service.name).or_insert(0);
                *count += consumer.num_pending + u64::try_from(consumer.num_ack_pending)?;
            }
        }
    }
    Ok(waiting)
}

/// The values of a gauge in Prometheus's text form, whatever unit its name ends with.
fn values<'a>(metrics: &'a str, name: &'a str) -> impl Iterator<Item = f64> + 'a {
    lines(metrics, name).filter_map(|line| line.rsplit_once(' ')?.1.parse().ok())
}

fn label(metrics: &str, name: &str, label: &str) -> Option<String> {
    let line = lines(metrics, name).next()?;
    let (_, rest) = line.split_once(&format!("{label}=\""))?;
    Some(rest.split_once('"')?.0.to_owned())
}

fn lines<'a>(metrics: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    metrics.lines().filter(move |line| line.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gauges_are_read_from_the_text_form() {
        let text = "# TYPE gongdan_outbox_backlog gauge\n\
                    gongdan_outbox_backlog{gongdan_source=\"sla\"} 3\n\
                    target_info{service_name=\"gongdan-sla\",service_version=\"0.1.0\"} 1\n";
        assert_eq!(label(text, "target_info", "service_version").as_deref(), Some("0.1.0"));
        assert_eq!(values(text, "gongdan_outbox_backlog").next(), Some(3.0));
        assert_eq!(values(text, "gongdan_outbox_age").next(), None);
    }
}
