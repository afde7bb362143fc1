//! Items and units are suggested as past tickets turned out: imported, trained, asked for, learnt from what resolves, by the
//! client. Source: R11.

use gongdan_clock::{Clock as _, SystemClock};
use gongdan_e2e::{
    desk::{Desk, complaint},
    eventually::eventually,
    organisation::{self, COUNTY, ENVIRONMENT, STREET_OFFICE, request_id},
    suite::Suite,
};
use gongdan_proto::{
    routing::v1::{
        AreaRow, ImportOrganisationRequest, organisation_service_client::OrganisationServiceClient,
    },
    tickets::v1::{Channel, Phase, RecordPastTicketRequest},
    to_timestamp,
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::fmt::Write as _;

const NOISE: &str = "环境保护/噪音";
const LIGHT: &str = "城乡建设/照明";
const NOISES: [&str; 4] = ["夜间施工噪音扰民", "广场舞噪音扰民", "工地半夜打桩噪音", "音响噪音太大"];
const LIGHTS: [&str; 4] = ["小区路灯不亮", "路灯坏了很久", "路口路灯一直闪", "路灯杆倒了"];

/// The catalogue, and both units with an area.
async fn set_up(suite: &Suite, files: &std::path::Path) {
    organisation::import(suite).await;
    let area = |item: &str, unit: &str| AreaRow {
        region: COUNTY.to_owned(),
        item: item.to_owned(),
        unit_id: unit.to_owned(),
        ..AreaRow::default()
    };
    let request = ImportOrganisationRequest {
        request_id: request_id(),
        areas: vec![area("环境保护", ENVIRONMENT), area("", STREET_OFFICE)],
        ..ImportOrganisationRequest::default()
    };
    let mut organisation = OrganisationServiceClient::new(suite.channel("routing").await);
    organisation.import_organisation(request).await.expect("areas are imported");
    let catalogue = files.join("catalogue.csv");
    std::fs::write(&catalogue, "level1,level2\n环境保护,噪音\n城乡建设,照明\n").expect("a file");
    suite.cli_json(&["catalogue", "import", catalogue.to_str().expect("a path"), "-o", "json"]).await;
}

/// Rows of an older system, by the client: their items are known, their units are not ours.
async fn import_rows(suite: &Suite, files: &std::path::Path) {
    let (file, map) = (files.join("messages.csv"), files.join("items.csv"));
    let mut rows = String::from("message_no,subject,received_at,body,reply,replied_at,category\n");
    for n in 0..24 {
        let (subject, category) =
            if n % 2 == 0 { (NOISES[n / 2 % 4], "噪音") } else { (LIGHTS[n / 2 % 4], "照明") };
        writeln!(
            rows,
            "{n},{subject},2025-03-01T09:00:00+08:00,请尽快处理。,已处理。,2025-03-03T09:00:00+08:00,{category}"
        )
        .expect("a row");
    }
    std::fs::write(&file, rows).expect("a file");
    std::fs::write(&map, format!("category,item\n噪音,{NOISE}\n照明,{LIGHT}\n")).expect("a file");
    let (file, map) = (file.to_str().expect("a path"), map.to_str().expect("a path"));
    let words =
        ["import", "messages", file, "--item-map", map, "--region", COUNTY, "--no-wait", "-o", "json"];
    let imported = suite.cli_json(&words).await;
    assert_eq!(imported["imported"], 24, "{imported}");
}

/// Past tickets of our own units.
async fn record_own(suite: &Suite) {
    let mut desk = Desk::open(suite).await;
    let replied = SystemClock.now() - SignedDuration::from_hours(240);
    for n in 0..24 {
        let (subject, item, unit) = if n % 2 == 0 {
            (NOISES[n / 2 % 4], NOISE, ENVIRONMENT)
        } else {
            (LIGHTS[n / 2 % 4], LIGHT, STREET_OFFICE)
        };
        let request = RecordPastTicketRequest {
            external_source: "own".to_owned(),
            external_id: n.to_string(),
            item: item.to_owned(),
            subject: subject.to_owned(),
            body: "希望有关部门处理。".to_owned(),
            region: COUNTY.to_owned(),
            channel: Channel::Phone.into(),
            received_at: Some(to_timestamp(replied - SignedDuration::from_hours(48))),
            reply: "已处理。".to_owned(),
            replied_at: Some(to_timestamp(replied)),
            unit_id: unit.to_owned(),
            ..RecordPastTicketRequest::default()
        };
        desk.tickets.record_past_ticket(request).await.expect("it is recorded");
    }
}

async fn suggest(suite: &Suite, text: &str, more: &[&str]) -> Value {
    let words = ["route", "suggest", text, "--region", COUNTY, "-o", "json"];
    suite.cli_json(&[&words[..], more].concat()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r11_items_and_units_are_suggested_as_past_tickets_turned_out() {
    let suite = Suite::start_with(&[("GONGDAN_ROUTING__SUGGESTIONS__LEARN_EVERY", "300ms")]).await;
    let files = tempfile::tempdir().expect("a directory");
    set_up(&suite, files.path()).await;

    let early = suite.cli(&["route", "suggest", "路灯不亮", "--region", COUNTY, "-o", "json"]).await;
    let said: Value = serde_json::from_slice(&early.stderr).expect("an error");
    assert_eq!(said["error"]["reason"], "SUGGESTER_UNTRAINED");

    import_rows(&suite, files.path()).await;
    record_own(&suite).await;
    let trained = suite.cli_json(&["route", "train", "--evaluate", "-o", "json"]).await;
    assert_eq!((&trained["tickets"], &trained["items"]["classes"]), (&json!(48), &json!(2)), "{trained}");
    let at_least = |part: &Value, share: f64| part.as_f64().is_some_and(|found| found >= share);
    assert!(at_least(&trained["items"]["top1"], 0.9), "{trained}");
    // What was imported is of no unit of ours: it says nothing about units.
    assert_eq!((&trained["units"]["tickets"], &trained["units"]["left_out"]), (&json!(24), &json!(24)));
    assert!(at_least(&trained["units"]["top1"], 0.9), "{trained}");

    let answer = suggest(&suite, "楼下工地夜间施工，噪音太大", &[]).await;
    assert_eq!(answer["items"][0]["item"], NOISE, "{answer}");
    assert_eq!(
        (&answer["units"][0]["unit_id"], &answer["units"][0]["name"]),
        (&json!(ENVIRONMENT), &json!("天河区生态环境局"))
    );
    let answer = suggest(&suite, "楼下的路灯不亮了", &["--item", LIGHT]).await;
    assert_eq!((&answer["items"], &answer["units"][0]["unit_id"]), (&json!([]), &json!(STREET_OFFICE)));
    let for_people = suite.cli(&["route", "suggest", "路灯不亮", "--region", COUNTY, "--lang", "zh"]).await;
    let for_people = String::from_utf8_lossy(&for_people.stdout).into_owned();
    assert!(for_people.contains(LIGHT) && for_people.contains("天河区街道办"), "{for_people}");

    // What nobody ever heard of, five times over: each is learnt from when it resolves.
    let mut desk = Desk::open(&suite).await;
    let before = suggest(&suite, "路灯照进卧室太亮", &[]).await;
    assert_eq!(before["items"][0]["item"], LIGHT);
    for _ in 0..6 {
        let mut request = complaint("路灯照进卧室太亮");
        request.item = NOISE.to_owned();
        request.body = "路灯照进卧室太亮".to_owned();
        let ticket = desk.create(request).await;
        let ticket = desk.in_phase(&ticket, Phase::Dispatched).await;
        let ticket = desk.accept(&ticket).await;
        desk.resolve(&ticket).await;
    }
    eventually("it has learnt from them", || async {
        let answer = suggest(&suite, "路灯照进卧室太亮", &[]).await;
        (answer["items"][0]["item"] == NOISE && answer["units"][0]["unit_id"] == ENVIRONMENT).then_some(())
    })
    .await;

    // A new training reads them too.
    let again = suite.cli_json(&["route", "train", "-o", "json"]).await;
    assert_eq!(
        (&again["training"], &again["tickets"], &again["learnt_since"]),
        (&json!(2), &json!(54), &json!(0))
    );
}
