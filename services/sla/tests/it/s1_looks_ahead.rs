//! S1: a year whose holidays are missing is told of before it matters, in metrics and log.

use crate::suite::{Suite, TicketLife, at};
use gongdan_clock::{Clock as _, SystemClock, new_id};
use gongdan_proto::{
    sla::v1 as pb,
    tickets::v1::{Submitted, ticket_event::Change},
};
use gongdan_testkit::{Served, eventually};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use std::{
    io,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tracing_subscriber::fmt::MakeWriter;

/// What is logged on this thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn count(&self, word: &str) -> usize {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| line.contains(word)).count()
    }

    fn last(&self, word: &str) -> String {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().rfind(|line| line.contains(word)).unwrap_or_default().to_owned()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The value of a gauge that is labelled with a calendar.
async fn gauge(service: &Served, name: &str, calendar: &str) -> Option<f64> {
    let mut stream = TcpStream::connect(service.metrics.trim_start_matches("http://")).await.unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let label = format!("calendar=\"{calendar}\"");
    let line = answer.lines().find(|line| line.starts_with(name) && line.contains(&label))?;
    line.rsplit(' ').next()?.parse().ok()
}

fn import(years: &str) -> pb::ImportCalendarRequest {
    let document = format!(
        r#"{{"key": "ahead", "name": "x", "time_zone": "Asia/Shanghai", "years": {{{years}}},
            "week": {{"monday": ["09:00-18:00"], "tuesday": ["09:00-18:00"], "wednesday": ["09:00-18:00"]}}}}"#
    );
    pb::ImportCalendarRequest {
        request_id: new_id(SystemClock.now()).to_string(),
        document,
        ..Default::default()
    }
}

#[tokio::test]
async fn s1_a_missing_year_is_told_of_before_it_matters() {
    // what other tests of this process made before counts nothing; the calendar's key is this test's own
    let exporter =
        opentelemetry_prometheus::exporter().with_registry(gongdan_telemetry::registry()).build().unwrap();
    opentelemetry::global::set_meter_provider(SdkMeterProvider::builder().with_reader(exporter).build());
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(lines.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let suite = Suite::at("2026-12-10T09:00").await;
    let service = suite.serve().await;
    let mut client = suite.calendars(&service, "admin");
    let is = |name: &'static str, expected: f64| {
        let service = &service;
        async move { gauge(service, name, "ahead").await == Some(expected) }
    };
    const KNOWN: &str = "gongdan_sla_calendar_days_known";
    const BEYOND: &str = "gongdan_sla_calendar_clocks_beyond";

    client.import_calendar(import(r#""2026": {}, "2027": {}"#)).await.unwrap();
    eventually("two years are known", async || is(KNOWN, 22.0 + 365.0).await).await;
    assert_eq!(lines.count("calendar=ahead"), 0, "that is far enough");
    assert_eq!(lines.count("calendar_year_ahead_missing"), 1, "cn ends in three weeks: {}", lines.last("cn"));
    assert!(lines.last("calendar_year_ahead_missing").contains("days_known=22"));

    client.import_calendar(import(r#""2026": {}"#)).await.unwrap();
    eventually("the newest version knows less", async || is(KNOWN, 22.0).await).await;
    assert_eq!(lines.count("calendar=ahead"), 1, "told once");
    assert!(
        lines.last("calendar=ahead").contains("until=2026-12-31T16:00:00Z"),
        "{}",
        lines.last("calendar=ahead")
    );

    // a set of rules by this calendar, and a ticket that is due in the year that is missing
    let set = pb::PolicySet {
        key: "ahead".into(),
        name: "x".into(),
        calendar: "ahead".into(),
        rules: vec![pb::PolicyRule {
            kind: pb::ClockKind::Handling.into(),
            amount: "15wd".into(),
            ..Default::default()
        }],
        ..Default::default()
    };
    let request =
        pb::PutPolicySetRequest { request_id: new_id(SystemClock.now()).to_string(), policy_set: Some(set) };
    suite.policies(&service, "admin").put_policy_set(request).await.unwrap();
    let mut ticket = TicketLife::complaint("GD2612100000000001", "2026-12-10T08:30");
    ticket.state.sla_policy = "ahead".into();
    ticket.act(&suite, Change::Submitted(Submitted::default()), "2026-12-10T08:31").await;
    let number = ticket.state.number.clone();
    suite.clock_in(&service, &number, pb::ClockKind::Handling, pb::ClockState::Running).await;

    client.import_calendar(import(r#""2026": {}, "2027": {}, "2028": {}"#)).await.unwrap();
    eventually("the clock keeps its version, which knows less", async || {
        is(BEYOND, 1.0).await && is(KNOWN, 22.0 + 365.0 + 366.0).await
    })
    .await;
    let outdated = lines.last("calendar_clocks_outdated");
    assert!(outdated.contains("calendar=ahead") && outdated.contains("clocks=1"), "{outdated}");
    assert!(at("2027-01-01T00:00") > suite.clock.now());
    service.stop().await;
}
