//! Escalation, urges, directives, marks, errors, circulation and emergencies, by the client alone: what people type, and what
//! it tells others. Source: T13, T22, T23, T24, T30, T34, T38.

use gongdan_clock::{Clock as _, SystemClock};
use gongdan_e2e::{
    eventually::eventually,
    organisation::{self, COUNTY, ENVIRONMENT, person},
    suite::Suite,
};
use gongdan_proto::routing::v1::{UnitKind, UnitRow};
use jiff::SignedDuration;
use serde_json::Value;

/// The environment bureau under the city's, and that under the centre, each with its leader; a supervisor, an inspector.
async fn supervised(suite: &Suite) {
    organisation::import(suite).await;
    let unit = |id: &str, kind: UnitKind, parent: &str| UnitRow {
        id: id.to_owned(),
        name: id.to_owned(),
        kind: kind.into(),
        parent_id: parent.to_owned(),
        region: COUNTY.to_owned(),
        ..UnitRow::default()
    };
    let units = vec![
        unit("centre", UnitKind::Centre, ""),
        unit("city-env", UnitKind::Unit, "centre"),
        unit(ENVIRONMENT, UnitKind::Unit, "city-env"),
    ];
    let principals = vec![
        person("zhou.jie", "周洁", "unit_leader", ENVIRONMENT),
        person("city.head", "王城", "unit_leader", "city-env"),
        person("centre.head", "钟心", "unit_leader", "centre"),
        person("sun.hao", "孙浩", "supervisor", "centre"),
        person("qian.li", "钱立", "auditor", "centre"),
    ];
    organisation::add(suite, units, principals).await;
    organisation::rule(suite, "noise", "ticket.subject.contains('噪音')", ENVIRONMENT).await;
}

/// As one of them, with JSON.
async fn by(suite: &Suite, who: &str, words: &[&str]) -> Value {
    suite.cli_json(&[words, &["--as", who, "-o", "json"]].concat()).await
}

/// A ticket that `li.wei` works on.
async fn in_progress(suite: &Suite) -> String {
    let words = [
        "ticket",
        "create",
        "--type",
        "complaint",
        "--subject",
        "工地噪音",
        "--body",
        "夜间施工，无法休息。",
    ];
    let words = [&words[..], &["--region", COUNTY, "--phone", "+86 138 0013 8000", "-o", "json"]].concat();
    let made = suite.cli_json(&words).await;
    let ticket = made["number"].as_str().expect("a number").to_owned();
    eventually("it is dispatched to the bureau", || async {
        let now = suite.cli_json(&["ticket", "get", &ticket, "-o", "json"]).await;
        (now["phase"] == "PHASE_DISPATCHED" && now["lead_unit_id"] == ENVIRONMENT).then_some(())
    })
    .await;
    eventually("the handler may take it", || async {
        suite.cli(&["ticket", "accept", &ticket, "--as", "li.wei"]).await.status.success().then_some(())
    })
    .await;
    ticket
}

/// Waits until somebody was told so many of a kind.
async fn told(suite: &Suite, who: &str, kind: &str, times: usize) {
    eventually(format!("{who} is told of {kind}"), || async {
        let inbox = by(suite, who, &["inbox"]).await;
        let items = inbox["items"].as_array().expect("items");
        (items.iter().filter(|item| item["kind"] == kind).count() == times).then_some(())
    })
    .await;
}

#[tokio::test]
async fn t22_t23_urges_and_late_directives_climb_to_those_above() {
    let suite = Suite::start_with(&[
        ("GONGDAN_TICKETS__TICKETS__URGE_WINDOW", "0s"),
        ("GONGDAN_TICKETS__SUPERVISION__SUPERVISING_UNIT_AFTER", "1s"),
        ("GONGDAN_TICKETS__SUPERVISION__CENTRE_AFTER", "2s"),
        ("GONGDAN_TICKETS__SUPERVISION__INTERVAL", "500ms"),
    ])
    .await;
    supervised(&suite).await;
    let ticket = in_progress(&suite).await;
    for (who, level) in [("li.wei", 1), ("zhou.jie", 2), ("sun.hao", 3)] {
        let urged = suite.cli_json(&["ticket", "urge", &ticket, "-o", "json"]).await;
        assert_eq!(urged["urge_level"], level);
        told(&suite, who, "urged", 1).await;
    }

    let due = (SystemClock.now() + SignedDuration::from_secs(3)).to_string();
    let words = ["ticket", "direct", &ticket, "--due", &due, "--directive", "立即停工并书面反馈"];
    let directed = by(&suite, "sun.hao", &words).await;
    let directive = directed["directives"][0]["id"].as_str().expect("an id").to_owned();
    told(&suite, "zhou.jie", "directive_issued", 1).await;
    let resolve =
        ["ticket", "resolve", &ticket, "--outcome", "solved", "--solution", "停工", "--reply", "已停工"];
    let refused = suite.cli(&[&resolve[..], &["--as", "li.wei"]].concat()).await;
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("directive"));
    for (who, times) in [("zhou.jie", 1), ("city.head", 1), ("centre.head", 1), ("sun.hao", 3)] {
        told(&suite, who, "directive_late", times).await;
    }
    let late = by(&suite, "sun.hao", &["directive", "list", "late"]).await;
    assert_eq!(late[0]["directive"]["late_level"], 3);
    let owed = by(&suite, "li.wei", &["directive", "list"]).await;
    assert_eq!(owed[0]["ticket_number"], ticket.as_str());
    by(&suite, "li.wei", &["directive", "reply", &ticket, &directive, "--reply", "已停工"]).await;
    told(&suite, "sun.hao", "directive_replied", 1).await;
    by(&suite, "sun.hao", &["directive", "accept", &ticket, &directive]).await;
    assert!(by(&suite, "li.wei", &["directive", "list"]).await.as_array().expect("a list").is_empty());
    by(&suite, "li.wei", &resolve).await;
}

