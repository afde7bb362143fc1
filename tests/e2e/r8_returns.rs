//! Returned tickets: never to the same unit, unless the house made the first receiver responsible; unclear ownership goes to
//! arbitration. With the client alone. Source: R8.

use crate::desk::text;
use gongdan_e2e::{
    eventually::eventually,
    organisation::{self, COUNTY, ENVIRONMENT, STREET_OFFICE, person},
    suite::Suite,
};
use gongdan_proto::routing::v1::{UnitKind, UnitRow};
use serde_json::Value;

const DESK: &str = "tianhe-desk";

/// A unit and who returns for it.
const HANDS: [(&str, &str); 3] = [(ENVIRONMENT, "li.wei"), (STREET_OFFICE, "wang.fang"), (DESK, "gao.yuan")];

async fn created(suite: &Suite) -> String {
    let words = ["ticket", "create", "--type", "complaint", "--subject", "工地噪音", "--body", "凌晨施工。"];
    let ticket = suite.cli_json(&[&words[..], &["--region", COUNTY, "-o", "json"]].concat()).await;
    text(&ticket["number"]).to_owned()
}

/// The ticket once it is as it should be.
async fn until(suite: &Suite, number: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    eventually(format!("{number}: {what}"), || async {
        let ticket = suite.cli_json(&["ticket", "get", number, "-o", "json"]).await;
        is(&ticket).then_some(ticket)
    })
    .await
}

/// It comes to a unit, which gives it back.
async fn returned_by(suite: &Suite, number: &str, unit: &str) {
    until(suite, number, unit, |ticket| {
        ticket["phase"] == "PHASE_DISPATCHED" && ticket["lead_unit_id"] == *unit
    })
    .await;
    let (_, who) = HANDS.into_iter().find(|(of, _)| *of == unit).expect("somebody of the unit");
    let words = ["ticket", "return", number, "--reason", "不属于本部门职责", "--as", who];
    let output = suite.cli(&words).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

async fn arbitration(suite: &Suite, number: &str) {
    let ticket = until(suite, number, "arbitration", |ticket| ticket["arbitration"] == true).await;
    assert_eq!(ticket["phase"], "PHASE_PENDING_DISPATCH");
    assert!(text(&ticket["pool_reason"]).contains("returned 3 times in this round: arbitration"), "{ticket}");
}

#[tokio::test]
async fn r8_returned_tickets_go_elsewhere_or_to_the_first_receiver_and_end_in_arbitration() {
    let suite = Suite::start_with(&[("GONGDAN_TICKETS__TICKETS__MAX_RETURNS", "2")]).await;
    let suite = &suite;
    organisation::import(suite).await;
    let desk = UnitRow {
        id: DESK.to_owned(),
        name: "天河区综合办".to_owned(),
        kind: UnitKind::Desk.into(),
        region: COUNTY.to_owned(),
        ..UnitRow::default()
    };
    organisation::add(suite, vec![desk], vec![person("gao.yuan", "高远", "handler", DESK)]).await;
    organisation::rule(suite, "noise", "ticket.subject.contains('噪音')", ENVIRONMENT).await;

    // Each who returned it is left out from there on: the rule's unit, the area's, the desk.
    let number = created(suite).await;
    for unit in [ENVIRONMENT, STREET_OFFICE, DESK] {
        returned_by(suite, &number, unit).await;
    }
    arbitration(suite, &number).await;

    // Where the first receiver stays responsible it gets it back.
    let put = ["rule", "put", "--id", "first", "--name", "首接负责", "--to-first-receiver", "--when"];
    let when = "ticket.return_count >= 2 && ticket.county == '天河区'";
    let words = [&put[..], &[when, "--lang", "zh"]].concat();
    let shown = suite.cli(&words).await;
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("首接单位"), "{shown}");
    let number = created(suite).await;
    returned_by(suite, &number, ENVIRONMENT).await;
    returned_by(suite, &number, STREET_OFFICE).await;
    until(suite, &number, "back at the first", |ticket| {
        ticket["phase"] == "PHASE_DISPATCHED" && ticket["lead_unit_id"] == ENVIRONMENT
    })
    .await;
    let output = suite.cli(&["route", "explain", &number]).await;
    let tree = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(tree.contains("✓ 20 first 首接负责  it decided: first receiver"), "{tree}");
    // Its third return is one too many.
    returned_by(suite, &number, ENVIRONMENT).await;
    arbitration(suite, &number).await;
}
