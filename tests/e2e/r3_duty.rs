//! Rosters, a swap, leave with a stand-in: through the client, and who is chosen follows at once. Source: R3.

use gongdan_clock::{Clock as _, SystemClock};
use gongdan_e2e::{
    desk::{Desk, complaint},
    organisation::{self, STREET_OFFICE},
    suite::Suite,
};
use gongdan_proto::tickets::v1::Phase;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::{Value, json};

const SHIFT: &str = "全天";

async fn write(suite: &Suite, name: &str, document: Value) -> String {
    let file = suite.data_dir().join(name);
    tokio::fs::write(&file, document.to_string()).await.expect("the file is written");
    file.display().to_string()
}

fn roster(people: &[&str]) -> Value {
    let every = [1, 2, 3, 4, 5, 6, 7];
    json!({"id": "office", "unit_id": STREET_OFFICE, "shifts": [
        {"name": SHIFT, "people": people, "weekdays": every, "start": "00:00", "end": "00:00"},
    ]})
}

/// Runs the client, which must refuse; answers what it says.
async fn refused(suite: &Suite, words: &[&str]) -> String {
    let output = suite.cli(words).await;
    assert!(!output.status.success(), "{words:?} is done");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Who gets the next ticket.
async fn next(desk: &mut Desk, subject: &str) -> String {
    let ticket = desk.create(complaint(subject)).await;
    desk.in_phase(&ticket, Phase::Dispatched).await.handler_id
}

/// How people of the office stand to its duty: standing and whose shift they have instead.
async fn standings(suite: &Suite) -> Vec<(String, String, String)> {
    let duty = suite.cli_json(&["duty", STREET_OFFICE, "-o", "json"]).await;
    assert_eq!(duty["rostered"], true);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let people = duty["people"].as_array().expect("people");
    let mut people: Vec<_> = people
        .iter()
        .map(|person| {
            let standing = text(&person["standing"]).replace("DUTY_STANDING_", "");
            (text(&person["person_id"]), standing, text(&person["instead_of"]))
        })
        .collect();
    people.sort_unstable();
    people
}

fn standing(person: &str, standing: &str, instead_of: &str) -> (String, String, String) {
    (person.to_owned(), standing.to_owned(), instead_of.to_owned())
}

#[tokio::test]
async fn r3_who_is_chosen_follows_roster_swap_and_leave() {
    let suite = Suite::start().await;
    let suite = &suite;
    organisation::import(suite).await;
    let person = |id: &str, name: &str| json!({"id": id, "name": name, "roles": ["handler"], "unit_ids": [STREET_OFFICE], "regions": ["440106"]});
    let people = json!({"people": [person("sun.li", "孙丽"), person("zhao.min", "赵敏")]});
    let people = write(suite, "people.json", people).await;
    assert!(suite.cli(&["org", "import", &people]).await.status.success());

    // Refused with the field: a roster without shifts, one without people, somebody of another unit.
    let mut none = roster(&[]);
    let file = write(suite, "bad.json", none.clone()).await;
    assert!(refused(suite, &["roster", "put", &file]).await.contains("roster.shifts[0].person_ids"));
    none["shifts"] = json!([]);
    let file = write(suite, "bad.json", none).await;
    assert!(
        refused(suite, &["roster", "put", &file]).await.contains("an empty roster has nobody on duty ever")
    );
    let file = write(suite, "bad.json", roster(&["li.wei"])).await;
    assert!(
        refused(suite, &["roster", "put", &file])
            .await
            .contains("`li.wei` does not belong to `tianhe-office`")
    );

    let file = write(suite, "roster.json", roster(&["wang.fang"])).await;
    assert!(suite.cli(&["roster", "put", &file]).await.status.success());
    let rule = ["rule", "put", "--id", "office", "--when", "true", "--to-staff-of", STREET_OFFICE];
    assert!(suite.cli(&[&rule[..], &["--strategy", "least-loaded"]].concat()).await.status.success());
    let mut desk = Desk::open(suite).await;
    assert_eq!(next(&mut desk, "路面坑洼 一").await, "wang.fang", "the only one on duty");

    // A swap of today, and of tomorrow in case it is late: the one whose shift it becomes is chosen.
    let now: Timestamp = SystemClock.now();
    let today = now.to_zoned(TimeZone::get("Asia/Shanghai").expect("the zone")).date();
    let days = [today, today + 1.day()].map(|day| day.to_string());
    for day in &days {
        let swap = ["roster", "swap", "office", "--shift", SHIFT, "--date", day, "--of", "wang.fang"];
        let wrong = refused(suite, &[&swap[..], &["--to", "li.wei"]].concat()).await;
        assert!(wrong.contains("stand_in_id"), "{wrong}");
        let done = suite.cli_json(&[&swap[..], &["--to", "zhao.min", "-o", "json"]].concat()).await;
        assert_eq!((&done["person_id"], &done["stand_in_id"]), (&json!("wang.fang"), &json!("zhao.min")));
    }
    assert_eq!(
        standings(suite).await,
        [
            standing("sun.li", "OFF_DUTY", ""),
            standing("wang.fang", "REPLACED", ""),
            standing("zhao.min", "ON_DUTY", "wang.fang"),
        ]
    );
    assert_eq!(next(&mut desk, "路面坑洼 二").await, "zhao.min");
    for day in &days {
        let back = ["roster", "swap", "office", "--shift", SHIFT, "--date", day, "--of", "wang.fang"];
        assert!(suite.cli(&back).await.status.success());
    }
    assert_eq!(next(&mut desk, "路面坑洼 三").await, "wang.fang", "given back");

    // Leave with a stand-in; taken back, the shift is the person's again.
    let until = (now + 240.hours()).to_string();
    let from = now.to_string();
    let leave = ["leave", "add", "wang.fang", "--from", &from, "--until", &until];
    let own = refused(suite, &[&leave[..], &["--stand-in", "wang.fang"]].concat()).await;
    assert!(own.contains("stand_in_id") && own.contains("somebody else than who is away"), "{own}");
    let taken = suite.cli_json(&[&leave[..], &["--stand-in", "sun.li", "-o", "json"]].concat()).await;
    let id = taken["leaves"][0]["id"].as_str().or_else(|| taken["id"].as_str()).expect("an id").to_owned();
    assert_eq!(
        standings(suite).await,
        [
            standing("sun.li", "ON_DUTY", "wang.fang"),
            standing("wang.fang", "ON_LEAVE", ""),
            standing("zhao.min", "OFF_DUTY", ""),
        ]
    );
    assert_eq!(next(&mut desk, "路面坑洼 四").await, "sun.li");
    let twice = refused(suite, &leave).await;
    assert!(twice.contains("from"), "one leave at a time: {twice}");
    assert!(suite.cli(&["leave", "cancel", &id]).await.status.success());
    assert_eq!(next(&mut desk, "路面坑洼 五").await, "wang.fang");

    // Without the roster everybody is on duty: whoever has the least in hand gets it.
    assert!(suite.cli(&["roster", "delete", "office"]).await.status.success());
    let free = next(&mut desk, "路面坑洼 六").await;
    assert!(["sun.li", "zhao.min"].contains(&free.as_str()), "{free}");
}
