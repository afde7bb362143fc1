//! A desk's day with the client alone: catalogue, matrix, calendar, who is calling, what changes, who is told.

use gongdan_clock::{Clock as _, SystemClock};
use gongdan_e2e::{
    endpoint,
    eventually::eventually,
    organisation::{self, COUNTY, ENVIRONMENT, STREET_OFFICE},
    suite::Suite,
};
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    sync::mpsc,
};

const PHONE: &str = "+86 138 0013 8000";

/// Takes a request down for the county, as words on the command line.
fn create<'a>(subject: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let words =
        ["ticket", "create", "--type", "complaint", "--subject", subject, "--body", "夜间施工，无法休息。"];
    [&words[..], &["--region", COUNTY, "--phone", PHONE, "--name", "张三", "-o", "json"], more].concat()
}

#[tokio::test]
async fn what_the_desk_sets_up_decides_what_a_request_becomes() {
    let suite = Suite::start().await;
    organisation::import(&suite).await;
    let files = tempfile::tempdir().expect("a directory");

    // An item of the catalogue binds urgency and impact, and the matrix makes a priority of them.
    let catalogue = files.path().join("catalogue.csv");
    let rows = "level1,level2,type,urgency,impact\n城乡建设,夜间施工,complaint,high,low\n城乡建设,其他,,,\n";
    std::fs::write(&catalogue, rows).expect("a file");
    let file = catalogue.to_str().expect("a path");
    let made = suite.cli_json(&["catalogue", "import", file, "-o", "json"]).await;
    assert_eq!(
        (&made["items"], &made["created"]),
        (&json!(4), &json!(true)),
        "with the one that is always there"
    );
    let again = suite.cli_json(&["catalogue", "import", file, "-o", "json"]).await;
    assert_eq!((&again["version"], &again["created"]), (&made["version"], &json!(false)));
    let leaves = suite.cli_json(&["catalogue", "list", "-o", "json"]).await;
    let leaf = leaves.as_array().expect("items").iter().find(|item| item["name"] == "夜间施工");
    let item = leaf.expect("the leaf")["key"].as_str().expect("a key").to_owned();

    let before = suite.cli_json(&["priority", "show", "--type", "complaint", "-o", "json"]).await;
    let set = suite.cli_json(&["priority", "set", "high/low=P1", "--type", "complaint", "-o", "json"]).await;
    let changed = |matrix: &Value| {
        matrix["cells"].as_array().expect("cells").iter().filter(|c| c["priority"] == "PRIORITY_P1").count()
    };
    assert_eq!(changed(&set), changed(&before) + 1);
    let refused = suite.cli(&["priority", "set", "high/low=P9"]).await;
    assert!(
        !refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("P1, P2, P3, P4, P5")
    );

    // Somebody watches: first the token to go on from, then whatever happens.
    let mut watching = suite
        .command(&["ticket", "watch", "-o", "json"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the client runs");
    let mut lines = BufReader::new(watching.stdout.take().expect("its output")).lines();
    let (said, mut seen) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            let Ok(message) = serde_json::from_str::<Value>(&line) else { return };
            if said.send(message).is_err() {
                return;
            }
        }
    });

    // By area alone, with no rule, it reaches the street office.
    let ticket = suite.cli_json(&create("工地噪音", &["--item", &item])).await;
    assert_eq!(ticket["priority"], "PRIORITY_P1");
    let (id, number) = (ticket["id"].as_str().expect("an id"), ticket["number"].as_str().expect("a number"));
    let mut changes = Vec::new();
    // The watch may have begun after the ticket was submitted; from then on it misses nothing.
    let message = loop {
        let message = seen.recv().await.expect("the watch goes on");
        if message["ticket"]["id"] == id {
            changes.push(message["change"].as_str().unwrap_or_default().to_owned());
            if message["change"] == "dispatched" {
                break message;
            }
        }
    };
    assert_eq!(message["ticket"]["lead_unit_id"], STREET_OFFICE);

    // The citizen calls again: found by phone and by its end, never in clear.
    for by in [["--phone", PHONE], ["--last-four", "8000"]] {
        let found = suite.cli_json(&[&["ticket", "lookup", "-o", "json"], &by[..]].concat()).await;
        assert!(found.to_string().contains(number), "{by:?}: {found}");
        assert!(!found.to_string().contains("13800138000"), "{by:?}");
    }
    let nobody = suite.cli(&["ticket", "lookup", "--phone", "12"]).await;
    assert!(!nobody.status.success() && String::from_utf8_lossy(&nobody.stderr).contains("phone"));

    // It has become moot.
    let cancelled =
        suite.cli_json(&["ticket", "cancel", number, "--reason", "来电人撤回", "-o", "json"]).await;
    assert_eq!(cancelled["phase"], "PHASE_CANCELLED");
    let message = seen.recv().await.expect("the watch goes on");
    assert_eq!((&message["change"], &message["ticket"]["id"]), (&json!("cancelled"), &json!(id)));
    watching.kill().await.expect("the watch ends");
    let twice = suite.cli(&["ticket", "cancel", number, "--reason", "x"]).await;
    let said = String::from_utf8_lossy(&twice.stderr).into_owned();
    assert!(!twice.status.success() && said.contains("cancelled"), "{said}");
    // Its clocks run no more.
    eventually("the clocks are cancelled", || {
        let suite = &suite;
        async move {
            let clocks = suite.cli_json(&["sla", "clocks", number, "-o", "json"]).await;
            let clocks = clocks.as_array()?.clone();
            let over = |clock: &Value| clock["state"] != "CLOCK_STATE_RUNNING";
            (!clocks.is_empty() && clocks.iter().all(over)).then_some(())
        }
    })
    .await;

    // A calendar of the county's own: its Saturday is a working day from now on.
    let document = suite.cli_json(&["sla", "calendar", "get", "cn"]).await;
    let due = |calendar: &'static str| {
        let suite = &suite;
        async move {
            // 2026-11-27 is a Friday.
            let words = ["sla", "preview", "--start", "2026-11-27T10:00:00+08:00", "--working-days", "1"];
            let words = [&words[..], &["--calendar", calendar, "-o", "json"]].concat();
            suite.cli_json(&words).await["due_at"].as_str().expect("a time").to_owned()
        }
    };
    let saturday = files.path().join("tianhe.json");
    let mut own = document;
    own["key"] = json!("tianhe");
    let make_up = json!({ "date": "2026-11-28", "for": "元旦" });
    own["years"]["2026"]["make_up_workdays"].as_array_mut().expect("a list").push(make_up);
    std::fs::write(&saturday, own.to_string()).expect("a file");
    let file = saturday.to_str().expect("a path");
    let imported = suite.cli(&["sla", "calendar", "import", file]).await;
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    assert!(due("cn").await.starts_with("2026-11-30"));
    assert!(due("tianhe").await.starts_with("2026-11-28"));

    // The next change comes as an iCalendar file: that Saturday is off again, and the Sunday is worked.
    let event = |lines: &str| format!("BEGIN:VEVENT\r\n{lines}\r\nEND:VEVENT\r\n");
    let days =
        event("DTSTART;VALUE=DATE:20261128") + &event("DTSTART;VALUE=DATE:20261129\r\nSUMMARY:元旦（班）");
    let calendar = |events: &str| format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n");
    let sunday = files.path().join("sunday.ics");
    std::fs::write(&sunday, calendar(&days)).expect("a file");
    let file = sunday.to_str().expect("a path");
    let imported = suite
        .cli_json(&["sla", "calendar", "import", file, "--base", "tianhe", "--key", "district", "-o", "json"])
        .await;
    assert_eq!((&imported["key"], &imported["version"]), (&json!("district"), &json!(1)));
    assert!(due("district").await.starts_with("2026-11-29"));
    assert!(due("tianhe").await.starts_with("2026-11-28"), "the base stays as it is");
    std::fs::write(&sunday, calendar(&days).replace("20261129", "20261131")).expect("a file");
    let broken = suite.cli(&["sla", "calendar", "import", file, "--base", "district"]).await;
    let said = String::from_utf8_lossy(&broken.stderr).into_owned();
    assert!(!broken.status.success() && said.contains("document:7") && said.contains("YYYYMMDD"), "{said}");
    assert!(due("district").await.starts_with("2026-11-29"), "nothing of it was saved");
}

