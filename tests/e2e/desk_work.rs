//! T2, T3, T12, T29, T32: what a desk saves, answers at once, holds back, does to many, and brings along from the past.

use gongdan_clock::{Clock as _, SystemClock};
use gongdan_e2e::{
    eventually::eventually,
    organisation::{self, COUNTY, ENVIRONMENT, STREET_OFFICE, person},
    suite::Suite,
};
use gongdan_proto::sla::v1::{ClockKind, ListClocksRequest, clock_service_client::ClockServiceClient};
use jiff::SignedDuration;
use serde_json::{Value, json};

/// A suite with an agent and a dispatcher at its desk, whom the tickets know.
async fn suite(environment: &[(&str, &str)]) -> Suite {
    let suite = Suite::start_with(environment).await;
    organisation::import(&suite).await;
    let principals = vec![
        person("zhao.min", "赵敏", "agent", STREET_OFFICE),
        person("chen.jing", "陈静", "dispatcher", STREET_OFFICE),
        person("sun.li", "孙丽", "handler", STREET_OFFICE),
    ];
    organisation::add(&suite, Vec::new(), principals).await;
    for who in ["li.wei", "wang.fang"] {
        organisation::known(&suite, who).await;
    }
    suite
}

/// What the client answers somebody.
async fn run(suite: &Suite, who: &str, arguments: &[&str]) -> Value {
    suite.cli_json(&[arguments, &["--as", who, "-o", "json"]].concat()).await
}

/// Why the client refuses somebody.
async fn refused(suite: &Suite, who: &str, arguments: &[&str]) -> String {
    let output = suite.cli(&[arguments, &["--as", who]].concat()).await;
    assert!(!output.status.success(), "{arguments:?} by {who} was let through");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}"))
}

async fn ticket(suite: &Suite, number: &str) -> Value {
    suite.cli_json(&["ticket", "get", number, "-o", "json"]).await
}

/// Waits until a ticket is as described.
async fn until(suite: &Suite, number: &str, what: &str, like: impl Fn(&Value) -> bool) -> Value {
    let like = &like;
    eventually(format!("{number} {what}"), || async move {
        Some(ticket(suite, number).await).filter(|ticket| like(ticket))
    })
    .await
}

/// Routing, clocks and notifications have read all that was said so far: of a later ticket they have done their part.
async fn all_is_heard(suite: &Suite) -> Value {
    let create = ["ticket", "create", "--type", "complaint", "--subject", "路灯不亮", "--body", "整条街都黑"];
    let later = suite.cli_json(&[&create[..], &["--region", COUNTY, "-o", "json"]].concat()).await;
    let later =
        until(suite, text(&later, "number"), "is dispatched", |t| t["phase"] == "PHASE_DISPATCHED").await;
    let id = text(&later, "id").to_owned();
    eventually("its clocks run", || {
        let id = &id;
        async move { (!clocks(suite, id).await.is_empty()).then_some(()) }
    })
    .await;
    later
}

async fn clocks(suite: &Suite, id: &str) -> Vec<ClockKind> {
    let mut client = ClockServiceClient::new(suite.channel("sla").await);
    let request = ListClocksRequest { ticket: id.to_owned(), ..ListClocksRequest::default() };
    let clocks = client.list_clocks(request).await.expect("clocks are listed").into_inner().clocks;
    clocks.iter().map(gongdan_proto::sla::v1::Clock::kind).collect()
}

/// How many rows of a service's table are about a ticket.
async fn rows(suite: &Suite, service: &str, table: &'static str, id: &str) -> i64 {
    let pool = suite.database(service).await;
    let sql = match table {
        "decisions" => "SELECT count(*) FROM decisions WHERE ticket_id = $1::uuid",
        "deliveries" => "SELECT count(*) FROM deliveries WHERE ticket_id = $1::uuid",
        other => panic!("{other} is not counted"),
    };
    sqlx::query_scalar(sql).bind(id).fetch_one(&pool).await.expect("counted")
}

/// The whole report, in one row.
async fn report(suite: &Suite) -> (i64, i64, i64) {
    let months = suite.cli_json(&["report", "--by", "month", "-o", "json"]).await;
    let sum =
        |key: &str| months.as_array().expect("rows").iter().map(|row| row[key].as_i64().unwrap_or(0)).sum();
    (sum("received"), sum("resolved"), sum("first_contact"))
}

