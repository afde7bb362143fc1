//! Why a ticket went where it went, as a tree and as JSON: by a rule, by an area, into the pool, to a person. Source: R7.

use gongdan_e2e::{
    desk::{Desk, complaint},
    organisation::{self, ENVIRONMENT, STREET_OFFICE},
    suite::Suite,
};
use gongdan_proto::tickets::v1::{Phase, Ticket};
use serde_json::{Value, json};

async fn explained(suite: &Suite, ticket: &Ticket) -> (String, Value) {
    let words = ["route", "explain", &ticket.number];
    let tree = suite.cli(&words).await;
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let json = suite.cli_json(&[&words[..], &["-o", "json"]].concat()).await;
    assert_eq!(json["decision"]["ticket_number"], ticket.number.as_str());
    (String::from_utf8_lossy(&tree.stdout).into_owned(), json)
}

async fn rule(suite: &Suite, id: &str, words: &[&str]) {
    let put = [&["rule", "put", "--id", id][..], words].concat();
    let done = suite.cli(&put).await;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Outcomes of the rules that were tried, in their order.
fn outcomes(explained: &Value) -> Vec<(&str, &str)> {
    let rules = explained["rules"].as_array().map(Vec::as_slice).unwrap_or_default();
    rules
        .iter()
        .map(|rule| {
            let outcome = rule["outcome"].as_str().unwrap_or_default();
            (rule["rule_id"].as_str().unwrap_or_default(), outcome.trim_start_matches("TRIAL_OUTCOME_"))
        })
        .collect()
}

#[tokio::test]
async fn r7_every_way_a_ticket_can_go_is_told_with_what_was_tried_before() {
    let suite = Suite::start().await;
    let suite = &suite;
    organisation::import(suite).await;
    rule(suite, "marks", &["--when", "ticket.subject.contains('急')", "--priority", "2"]).await;
    rule(
        suite,
        "noise",
        &[
            "--when",
            "ticket.subject.contains('噪音') && ticket.type == 'complaint'",
            "--to-unit",
            ENVIRONMENT,
        ],
    )
    .await;
    let staff = ["--to-staff-of", STREET_OFFICE, "--strategy", "round-robin"];
    rule(suite, "roads", &[&["--when", "ticket.subject.contains('路面')"], &staff[..]].concat()).await;
    let mut desk = Desk::open(suite).await;

    // By a rule, behind one that only marks.
    let noise = desk.create(complaint("急：工地噪音")).await;
    let noise = desk.in_phase(&noise, Phase::Dispatched).await;
    let (tree, why) = explained(suite, &noise).await;
    assert_eq!(outcomes(&why), [("marks", "MARKED"), ("noise", "CHOSEN")]);
    assert_eq!(why["decision"]["dispatch"]["unit_id"], ENVIRONMENT);
    assert!(why["areas"].as_array().is_none_or(Vec::is_empty), "no area is asked: {why}");
    for line in [
        "rules: 2 of 3 tried",
        "+ 10 marks",
        "✓ 20 noise",
        "it decided",
        "marks: P2",
        &format!("→ {ENVIRONMENT}"),
    ] {
        assert!(tree.contains(line), "{line}: {tree}");
    }
    let depth =
        |text: &str| tree.lines().find(|line| line.contains(text)).and_then(|line| line.find(['├', '└']));
    assert!(
        depth("rules:")
            < tree.lines().find(|line| line.contains("✓ 20 noise")).and_then(|line| line.find("─ ✓")),
        "{tree}"
    );

    // By a person of a unit.
    let road = desk.create(complaint("路面坑洼")).await;
    let road = desk.in_phase(&road, Phase::Dispatched).await;
    let (tree, why) = explained(suite, &road).await;
    assert_eq!(outcomes(&why), [("marks", "NOT_MATCHED"), ("noise", "NOT_MATCHED"), ("roads", "CHOSEN")]);
    assert_eq!(why["rules"][1]["detail"], "ticket.subject.contains('噪音')", "the part that is false: {why}");
    assert_eq!(why["decision"]["dispatch"]["person_id"], "wang.fang");
    assert_eq!(why["rules"][2]["people"][0]["outcome"], "PERSON_OUTCOME_CHOSEN");
    for line in ["round robin: 1 person considered", "✓ wang.fang 王芳", "→ wang.fang (tianhe-office)"]
    {
        assert!(tree.contains(line), "{line}: {tree}");
    }

    // By an area, when no rule holds.
    let light = desk.create(complaint("路灯不亮")).await;
    let light = desk.in_phase(&light, Phase::Dispatched).await;
    let (tree, why) = explained(suite, &light).await;
    assert!(outcomes(&why).iter().all(|(_, outcome)| *outcome == "NOT_MATCHED"));
    let area = &why["areas"][0];
    assert_eq!(
        (&area["outcome"], &area["area"]["unit_id"]),
        (&json!("TRIAL_OUTCOME_CHOSEN"), &json!(STREET_OFFICE))
    );
    assert!(
        tree.contains("areas, most specific first") && tree.contains("天河区 every item → tianhe-office"),
        "{tree}"
    );

    // Into the pool, where nothing covers the region; in Chinese too.
    let far = desk
        .create(gongdan_proto::tickets::v1::CreateTicketRequest {
            region: "110101".to_owned(),
            ..complaint("路灯不亮")
        })
        .await;
    let far = desk.until(&far, "it waits in the pool", |ticket| !ticket.pool_reason.is_empty()).await;
    let (tree, why) = explained(suite, &far).await;
    assert!(why["decision"]["pool"]["unit_id"].as_str().is_none_or(str::is_empty), "{why}");
    assert_eq!(why["decision"]["pool"]["reason"], far.pool_reason.as_str());
    assert!(
        tree.contains("→ the manual pool") && tree.contains("none covers this region and item"),
        "{tree}"
    );
    let chinese = suite.cli(&["route", "explain", &far.number, "--lang", "zh"]).await;
    let chinese = String::from_utf8_lossy(&chinese.stdout).into_owned();
    assert!(chinese.contains("人工派单池") && chinese.contains("规则：共 3 条，尝试 3 条"), "{chinese}");

    // A changed rule and a renamed unit change nothing about what was decided.
    rule(suite, "noise", &["--when", "ticket.subject.contains('噪声')", "--to-unit", STREET_OFFICE]).await;
    let (_, kept) = explained(suite, &noise).await;
    assert_eq!(kept["rules"][1]["when"], "ticket.subject.contains('噪音') && ticket.type == 'complaint'");
    assert_eq!(kept["decision"]["dispatch"]["unit_id"], ENVIRONMENT);

    // Returned, it goes elsewhere and says whom it passed over.
    desk.accept(&noise).await;
    let back = desk.give_back(&noise, "不属于本部门职责").await;
    let again =
        desk.until(&back, "it goes to the office", |ticket| ticket.lead_unit_id == STREET_OFFICE).await;
    let (tree, why) = explained(suite, &again).await;
    assert_eq!(why["excluded_unit_ids"], json!([ENVIRONMENT]));
    assert!(tree.contains(&format!("returned it in this round: {ENVIRONMENT}")), "{tree}");

    // What is not there is said so.
    let nobody = suite.cli(&["route", "explain", "GD2600000000000000"]).await;
    assert!(!nobody.status.success());
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("DECISION_NOT_FOUND"));
}
