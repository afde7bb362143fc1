//! Rules as a centre changes them, with the client alone: a draft, tried on the tickets there were, published, taken
//! back. Source: R4.

use gongdan_e2e::{
    eventually::eventually,
    organisation::{self, COUNTY, ENVIRONMENT, STREET_OFFICE},
    suite::Suite,
};
use serde_json::{Value, json};

/// Takes a request down; answers its number.
async fn take_down(suite: &Suite, subject: &str) -> String {
    let words =
        ["ticket", "create", "--type", "complaint", "--subject", subject, "--body", "夜间施工，无法休息。"];
    let more = ["--region", COUNTY, "--phone", "+86 138 0013 8000", "--name", "张三", "-o", "json"];
    let ticket = suite.cli_json(&[&words[..], &more[..]].concat()).await;
    ticket["number"].as_str().expect("a number").to_owned()
}

/// The unit a ticket is dispatched to.
async fn unit_of(suite: &Suite, number: &str) -> String {
    eventually("the ticket is dispatched", || async move {
        let ticket = suite.cli_json(&["ticket", "get", number, "-o", "json"]).await;
        let ticket = ticket.get("ticket").unwrap_or(&ticket);
        ticket["lead_unit_id"].as_str().filter(|unit| !unit.is_empty()).map(str::to_owned)
    })
    .await
}

#[tokio::test]
async fn r4_a_draft_is_tried_on_past_tickets_published_and_rolled_back() {
    let suite = Suite::start().await;
    let suite = &suite;
    organisation::import(suite).await;
    let mut past = Vec::new();
    for subject in ["工地噪音扰民", "广场舞噪音", "路面坑洼"] {
        let number = take_down(suite, subject).await;
        assert_eq!(unit_of(suite, &number).await, STREET_OFFICE);
        past.push(number);
    }

    let put = ["rule", "put", "--draft", "-o", "json", "--to-unit", ENVIRONMENT];
    let noise = ["--id", "noise", "--name", "噪音", "--when", "ticket.subject.contains('噪音')"];
    suite.cli_json(&[&put[..], &noise[..]].concat()).await;
    let never =
        ["--id", "praise", "--when", "ticket.type == 'praise' && time.working && ticket.repeat_count > 0"];
    suite.cli_json(&[&put[..], &never[..]].concat()).await;
    let typo = ["--id", "typo", "--when", "ticket.type == 'complain'"];
    let refused = suite.cli(&[&put[..], &typo[..]].concat()).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("line 1, column 16"), "{said}");
    let in_force = suite.cli_json(&["rule", "list", "-o", "json"]).await;
    assert_eq!(in_force["rules"], json!([]), "a draft decides nothing");

    // What it would have changed.
    let tried = suite.cli_json(&["rule", "simulate", "--tickets", "100", "-o", "json"]).await;
    assert_eq!((&tried["tickets"], &tried["elsewhere"]), (&json!(3), &json!(2)), "{tried}");
    let pair = &tried["pairs"][0];
    let way = (&pair["from"]["unit_id"], &pair["to"]["unit_id"], &pair["tickets"]);
    assert_eq!(way, (&json!(STREET_OFFICE), &json!(ENVIRONMENT), &json!(2)));
    let shown: Vec<&Value> =
        pair["examples"].as_array().expect("examples").iter().map(|one| &one["ticket_number"]).collect();
    assert_eq!(shown, [&json!(past[1]), &json!(past[0])], "the newest first");
    let came: Vec<_> =
        tried["rules"].as_array().expect("rules").iter().map(|r| (&r["rule_id"], &r["decided"])).collect();
    assert_eq!(came, [(&json!("noise"), &json!(2)), (&json!("praise"), &json!(0))]);
    let people = suite.cli(&["rule", "simulate"]).await;
    let people = String::from_utf8_lossy(&people.stdout).into_owned();
    assert!(
        people.contains("2 of 3 tickets would go elsewhere") && people.contains("never fired"),
        "{people}"
    );

    // Only an administrator puts it in force; then the next one goes there.
    let etag = tried["draft_etag"].as_str().expect("an etag");
    let handler = suite.cli(&["rule", "publish", "--as", "li.wei"]).await;
    assert!(!handler.status.success());
    let set =
        suite.cli_json(&["rule", "publish", "--etag", etag, "--note", "噪音归环保", "-o", "json"]).await;
    assert_eq!((&set["number"], &set["rules"]), (&json!(2), &json!(2)));
    let number = take_down(suite, "施工噪音").await;
    assert_eq!(unit_of(suite, &number).await, ENVIRONMENT);
    let change = suite.cli_json(&["rule", "diff", "1", "2", "-o", "json"]).await;
    assert_eq!(change["changes"].as_array().map(Vec::len), Some(2));

    // And back, in one call; why the last one went there is still told.
    let back = suite.cli_json(&["rule", "rollback", "1", "--note", "误派", "-o", "json"]).await;
    assert_eq!((&back["set"]["number"], &back["set"]["rules"]), (&json!(3), &json!(0)));
    let next = take_down(suite, "装修噪音").await;
    assert_eq!(unit_of(suite, &next).await, STREET_OFFICE);
    let why = suite.cli(&["route", "explain", &number]).await;
    let why = String::from_utf8_lossy(&why.stdout).into_owned();
    assert!(why.contains("noise"), "{why}");
    let sets = suite.cli_json(&["rule", "sets", "-o", "json"]).await;
    let kinds: Vec<_> = sets["sets"].as_array().expect("sets").iter().map(|set| &set["kind"]).collect();
    let expected =
        ["RULE_SET_KIND_ROLL_BACK", "RULE_SET_KIND_DRAFT", "RULE_SET_KIND_FIRST"].map(|kind| json!(kind));
    assert_eq!(kinds, expected.iter().collect::<Vec<_>>());
}
