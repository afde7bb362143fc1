//! Direct dispatch to who answers for an asset or a customer, transfer through the second-level desk, and the manual pool,
//! with the client alone. Source: R5.

use crate::desk::{items, minutes, text};
use gongdan_e2e::{
    eventually::eventually,
    organisation::{self, COUNTY, ENVIRONMENT, STREET_OFFICE, person},
    suite::Suite,
};
use gongdan_proto::routing::v1::{UnitKind, UnitRow};
use serde_json::{Value, json};

/// Has a desk and no area.
const HAIZHU: &str = "440105";
/// Has neither.
const ELSEWHERE: &str = "110101";

/// Takes a request down; its number.
async fn created(suite: &Suite, region: &str, more: &[&str]) -> String {
    let words = ["ticket", "create", "--type", "complaint", "--subject", "设备故障", "--body", "坏了。"];
    let more = [&words[..], &["--region", region, "-o", "json"], more].concat();
    text(&suite.cli_json(&more).await["number"]).to_owned()
}

async fn ticket(suite: &Suite, number: &str) -> Value {
    suite.cli_json(&["ticket", "get", number, "-o", "json"]).await
}

/// Unit and person it is dispatched to, once it is.
async fn went(suite: &Suite, number: &str) -> (String, String) {
    eventually(format!("{number} is dispatched"), || async {
        let ticket = ticket(suite, number).await;
        let is = |field: &str| text(&ticket[field]).to_owned();
        (ticket["phase"] == "PHASE_DISPATCHED").then(|| (is("lead_unit_id"), is("handler_id")))
    })
    .await
}

async fn explained(suite: &Suite, number: &str) -> String {
    let output = suite.cli(&["route", "explain", number, "--lang", "zh"]).await;
    String::from_utf8_lossy(&output.stdout).into_owned()
}