#[tokio::test]
async fn t02_a_draft_is_saved_edited_submitted_or_discarded() {
    let suite = suite(&[]).await;
    // Two drafts, with nothing but that somebody called.
    let draft = run(&suite, "zhao.min", &["ticket", "create", "--draft"]).await;
    assert_eq!(draft["missing_fields"], json!(["subject", "body", "region", "type"]));
    let gone = run(&suite, "zhao.min", &["ticket", "create", "--draft", "--subject", "打错了"]).await;
    let (number, id) = (text(&draft, "number"), text(&draft, "id"));
    let said = refused(&suite, "zhao.min", &["ticket", "submit", number]).await;
    for field in ["subject", "body", "region", "type"] {
        assert!(said.contains(field), "{field}: {said}");
    }
    let mine = run(&suite, "zhao.min", &["queue", "drafts"]).await;
    assert_eq!(mine.as_array().map(Vec::len), Some(2), "{mine}");
    let others = run(&suite, "li.wei", &["ticket", "list"]).await;
    assert_eq!(others, json!([]), "a draft is nobody else's business");

    let amend = ["ticket", "amend", number, "--subject", "噪音", "--body", "夜里施工", "--type", "complaint"];
    let amended = run(&suite, "zhao.min", &[&amend[..], &["--region", COUNTY]].concat()).await;
    assert!(amended["missing_fields"].as_array().is_none_or(Vec::is_empty), "{amended}");
    let contact = ["ticket", "amend", number, "--phone", "13800138000", "--name", "张三"];
    let amended = run(&suite, "zhao.min", &contact).await;
    assert_eq!(amended["contact"], json!({ "phone": "138****8000", "name": "张*" }));
    let discarded = run(&suite, "zhao.min", &["ticket", "discard", text(&gone, "number")]).await;
    assert_eq!(discarded["phase"], "PHASE_CANCELLED");

    // Whoever hears of tickets has heard of later ones, and did nothing about these.
    let later = all_is_heard(&suite).await;
    eventually("the later one is counted", || {
        let suite = &suite;
        async move { (report(suite).await.0 == 1).then_some(()) }
    })
    .await;
    for draft in [id, text(&gone, "id")] {
        assert_eq!(rows(&suite, "routing", "decisions", draft).await, 0);
        assert_eq!(rows(&suite, "notifications", "deliveries", draft).await, 0);
        assert!(clocks(&suite, draft).await.is_empty());
    }
    assert_eq!(rows(&suite, "routing", "decisions", text(&later, "id")).await, 1);

    // Submitted, it is a ticket like any other.
    run(&suite, "zhao.min", &["ticket", "submit", number]).await;
    let dispatched = until(&suite, number, "is dispatched", |t| t["phase"] == "PHASE_DISPATCHED").await;
    assert_eq!(text(&dispatched, "lead_unit_id"), STREET_OFFICE);
    assert_eq!(rows(&suite, "routing", "decisions", id).await, 1);
    eventually("its clocks run", || {
        let suite = &suite;
        async move { clocks(suite, id).await.contains(&ClockKind::Handling).then_some(()) }
    })
    .await;
}

#[tokio::test]
async fn t03_answered_at_intake_is_closed_in_one_call_and_counted() {
    let suite = suite(&[]).await;
    let answer = ["--outcome", "explained", "--reply", "施工许可至22时，已告知来电人"];
    let new =
        ["ticket", "answer-new", "--type", "consultation", "--subject", "几点停工", "--body", "能施工到几点"];
    let answered = run(&suite, "zhao.min", &[&new[..], &["--region", COUNTY], &answer].concat()).await;
    assert_eq!((text(&answered, "phase"), &answered["first_contact"]), ("PHASE_CLOSED", &json!(true)));
    assert_eq!(answered["close_reason"], "CLOSE_REASON_ANSWERED");
    // A draft is answered as well, when it says what is needed.
    let draft = run(&suite, "zhao.min", &["ticket", "create", "--draft", "--subject", "几点开门"]).await;
    let number = text(&draft, "number");
    let said = refused(&suite, "zhao.min", &[&["ticket", "answer", number], &answer[..]].concat()).await;
    assert!(said.contains("region") && said.contains("body"), "{said}");
    let amend =
        ["ticket", "amend", number, "--body", "政务大厅", "--type", "consultation", "--region", COUNTY];
    run(&suite, "zhao.min", &amend).await;
    let second = run(&suite, "zhao.min", &[&["ticket", "answer", number], &answer[..]].concat()).await;
    assert_eq!(second["phase"], "PHASE_CLOSED");

    all_is_heard(&suite).await;
    for ticket in [&answered, &second] {
        assert_eq!(rows(&suite, "routing", "decisions", text(ticket, "id")).await, 0, "never routed");
        let timeline = suite.cli_json(&["ticket", "timeline", text(ticket, "number"), "-o", "json"]).await;
        assert!(!timeline.to_string().contains("dispatched\":"), "{timeline}");
    }
    eventually("all three are counted, two of them solved at the first contact", || {
        let suite = &suite;
        async move { (report(suite).await == (3, 2, 2)).then_some(()) }
    })
    .await;
}