#[tokio::test]
async fn who_has_to_do_is_told_and_a_citizen_who_does_not_answer_is_called_again() {
    let suite = Suite::start_with(&[
        endpoint::ALLOWED[0],
        endpoint::ALLOWED[1],
        ("GONGDAN_NOTIFICATIONS__DELIVERY__FIRST_RETRY", "200ms"),
    ])
    .await;
    organisation::import(&suite).await;
    for who in ["li.wei", "wang.fang"] {
        organisation::reachable(&suite, who).await;
    }
    organisation::rule(&suite, "noise", "ticket.subject.contains('噪音')", ENVIRONMENT).await;
    let (url, mut requests) = endpoint::endpoint().await;
    let added =
        suite.cli_json(&["webhook", "add", &url, "--event", "tickets.dispatched", "-o", "json"]).await;
    assert!(added["secret"].as_str().is_some_and(|secret| secret.starts_with("whsec_")));

    let ticket = suite.cli_json(&create("工地噪音", &[])).await;
    let number = ticket["number"].as_str().expect("a number");

    // The endpoint fails once and is sent the same message again, signed.
    let (first, body) = requests.recv().await.expect("a request");
    let (second, again) = requests.recv().await.expect("another try");
    assert_eq!((&first["webhook-id"], &body), (&second["webhook-id"], &again));
    assert!(second["webhook-signature"].starts_with("v1,"));
    let told: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(
        (&told["type"], &told["data"]["ticket_number"]),
        (&json!("tickets.dispatched"), &json!(number))
    );
    eventually("the delivery is listed with both attempts", || {
        let suite = &suite;
        async move {
            let sent = suite.cli_json(&["webhook", "deliveries", "--state", "delivered", "-o", "json"]).await;
            sent.as_array()?.iter().any(|delivery| delivery["attempts"] == 2).then_some(())
        }
    })
    .await;

    // The unit's handler finds it in the inbox, once; the other unit's does not.
    let inbox = |person: &'static str| {
        let suite = &suite;
        async move { suite.cli_json(&["inbox", "--as", person, "-o", "json"]).await["items"].clone() }
    };
    let about = |items: &Value| {
        items.as_array().map_or(0, |items| items.iter().filter(|i| i["ticket_number"] == number).count())
    };
    eventually("the handler is told", || async { (about(&inbox("li.wei").await) == 1).then_some(()) }).await;
    assert_eq!(about(&inbox("wang.fang").await), 0);

    // Done; nobody answers the callback, which is then due again later, and answered in the end.
    let resolve =
        ["ticket", "resolve", number, "--outcome", "solved", "--solution", "已停工", "--reply", "已处理"];
    for act in [&["ticket", "accept", number][..], &resolve] {
        let done = suite.cli(act).await;
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    eventually("there is a task", || {
        let suite = &suite;
        async move { suite.cli(&["callback", "get", number]).await.status.success().then_some(()) }
    })
    .await;
    let shanghai = jiff::tz::TimeZone::get("Asia/Shanghai").expect("a zone");
    let tomorrow = SystemClock.now().to_zoned(shanghai).tomorrow().expect("a day");
    let ten = format!("{}T10:00:00+08:00", tomorrow.date());
    let words = ["callback", "record", number, "--outcome", "no-answer", "--next", &ten, "-o", "json"];
    let missed = suite.cli_json(&words).await;
    assert_eq!(missed["state"], "TASK_STATE_PENDING_CALLBACK");
    let next: jiff::Timestamp =
        missed["next_attempt_at"].as_str().and_then(|at| at.parse().ok()).expect("a time");
    assert_eq!(next, ten.parse().expect("a time"));
    let words = ["callback", "record", number, "--outcome", "success", "-o", "json"];
    let words = [&words[..], &["--contacted", "--solved", "--satisfied"]].concat();
    let answered = suite.cli_json(&words).await;
    assert_eq!((&answered["state"], &answered["attempts"]), (&json!("TASK_STATE_COMPLETED"), &json!(2)));
}