#[tokio::test]
async fn t13_t24_t30_t34_t38_what_is_done_beside_a_ticket_is_told_to_whom_it_concerns() {
    let suite = Suite::start_with(&[("GONGDAN_TICKETS__SUPERVISION__INTERVAL", "500ms")]).await;
    supervised(&suite).await;
    let ticket = in_progress(&suite).await;

    by(&suite, "li.wei", &["ticket", "circulate", &ticket, "--note", "请传阅"]).await;
    told(&suite, "zhou.jie", "circulated", 1).await;
    let shown = by(&suite, "zhou.jie", &["circulation", "list", "--unread"]).await;
    let id = shown[0]["id"].as_str().expect("an id").to_owned();
    by(&suite, "zhou.jie", &["circulation", "read", &id]).await;
    assert!(
        by(&suite, "zhou.jie", &["circulation", "list", "--unread"])
            .await
            .as_array()
            .expect("a list")
            .is_empty()
    );
    let receipts = by(&suite, "li.wei", &["circulation", "list", "--ticket", &ticket]).await;
    assert_eq!(receipts[0]["reads"][0]["person_id"], "zhou.jie");
    let announce =
        ["circulation", "announce", "--unit", ENVIRONMENT, "--title", "值班", "--text", "周五调整"];
    by(&suite, "zhou.jie", &announce).await;
    told(&suite, "li.wei", "announced", 1).await;
    let unread = by(&suite, "li.wei", &["circulation", "list", "--unread"]).await;
    assert_eq!(unread[0]["title"], "值班");
    by(&suite, "li.wei", &["circulation", "read", unread[0]["id"].as_str().expect("an id")]).await;
    let shown = by(&suite, "zhou.jie", &["circulation", "list"]).await;
    assert_eq!(shown[0]["reads"][0]["person_id"], "li.wei", "who announces it sees who has read it");
    for outside in ["city.head", "sun.hao", "qian.li", "zhou.jie"] {
        told(&suite, outside, "announced", 0).await;
    }
    // Whoever hears all that tickets tells has passed it over: nothing of it is left as a dead letter.
    let dead = suite.cli_json(&["events", "dead", "-o", "json"]).await;
    assert_eq!(dead.as_array().map(Vec::len), Some(0), "{dead}");

    let soon = (SystemClock.now() + SignedDuration::from_secs(2)).to_string();
    by(&suite, "li.wei", &["ticket", "track", &ticket, "--remind", &soon, "--note", "再看"]).await;
    told(&suite, "li.wei", "reminded", 1).await;
    by(&suite, "li.wei", &["ticket", "untrack", &ticket]).await;

    let words = ["ticket", "quality", "mark", &ticket, "--kind", "wrong-dispatch", "--note", "应派城管"];
    let marked = by(&suite, "qian.li", &words).await;
    let error = marked["quality_errors"][0]["id"].as_str().expect("an id").to_owned();
    let words = ["ticket", "quality", "withdraw", &ticket, "--error", &error, "--reason", "复核无误"];
    assert!(by(&suite, "qian.li", &words).await["quality_errors"][0]["withdrawn_at"].is_string());

    let words =
        ["ticket", "emergency", &ticket, "--service", "fire", "--note", "工地起火", "--reference", "119-7"];
    by(&suite, "li.wei", &words).await;
    told(&suite, "zhou.jie", "handed_off", 1).await;

    let words = ["ticket", "escalate", &ticket, "--unit", "city-env", "--reason", "超出本级权限"];
    assert_eq!(by(&suite, "li.wei", &words).await["tier"], 2);
    told(&suite, "city.head", "escalated", 1).await;
    let timeline = suite.cli(&["ticket", "timeline", &ticket]).await;
    let timeline = String::from_utf8_lossy(&timeline.stdout).into_owned();
    for what in ["circulated", "tracked", "reminded", "quality error", "emergency", "escalated"] {
        assert!(timeline.contains(what), "{what} in {timeline}");
    }
}
