//! Who gets a ticket, by duty and capacity, with the whole suite and the client.

use gongdan_e2e::{
    desk::{Desk, complaint},
    eventually::eventually,
    organisation::{self, STREET_OFFICE},
    suite::Suite,
};
use gongdan_proto::tickets::v1::{Phase, Ticket};
use serde_json::json;

const HANDS: [&str; 2] = ["wang.fang", "zhao.min"];

/// Held and reserved of a person of the street office.
async fn load(suite: &Suite, person: &str) -> (i64, i64) {
    let answer = suite.cli_json(&["load", STREET_OFFICE, "-o", "json"]).await;
    let loads = answer["loads"].as_array().expect("loads").clone();
    let load = loads.iter().find(|load| load["person_id"] == person).expect("a person of the unit");
    let number = |field: &str| load[field].as_i64().unwrap_or(0);
    (number("held"), number("reserved"))
}

async fn write(suite: &Suite, name: &str, document: serde_json::Value) -> String {
    let file = suite.data_dir().join(name);
    tokio::fs::write(&file, document.to_string()).await.expect("the file is written");
    file.display().to_string()
}

async fn explained(suite: &Suite, ticket: &Ticket) -> String {
    let output = suite.cli(&["route", "explain", &ticket.number]).await;
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn r6_tickets_go_to_people_on_duty_with_room_and_the_rest_waits_in_the_pool() {
    let suite = Suite::start().await;
    organisation::import(&suite).await;
    let people = json!({"people": [
        {"id": "zhao.min", "name": "赵敏", "roles": ["handler"], "unit_ids": [STREET_OFFICE], "regions": ["440106"]},
        {"id": "sun.li", "name": "孙丽", "roles": ["handler"], "unit_ids": [STREET_OFFICE], "regions": ["440106"]},
    ]});
    let people = write(&suite, "people.json", people).await;
    assert!(suite.cli(&["org", "import", &people]).await.status.success());
    let mut office = json!({"id": "office", "unit_id": STREET_OFFICE, "capacity": 2, "capacities": {"zhao.min": 1},
    "shifts": [
        {"name": "全天", "people": HANDS, "weekdays": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "00:00"},
        {"name": "过去", "people": ["sun.li"], "dates": ["2020-01-01"], "start": "08:00", "end": "09:00"},
    ]});
    let roster = write(&suite, "roster.json", office.clone()).await;
    assert!(suite.cli(&["roster", "put", &roster]).await.status.success());
    let rule =
        ["rule", "put", "--id", "least", "--when", "true", "--to-staff-of", STREET_OFFICE, "--strategy"];
    assert!(suite.cli(&[&rule[..], &["least-loaded"]].concat()).await.status.success());
    // One that could never choose anybody is refused.
    let nobody = suite.cli(&[&rule[..], &["least-loaded", "--skill", "焊接"]].concat()).await;
    assert!(!nobody.status.success());
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("nobody of `tianhe-office` has skill `焊接`"));

    // Three have room: two for one, one for the other; the fourth waits where people claim it.
    let mut desk = Desk::open(&suite).await;
    let mut given = Vec::new();
    for n in 0..3 {
        let ticket = desk.create(complaint(&format!("路面坑洼 {n}"))).await;
        given.push(desk.in_phase(&ticket, Phase::Dispatched).await);
    }
    let mut handlers: Vec<&str> = given.iter().map(|ticket| ticket.handler_id.as_str()).collect();
    handlers.sort_unstable();
    assert_eq!(handlers, ["wang.fang", "wang.fang", "zhao.min"]);
    let waits = desk.create(complaint("路面坑洼 四")).await;
    let waits = desk.until(&waits, "it waits in the pool", |ticket| !ticket.pool_reason.is_empty()).await;
    assert_eq!(waits.pool_unit_id, STREET_OFFICE);
    assert_eq!(waits.pool_reason, format!("nobody of `{STREET_OFFICE}` can take it: 2 full, 1 off duty"));
    let tree = explained(&suite, &waits).await;
    assert!(tree.contains("least loaded: 3 people considered"), "{tree}");
    assert!(tree.contains("✗ wang.fang 王芳  2 of 2 in hand  has as many as they may"), "{tree}");
    assert!(tree.contains("✗ off duty: sun.li 孙丽"), "{tree}");

    // What people hold is known, and freed when it is resolved.
    for (person, held) in [("wang.fang", 2), ("zhao.min", 1), ("sun.li", 0)] {
        eventually(format!("{person} holds {held}"), || async {
            (load(&suite, person).await == (held, 0)).then_some(())
        })
        .await;
    }
    let first = given.remove(0);
    desk.accept(&first).await;
    desk.resolve(&first).await;
    let freed = eventually("somebody has room", || async {
        let (wang, zhao) = (load(&suite, "wang.fang").await, load(&suite, "zhao.min").await);
        (wang.0 + zhao.0 == 2).then_some(if zhao.0 == 0 { "zhao.min" } else { "wang.fang" })
    })
    .await;
    // Whoever has room goes on leave: the next ticket waits too, and says so.
    let leave = ["leave", "add", freed, "--from", "2026-01-01T00:00:00Z", "--until", "2027-12-30T00:00:00Z"];
    assert!(suite.cli(&leave).await.status.success());
    let duty = suite.cli_json(&["duty", STREET_OFFICE, "-o", "json"]).await;
    let people = duty["people"].as_array().expect("people");
    let standing = people.iter().find(|person| person["person_id"] == freed).expect("a person of the unit");
    assert_eq!(standing["standing"], "DUTY_STANDING_ON_LEAVE");
    let waits = desk.create(complaint("路面坑洼 五")).await;
    let waits = desk.until(&waits, "it waits in the pool", |ticket| !ticket.pool_reason.is_empty()).await;
    assert!(waits.pool_reason.ends_with("1 full, 1 off duty, 1 on leave"), "{}", waits.pool_reason);

    // A shift that was given away is listed, and taken back with its day.
    let of = [
        "roster",
        "swap",
        "office",
        "--shift",
        "全天",
        "--date",
        "2030-01-01",
        "--of",
        "zhao.min",
        "--to",
        "sun.li",
    ];
    assert!(suite.cli(&of).await.status.success());
    let swaps = suite.cli_json(&["duty", STREET_OFFICE, "--swaps", "-o", "json"]).await;
    let swap = json!({"roster_id": "office", "shift": "全天", "date": "2030-01-01", "person_id": "zhao.min",
                      "stand_in_id": "sun.li"});
    assert_eq!(swaps, json!({"swaps": [swap]}));
    office["shifts"][0]["except_dates"] = json!(["2030-01-01"]);
    let roster = write(&suite, "roster.json", office).await;
    let put = suite.cli(&["roster", "put", &roster]).await;
    let said = String::from_utf8_lossy(&put.stdout).into_owned();
    assert!(said.contains("taken back, as it no longer fits: 2030-01-01 全天 zhao.min → sun.li"), "{said}");
    assert_eq!(suite.cli_json(&["duty", STREET_OFFICE, "--swaps", "-o", "json"]).await, json!({"swaps": []}));
}