#[tokio::test]
async fn t12_quarantined_requests_start_no_clock_and_are_routed_when_verified() {
    let suite = suite(&[("GONGDAN_TICKETS__QUARANTINE__ENABLED", "true")]).await;
    let create = ["ticket", "create", "--type", "complaint", "--subject", "噪音", "--body", "夜里施工"];
    let caller = ["--region", COUNTY, "--channel", "web", "--phone", "13800138000"];
    let held = run(&suite, "zhao.min", &[&create[..], &caller].concat()).await;
    assert_eq!(held["phase"], "PHASE_QUARANTINED");
    let (number, id) = (text(&held, "number"), text(&held, "id"));

    all_is_heard(&suite).await;
    eventually("only the later one is counted", || {
        let suite = &suite;
        async move { (report(suite).await.0 == 1).then_some(()) }
    })
    .await;
    assert_eq!(ticket(&suite, number).await["phase"], "PHASE_QUARANTINED");
    assert_eq!(rows(&suite, "routing", "decisions", id).await, 0);
    assert_eq!(rows(&suite, "notifications", "deliveries", id).await, 0);
    assert!(clocks(&suite, id).await.is_empty());

    let verified = run(&suite, "zhao.min", &["customer", "verify", text(&held, "customer_id")]).await;
    assert_eq!(verified["released"], 1);
    let routed = until(&suite, number, "is dispatched", |t| t["phase"] == "PHASE_DISPATCHED").await;
    assert_eq!(text(&routed, "lead_unit_id"), STREET_OFFICE);
    assert_eq!(rows(&suite, "routing", "decisions", id).await, 1);
    eventually("its clocks run, and it is counted", || {
        let suite = &suite;
        async move {
            let counted = report(suite).await.0 == 2;
            (counted && clocks(suite, id).await.contains(&ClockKind::Handling)).then_some(())
        }
    })
    .await;
}

