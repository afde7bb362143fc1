//! One hard case with the client alone, as `docs/WALKTHROUGH.md` tells it: two returns, arbitration, an assisting unit, a
//! later deadline, a dissatisfied citizen, another round.
//!
//! `GONGDAN_WRITE_REFERENCE=1` writes the page anew; without it the commands of the page are compared.

use gongdan_clock::{Clock as _, SystemClock};
use gongdan_e2e::{
    eventually::eventually,
    organisation::{self, COUNTY, ENVIRONMENT, STREET_OFFICE, person},
    suite::Suite,
};
use jiff::{SignedDuration, tz::TimeZone};
use std::{fmt::Write as _, fs, path::PathBuf};

/// What the case is called on the page; the real number and ids are another in each run.
const NUMBER: &str = "GD2611290000000001";

/// The page as it is told.
struct Page {
    suite: Suite,
    text: String,
    number: String,
}

impl Page {
    /// A heading and what it is about, in both languages.
    fn tell(&mut self, chinese: &str, english: &str) {
        write!(self.text, "\n## {chinese}\n\n{english}\n").expect("a string");
    }

    /// Runs the client as somebody; the page has the command and what it prints, of acts the first lines.
    async fn runs(&mut self, who: &str, words: &[&str], lines: usize) -> String {
        let arguments = [&["--as", who, "--lang", "zh"], words].concat();
        let output = self.suite.cli(&arguments).await;
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let quoted: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        let head = if lines == usize::MAX { String::new() } else { format!(" | head -{lines}") };
        let shown: Vec<&str> = printed.lines().take(lines).map(str::trim_end).collect();
        write!(
            self.text,
            "\n```console\n$ gongdan --as {who} {}{head}\n{}\n```\n",
            quoted.join(" "),
            shown.join("\n")
        )
        .expect("a string");
        printed
    }

    async fn acts(&mut self, who: &str, words: &[&str]) {
        self.runs(who, words, 3).await;
    }

    /// The ticket now.
    async fn ticket(&self) -> serde_json::Value {
        self.suite.cli_json(&["ticket", "get", &self.number, "-o", "json"]).await
    }

    /// Waits until the ticket is as described.
    async fn until(&self, what: &str, like: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
        let like = &like;
        eventually(what, || async move { Some(self.ticket().await).filter(|ticket| like(ticket)) }).await
    }

    async fn dispatched_to(&self, unit: &str) {
        self.until(unit, |t| t["phase"] == "PHASE_DISPATCHED" && t["lead_unit_id"] == *unit).await;
    }

    /// The page, or its commands compared with the one there is.
    fn done(&self) {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/WALKTHROUGH.md");
        let text = self.text.replace(&self.number, NUMBER);
        if std::env::var_os("GONGDAN_WRITE_REFERENCE").is_some() {
            fs::write(&path, text).expect("the page is written");
            return;
        }
        let commands = |text: &str| -> Vec<String> {
            let until = |line: &str| line.split(" --until ").next().unwrap_or_default().to_owned();
            text.lines().filter(|line| line.starts_with("$ ")).map(until).collect()
        };
        let page = fs::read_to_string(&path).expect("the page is there");
        assert_eq!(commands(&page), commands(&text), "docs/WALKTHROUGH.md is another case");
    }
}

/// As a shell wants it.
fn quoted(word: &str) -> String {
    if word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=".contains(c)) {
        word.to_owned()
    } else {
        format!("'{word}'")
    }
}

/// The people of the case who are not in the organisation of all tests.
async fn people(suite: &Suite) {
    let principals = vec![
        person("zhao.min", "赵敏", "agent", STREET_OFFICE),
        person("chen.jing", "陈静", "dispatcher", STREET_OFFICE),
        person("sun.li", "孙丽", "unit_leader", ENVIRONMENT),
    ];
    organisation::add(suite, Vec::new(), principals).await;
}

const HEAD: &str = "\
# 一件难办的工单 · One hard case