async fn said(suite: &Suite, words: &[&str]) -> String {
    let output = suite.cli(words).await;
    assert!(!output.status.success(), "{words:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

async fn import(suite: &Suite, name: &str, rows: &str) -> String {
    let file = suite.data_dir().join(name);
    tokio::fs::write(&file, rows).await.expect("the file is written");
    file.display().to_string()
}

fn to(unit: &str, person: &str) -> (String, String) {
    (unit.to_owned(), person.to_owned())
}

#[tokio::test]
async fn r5_to_the_responsible_person_else_through_the_desk_else_to_the_pool() {
    let suite = Suite::start().await;
    let suite = &suite;
    organisation::import(suite).await;
    let desk = UnitRow {
        id: "haizhu-desk".to_owned(),
        name: "海珠区综合办".to_owned(),
        kind: UnitKind::Desk.into(),
        region: HAIZHU.to_owned(),
        ..UnitRow::default()
    };
    let people = vec![
        person("sun.li", "孙丽", "handler", ENVIRONMENT),
        person("gao.yuan", "高远", "handler", "haizhu-desk"),
    ];
    organisation::add(suite, vec![desk], people).await;

    // Many at once, from a file; what is wrong with it is named by its lines.
    let bad = import(suite, "bad.csv", "asset,person,unit\nLAMP-7,li.wei,\nLIFT-3,nobody,\n").await;
    let refused = said(suite, &["route", "responsible", "import", &bad]).await;
    assert!(
        refused.contains("bad.csv line 3 person_id") && refused.contains("no person `nobody`"),
        "{refused}"
    );
    let good =
        import(suite, "good.csv", "asset,person,unit\nLAMP-7,li.wei,\nLIFT-3,wang.fang,tianhe-office\n")
            .await;
    let came = suite.cli_json(&["route", "responsible", "import", &good, "-o", "json"]).await;
    assert_eq!((&came["begun"], &came["gone"]), (&json!(2), &json!(0)), "{came}");
    let again = suite.cli_json(&["route", "responsible", "import", &good, "-o", "json"]).await;
    assert_eq!(again["unchanged"], json!(2));

    // Its asset's person gets it, before the area.
    let lamp = created(suite, COUNTY, &["--asset", "LAMP-7"]).await;
    assert_eq!(went(suite, &lamp).await, to(ENVIRONMENT, "li.wei"));
    assert_eq!(ticket(suite, &lamp).await["asset"], "LAMP-7");
    let listed = suite.cli_json(&["ticket", "list", "--asset", "LAMP-7", "-o", "json"]).await;
    assert_eq!(items(&listed).len(), 1);
    let tree = explained(suite, &lamp).await;
    assert!(tree.contains("✓ 资产 → li.wei 李伟 (tianhe-env)  派给此人"), "{tree}");
    assert!(!tree.contains("责任区，从小到大"), "areas were not looked at: {tree}");
    let plain = created(suite, COUNTY, &[]).await;
    assert_eq!(went(suite, &plain).await, to(STREET_OFFICE, ""));

    // On leave: the stand-in.
    let leave =
        ["leave", "add", "li.wei", "--from", &minutes(-10), "--until", &minutes(600), "--stand-in", "sun.li"];
    suite.cli_json(&[&leave[..], &["-o", "json"]].concat()).await;
    let lamp = created(suite, COUNTY, &["--asset", "LAMP-7"]).await;
    assert_eq!(went(suite, &lamp).await, to(ENVIRONMENT, "sun.li"));
    let tree = explained(suite, &lamp).await;
    assert!(tree.contains("请假，派给替班人: sun.li"), "{tree}");

    // The customer's person, wherever it is.
    let first = created(suite, COUNTY, &["--phone", "13800138000"]).await;
    assert_eq!(went(suite, &first).await, to(STREET_OFFICE, ""));
    let known = ticket(suite, &first).await;
    let customer = text(&known["customer_id"]);
    let put = ["route", "responsible", "put", "--customer", customer, "--person", "sun.li", "-o", "json"];
    let kept = suite.cli_json(&put).await;
    assert_eq!(kept["responsibilities"][0]["unit_id"], ENVIRONMENT);
    let second = created(suite, HAIZHU, &["--phone", "138 0013 8000"]).await;
    assert_eq!(went(suite, &second).await, to(ENVIRONMENT, "sun.li"));
    let tree = explained(suite, &second).await;
    assert!(tree.contains("✓ 客户 → sun.li") && !tree.contains(customer), "{tree}");

    // Nobody answers for it: through the desk, which hands it on.
    let desk = created(suite, HAIZHU, &[]).await;
    assert_eq!(went(suite, &desk).await, to("haizhu-desk", ""));
    let tree = explained(suite, &desk).await;
    assert!(tree.contains("二级客服") && tree.contains("✓ haizhu-desk 海珠区综合办  命中"), "{tree}");
    let on = ["ticket", "transfer", &desk, "--unit", ENVIRONMENT, "--reason", "归环保", "--as", "gao.yuan"];
    assert!(suite.cli(&on).await.status.success());
    assert_eq!(went(suite, &desk).await, to(ENVIRONMENT, ""));

    // And without a desk, to the pool.
    let pool = created(suite, ELSEWHERE, &[]).await;
    let reason = eventually("it waits in the pool", || async {
        let reason = text(&ticket(suite, &pool).await["pool_reason"]).to_owned();
        (!reason.is_empty()).then_some(reason)
    })
    .await;
    assert_eq!(reason, "no rule, no responsible person, no area and no desk matches");

    // Who answers for nothing any more gets nothing.
    let of = ["route", "responsible", "list", "--asset", "LAMP-7", "-o", "json"];
    let found = suite.cli_json(&of).await;
    let id = text(&found["responsibilities"][0]["id"]).to_owned();
    assert!(suite.cli(&["route", "responsible", "delete", &id]).await.status.success());
    assert_eq!(suite.cli_json(&of).await["responsibilities"], json!([]));
    let lamp = created(suite, COUNTY, &["--asset", "LAMP-7"]).await;
    assert_eq!(went(suite, &lamp).await, to(STREET_OFFICE, ""));

    // What cannot be says why.
    let put = ["route", "responsible", "put", "--person", "li.wei"];
    for (more, named) in [
        (&["--asset", "灯杆7"][..], "responsibility.asset"),
        (&["--asset", "LIFT-3"], "`wang.fang` answers for it at the same time"),
        (&["--asset", "LAMP-9", "--unit", STREET_OFFICE], "`li.wei` does not belong to `tianhe-office`"),
        (
            &["--asset", "LAMP-9", "--from", "2026-12-05T08:00", "--until", "2026-12-04T08:00"],
            "responsibility.valid_to",
        ),
        (&["--asset", "LAMP-9", "--customer", customer], "cannot be used with"),
        (&[], "required"),
    ] {
        let said = said(suite, &[&put[..], more].concat()).await;
        assert!(said.contains(named), "{more:?}: {said}");
    }
    let words =
        ["ticket", "create", "--type", "complaint", "--subject", "x", "--body", "x", "--region", COUNTY];
    let said = said(suite, &[&words[..], &["--asset", "灯杆7"]].concat()).await;
    assert!(said.contains("place.asset"), "{said}");
}
