//! A desk with the people of these tests, and the client in their hands.

use gongdan_clock::{Clock as _, SystemClock};
use gongdan_e2e::{
    eventually::eventually,
    organisation::{self, COUNTY, ENVIRONMENT, STREET_OFFICE, person},
    suite::Suite,
};
use gongdan_proto::routing::v1::{PrincipalRow, UnitKind, UnitRow};
use jiff::{SignedDuration, tz::TimeZone};
use serde_json::Value;
use std::path::PathBuf;

/// Takes requests down.
pub const AGENT: &str = "zhao.min";
/// Dispatches.
pub const DISPATCHER: &str = "chen.jing";
/// Works on what the environment bureau has.
pub const HANDLER: &str = "li.wei";
/// Leads the environment bureau.
pub const LEADER: &str = "sun.li";
/// Inspects.
pub const AUDITOR: &str = "he.ping";
/// Supervises.
pub const OFFICE: &str = "fang.yu";
/// Leads the hotline centre.
pub const CENTRE: &str = "lin.hai";

/// A suite with a centre, two bureaus and whoever signs.
pub struct Desk {
    pub suite: Suite,
    files: tempfile::TempDir,
}

impl Desk {
    pub async fn start() -> Self {
        // Who returns a ticket that came back once sends it to arbitration.
        let suite = Suite::start_with(&[("GONGDAN_TICKETS__TICKETS__MAX_RETURNS", "1")]).await;
        organisation::import(&suite).await;
        let with = |rights: &[&str], person: PrincipalRow| PrincipalRow {
            rights: rights.iter().map(|right| (*right).to_owned()).collect(),
            ..person
        };
        let centre = UnitRow {
            id: "hotline".to_owned(),
            name: "广州12345热线".to_owned(),
            kind: UnitKind::Centre.into(),
            region: COUNTY.to_owned(),
            ..UnitRow::default()
        };
        let people = vec![
            with(&["sensitive"], person(AGENT, "赵敏", "agent", "hotline")),
            with(&["sensitive"], person(DISPATCHER, "陈静", "dispatcher", "hotline")),
            with(&["sensitive"], person("wang.fang", "王芳", "handler", STREET_OFFICE)),
            with(&["sensitive"], person(HANDLER, "李伟", "handler", ENVIRONMENT)),
            with(&["sensitive"], person(LEADER, "孙丽", "unit_leader", ENVIRONMENT)),
            with(&["sensitive", "personal"], person(AUDITOR, "何平", "auditor", "hotline")),
            with(&["sensitive"], person(OFFICE, "方宇", "supervisor", "hotline")),
            with(&["sensitive"], person(CENTRE, "林海", "unit_leader", "hotline")),
        ];
        organisation::add(&suite, vec![centre], people).await;
        organisation::rule(&suite, "noise", "ticket.subject.contains('噪音')", ENVIRONMENT).await;
        Self { suite, files: tempfile::tempdir().expect("a directory") }
    }

    /// What the client answers somebody, as programs read it.
    pub async fn does(&self, who: &str, words: &[&str]) -> Value {
        self.suite.cli_json(&[words, &["--as", who, "-o", "json"]].concat()).await
    }

    /// What the client prints for somebody.
    pub async fn prints(&self, who: &str, words: &[&str]) -> String {
        let output = self.suite.cli(&[words, &["--as", who, "--lang", "zh"]].concat()).await;
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What the client says to somebody whom it refuses something.
    pub async fn refuses(&self, who: &str, words: &[&str]) -> String {
        let output = self.suite.cli(&[words, &["--as", who, "--lang", "zh"]].concat()).await;
        assert!(!output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// The ticket, as somebody sees it.
    pub async fn ticket(&self, who: &str, number: &str) -> Value {
        self.does(who, &["ticket", "get", number]).await
    }

    /// Takes a request down: its number. Unless `more` says otherwise it is a complaint about a building site.
    pub async fn created(&self, subject: &str, more: &[&str]) -> String {
        let words = ["ticket", "create", "--subject", subject, "--region", COUNTY];
        let or = |words: &'static [&str]| if more.contains(&words[0]) { &[][..] } else { words };
        let (kind, body) = (or(&["--type", "complaint"]), or(&["--body", "凌晨仍在施工，无法休息。"]));
        let made = self.does(AGENT, &[&words[..], kind, body, more].concat()).await;
        made["number"].as_str().expect("a number").to_owned()
    }

    /// Waits until routing has given it to a unit.
    pub async fn at(&self, number: &str, unit: &str) {
        eventually(format!("{number} is at {unit}"), || async {
            let ticket = self.ticket(DISPATCHER, number).await;
            (ticket["phase"] == "PHASE_DISPATCHED" && ticket["lead_unit_id"] == *unit).then_some(())
        })
        .await;
    }

    /// One that the handler works on: its number.
    pub async fn accepted(&self, more: &[&str]) -> String {
        let number = self.created("工地噪音", more).await;
        self.at(&number, ENVIRONMENT).await;
        self.does(HANDLER, &["ticket", "accept", &number]).await;
        number
    }

    /// One that the street office has: its number.
    pub async fn elsewhere(&self) -> String {
        let number = self.created("占道经营", &[]).await;
        self.at(&number, STREET_OFFICE).await;
        number
    }

    /// A file with this name.
    pub fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// Writes a file; its path, as it is typed.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).expect("a file");
        path.to_string_lossy().into_owned()
    }
}

/// So many minutes from now, as people write it.
pub fn minutes(from_now: i64) -> String {
    let zone = TimeZone::get("Asia/Shanghai").expect("a zone");
    let at = SystemClock.now() + SignedDuration::from_mins(from_now);
    at.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// An array's items.
pub fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).expect("an array")
}

/// A text.
pub fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// A picture by its beginning, as long as wanted.
pub fn picture(length: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend((bytes.len()..length).map(|at| u8::try_from(at % 251).expect("a byte")));
    bytes
}