一件夜间施工噪音投诉，两次退单后进入仲裁；派单员指定主办单位，主办单位请求协办、申请延时、办结；回访不满意，重办一轮后归档。
下面每条命令都是真的，每段输出都是命令打印的；由 `tests/e2e/hard_case.rs` 在真实的六个服务上跑出来。

A complaint about noise at night comes back twice and goes to arbitration; a dispatcher names the lead unit, which asks
another to help, gets a later deadline and resolves it; the citizen is not satisfied, and a second round ends it. Every
command is real and printed what stands below it: `tests/e2e/hard_case.rs` drives the case on six real services.
`max_returns = 1` here, so that the second return is one too many.

| 谁 · who | 角色 · role | 单位 · unit |
|---|---|---|
| zhao.min 赵敏 | 话务员 agent | |
| chen.jing 陈静 | 派单员 dispatcher | |
| li.wei 李伟 | 承办人 handler | tianhe-env 生态环境局 |
| sun.li 孙丽 | 单位领导 unit leader | tianhe-env 生态环境局 |
| wang.fang 王芳 | 承办人 handler | tianhe-office 街道办 |
";

#[tokio::test]
async fn a_hard_case_from_intake_to_the_second_callback() {
    let suite = Suite::start_with(&[("GONGDAN_TICKETS__TICKETS__MAX_RETURNS", "1")]).await;
    organisation::import(&suite).await;
    people(&suite).await;
    organisation::rule(&suite, "noise", "ticket.subject.contains('噪音')", ENVIRONMENT).await;
    let mut page = Page { suite, text: HEAD.to_owned(), number: String::new() };

    page.tell(
        "受理",
        "The agent takes the request down; the rule for noise gives it to the environment bureau.",
    );
    let words = ["ticket", "create", "--type", "complaint", "--subject", "夜间施工噪音扰民", "--body"];
    let more =
        ["凌晨仍在施工，老人孩子无法休息。", "--region", COUNTY, "--phone", "13800138000", "--name", "张三"];
    let printed = page.runs("zhao.min", &[&words[..], &more].concat(), 5).await;
    let number = printed.split_whitespace().find(|word| word.starts_with("GD")).expect("a number");
    page.number = number.to_owned();
    page.dispatched_to(ENVIRONMENT).await;

    page.tell(
        "两次退单，进入仲裁",
        "The bureau says it is not theirs; routing does not give it back to them and finds the street office by area. The \
         office returns it as well: now a person has to decide, and routing leaves it alone.",
    );
    let number = page.number.clone();
    page.acts("li.wei", &["ticket", "return", &number, "--reason", "夜间施工许可由街道核发，不属于本单位"])
        .await;
    page.dispatched_to(STREET_OFFICE).await;
    page.acts("wang.fang", &["ticket", "return", &number, "--reason", "噪音超标属生态环境部门职责"]).await;
    let ticket = page.until("arbitration", |ticket| ticket["arbitration"] == true).await;
    assert_eq!((&ticket["return_count"], &ticket["phase"]), (&2.into(), &"PHASE_PENDING_DISPATCH".into()));

    page.tell("仲裁派单", "The dispatcher decides: the bureau leads, the office helps.");
    let note = "经协调，由环境局主办，街道办协办";
    page.acts("chen.jing", &["ticket", "dispatch", &number, "--unit", ENVIRONMENT, "--note", note]).await;
    page.acts("li.wei", &["ticket", "accept", &number]).await;

    page.tell("协办", "While the office owes its reply, the bureau cannot resolve the ticket.");
    let asked = "请提供该工地夜间施工许可情况";
    page.acts(
        "li.wei",
        &["ticket", "assist", "request", &number, "--unit", STREET_OFFICE, "--request", asked],
    )
    .await;
    let early = ["--as", "li.wei", "ticket", "resolve", &number, "--outcome", "solved"];
    let texts = ["--solution", "责令停工", "--reply", "已责令停工。"];
    let refused = page.suite.cli(&[&early[..], &texts].concat()).await;
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("ASSIST_OWED"));
    page.acts("wang.fang", &["ticket", "assist", "reply", &number, "--reply", "该工地未取得夜间施工许可"])
        .await;

    page.tell("延时申请", "Before the deadline the handler asks for a later one; the unit's leader grants it, and the clock moves.");
    let due = eventually("sla has said when it is due", || async {
        let ticket = page.ticket().await;
        ticket["due_at"].as_str().and_then(|due| due.parse::<jiff::Timestamp>().ok())
    })
    .await;
    assert!(due > SystemClock.now());
    let until =
        (due + SignedDuration::from_hours(72)).to_zoned(TimeZone::get("Asia/Shanghai").expect("a zone"));
    let until = until.strftime("%Y-%m-%dT%H:%M").to_string();
    let why = "需连续监测三个夜间";
    page.acts("li.wei", &["ticket", "extend", "request", &number, "--reason", why, "--until", &until]).await;
    page.acts("sun.li", &["ticket", "extend", "approve", &number, "--note", "同意"]).await;
    page.until("the clock has moved", |ticket| {
        let moved = ticket["due_at"].as_str().and_then(|due| due.parse::<jiff::Timestamp>().ok());
        moved.is_some_and(|moved| moved > due)
    })
    .await;

    page.tell(
        "办结，回访不满意，重办",
        "It is resolved; the citizen says it goes on at night, and the next round begins.",
    );
    let resolve = ["ticket", "resolve", &number, "--outcome", "solved"];
    let texts =
        ["--solution", "责令停工整改并立案", "--reply", "已责令停工整改。", "--root-cause", "无夜间施工许可"];
    page.acts("li.wei", &[&resolve[..], &texts].concat()).await;
    page.until("callback", |ticket| ticket["phase"] == "PHASE_IN_CALLBACK").await;
    let record = ["callback", "record", &number, "--outcome", "success", "--contacted"];
    let said = ["--solved=false", "--satisfied=false", "--note", "昨晚又施工到两点"];
    page.acts("zhao.min", &[&record[..], &said].concat()).await;
    page.until("round 2", |ticket| ticket["round"] == 2 && ticket["phase"] == "PHASE_DISPATCHED").await;

    page.tell("第二轮", "The bureau has it again, goes there at night, and the citizen is content.");
    page.acts("li.wei", &["ticket", "accept", &number]).await;
    let texts = ["--solution", "查封施工机械，夜间巡查三日", "--reply", "已查封施工机械。"];
    page.acts("li.wei", &[&resolve[..], &texts].concat()).await;
    page.until("callback", |ticket| ticket["phase"] == "PHASE_IN_CALLBACK").await;
    page.acts("zhao.min", &[&record[..], &["--solved", "--satisfied"]].concat()).await;
    page.until("closed", |ticket| ticket["phase"] == "PHASE_CLOSED").await;

    page.tell("流转信息", "Everything is in the timeline, in order, and the chain holds.");
    page.runs("chen.jing", &["ticket", "timeline", &number], usize::MAX).await;
    let verified = page.runs("chen.jing", &["ticket", "verify", &number], usize::MAX).await;
    assert!(verified.contains("完整"), "{verified}");

    let timeline = page.suite.cli_json(&["ticket", "timeline", &number, "-o", "json"]).await;
    let acts = [
        "submitted",
        "dispatched",
        "returned",
        "dispatched",
        "returned",
        "pooled",
        "dispatched",
        "accepted",
        "assist_requested",
        "assist_replied",
        "extension_requested",
        "extension_approved",
        "resolved",
        "callback_opened",
        "reopened",
        "dispatched",
        "accepted",
        "resolved",
        "callback_opened",
        "closed",
    ];
    let entries = timeline.as_array().expect("entries");
    assert_eq!(entries.len(), acts.len(), "{timeline}");
    for (entry, act) in entries.iter().zip(acts) {
        assert!(entry.get(act).is_some(), "{act}: {entry}");
    }
    page.done();
}