#[tokio::test]
async fn t29_many_at_once_each_with_its_result() {
    let suite = suite(&[]).await;
    let mut numbers = Vec::new();
    for subject in ["路灯不亮", "井盖松动", "树枝遮挡"] {
        let create = ["ticket", "create", "--type", "complaint", "--subject", subject, "--body", "请处理"];
        let made = run(&suite, "zhao.min", &[&create[..], &["--region", COUNTY]].concat()).await;
        numbers.push(text(&made, "number").to_owned());
    }
    let draft = run(&suite, "zhao.min", &["ticket", "create", "--draft"]).await;
    for number in &numbers {
        until(&suite, number, "is dispatched", |t| t["phase"] == "PHASE_DISPATCHED").await;
    }
    let all: Vec<&str> = numbers.iter().flat_map(|number| ["--ticket", number.as_str()]).collect();
    let bulk = async |who: &str, act: &[&str], more: &[&str]| {
        let arguments = [&["ticket", "bulk"], act, &all, more, &["--as", who, "-o", "json"]].concat();
        let output = suite.cli(&arguments).await;
        let said = || String::from_utf8_lossy(&output.stderr).into_owned();
        serde_json::from_slice::<Value>(&output.stdout)
            .unwrap_or_else(|_| panic!("{arguments:?}: {}", said()))
    };
    let counts = |said: &Value| (said["done"].as_i64(), said["failed"].as_i64());

    // A draft among them is refused, and stops nothing.
    let with_draft = ["--ticket", text(&draft, "number")];
    let assigned =
        bulk("wang.fang", &["assign", "--person", "sun.li", "--reason", "排班"], &with_draft).await;
    assert_eq!(counts(&assigned), (Some(3), Some(1)), "{assigned}");
    assert_eq!(assigned["errors"][0]["ticket"], draft["number"]);
    for number in &numbers {
        let now = ticket(&suite, number).await;
        assert_eq!((text(&now, "handler_id"), text(&now, "lead_unit_id")), ("sun.li", STREET_OFFICE));
    }
    let noted = bulk("chen.jing", &["note", "已核实地址"], &[]).await;
    assert_eq!(counts(&noted), (Some(3), Some(0)), "{noted}");
    let tracked = bulk("chen.jing", &["track", "--note", "周五前看一眼"], &[]).await;
    assert_eq!(counts(&tracked), (Some(3), Some(0)), "{tracked}");
    let mine = run(&suite, "chen.jing", &["queue", "tracked"]).await;
    assert_eq!(mine.as_array().map(Vec::len), Some(3), "{mine}");

    // What one may not do alone one may not do to many.
    let stranger = bulk("li.wei", &["accept"], &[]).await;
    assert_eq!(counts(&stranger), (Some(0), Some(3)), "{stranger}");
    let accepted = bulk("wang.fang", &["accept"], &[]).await;
    assert_eq!(counts(&accepted), (Some(3), Some(0)), "{accepted}");
    let handed = ["transfer", "--to-unit", ENVIRONMENT, "--reason", "职责调整"];
    let moved = bulk("wang.fang", &handed, &[]).await;
    assert_eq!(counts(&moved), (Some(3), Some(0)), "{moved}");
    for number in &numbers {
        assert_eq!(ticket(&suite, number).await["lead_unit_id"], ENVIRONMENT);
    }
}

#[tokio::test]
async fn t32_past_tickets_in_a_stream() {
    let suite = Suite::start().await;
    let files = tempfile::tempdir().expect("a directory");
    let file = files.path().join("messages.csv");
    let path = file.to_str().expect("a path");
    let begin = SystemClock.now() - SignedDuration::from_hours(24 * 400);
    // More rows than are on their way at once; two are wrong, each in another way.
    let write = |count: i64| {
        let mut text = String::from("message_no,citizen,subject,received_at,body,reply,replied_at\n");
        for row in 1..=count {
            let at = begin + SignedDuration::from_hours(row);
            let subject = if row == 40 { String::new() } else { format!("第{row}盏路灯不亮") };
            let replied = if row == 90 { begin } else { at + SignedDuration::from_hours(30) };
            text.push_str(&format!("{row},C{},{subject},{at},夜里看不见,已修复,{replied}\n", row % 9));
        }
        std::fs::write(&file, text).expect("a file");
    };
    let import = async || {
        let output =
            suite.cli(&["import", "messages", path, "--region", COUNTY, "--no-wait", "-o", "json"]).await;
        serde_json::from_slice::<Value>(&output.stdout).expect("JSON")
    };
    let counts = |said: &Value| {
        ["rows", "imported", "already_there", "failed"].map(|key| said[key].as_i64().expect("a count"))
    };
    write(120);
    let first = import().await;
    assert_eq!(counts(&first), [120, 118, 0, 2], "{first}");
    let named: Vec<_> =
        first["errors"].as_array().expect("errors").iter().map(|e| (&e["line"], &e["field"])).collect();
    assert_eq!(named, [(&json!(41), &json!("subject")), (&json!(91), &json!("replied_at"))]);
    // The next run brings what was added, and nothing twice.
    write(300);
    let second = import().await;
    assert_eq!(counts(&second), [300, 180, 118, 2], "{second}");
    let pool = suite.database("tickets").await;
    let recorded: i64 =
        sqlx::query_scalar("SELECT count(*) FROM tickets").fetch_one(&pool).await.expect("counted");
    assert_eq!(recorded, 298);
    let calls: i64 = sqlx::query_scalar(
        "SELECT count(DISTINCT external_id) FROM imports WHERE external_source = 'messages'",
    )
    .fetch_one(&pool)
    .await
    .expect("counted");
    assert_eq!(calls, 298);
}
