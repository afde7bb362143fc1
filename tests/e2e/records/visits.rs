//! Visits. Source: T15.

use crate::desk::{AGENT, Desk, HANDLER, items, minutes, picture, text};
use gongdan_e2e::organisation::request_id;
use serde_json::{Value, json};

/// The last visit, as somebody sees it.
async fn last(desk: &Desk, number: &str) -> Value {
    items(&desk.does(HANDLER, &["visit", "list", number]).await).last().expect("a visit").clone()
}

async fn photo(desk: &Desk, number: &str, name: &str) -> String {
    let file = desk.file(name, picture(300));
    text(&desk.does(HANDLER, &["ticket", "attach", number, &file]).await["id"]).to_owned()
}

pub async fn t15_visits_are_booked_moved_checked_in_and_reported_with_photos_even_twice(desk: &Desk) {
    let number = desk.accepted(&[]).await;
    let (from, to) = (minutes(60), minutes(120));
    let book = ["visit", "book", &number, "--from", &from, "--to", &to];

    // What is wrong is named as it is called.
    for (more, named) in [
        (&["--person", "nobody"][..], "person_id: nobody is no active member of staff"),
        (&["--person", "无此人"], "person_id: "),
        (&["--to", &from], "window_end: "),
        (&["--to", "明天"], "明天"),
    ] {
        let words: Vec<&str> = match more {
            ["--to", to] => vec!["visit", "book", &number, "--from", &from, "--to", to],
            more => [&book[..], more].concat(),
        };
        let said = desk.refuses(HANDLER, &words).await;
        assert!(said.contains(named), "{more:?}: {said}");
    }

    // Booked, moved when the citizen calls, checked in on a Chinese map, reported with photos.
    let booked = [&book[..], &["--person", HANDLER, "--note", "门禁找物业13800001234"]].concat();
    let shown = desk.prints(HANDLER, &booked).await;
    assert!(shown.contains("已预约") && shown.contains("门禁找物业138****1234"), "{shown}");
    let visit = text(&last(desk, &number).await["id"]).to_owned();
    let (from, to) = (minutes(180), minutes(240));
    let moved = ["visit", "move", &number, &visit, "--from", &from, "--to", &to, "--reason", "市民要求改约"];
    desk.does(AGENT, &moved).await;
    assert_eq!(last(desk, &number).await["person_id"], HANDLER, "who goes is not asked for again");
    let there =
        ["visit", "check-in", &number, &visit, "--point", "31.17530398364597,121.531541859215", "--gcj02"];
    let shown = desk.prints(HANDLER, &there).await;
    assert!(shown.contains("已到场") && shown.contains("31.1774276,121.5272106"), "{shown}");
    let late = desk.refuses(AGENT, &moved).await;
    assert!(late.contains("VISIT_REFUSES"), "{late}");
    let (one, two) = (photo(desk, &number, "前.png").await, photo(desk, &number, "后.png").await);
    let report = ["visit", "report", &number, &visit, "--result", "done", "--report", "已责令停工"];
    let foreign = desk.refuses(HANDLER, &[&report[..], &["--photo", &request_id()]].concat()).await;
    assert!(foreign.contains("photo_ids: attachments of the ticket"), "{foreign}");
    let photos = format!("{one},{two}");
    let shown = desk.prints(HANDLER, &[&report[..], &["--photo", &photos]].concat()).await;
    assert!(shown.contains("已反馈") && shown.contains("已完成") && shown.contains("已责令停工"), "{shown}");
    assert_eq!(last(desk, &number).await["photo_ids"], json!([one, two]));
    let ticket = desk.prints(HANDLER, &["ticket", "get", &number]).await;
    assert!(ticket.contains("预约上门") && ticket.contains("已责令停工"), "{ticket}");

    // A phone that had no network sends all it has, twice and out of order: the second time changes nothing.
    desk.does(HANDLER, &["visit", "book", &number, "--from", &from, "--to", &to]).await;
    let second = text(&last(desk, &number).await["id"]).to_owned();
    assert_ne!(second, visit);
    let kept = |minute: i64, what: &str, said: Value| {
        let mut kept = json!({
            "report_id": request_id(), "ticket": number, "visit_id": second, "device_time": minutes(minute),
        });
        kept[what] = said;
        kept
    };
    let mut reports = vec![
        kept(-5, "reported", json!({ "result": "partly", "report": "缺配件", "photo_ids": [two] })),
        kept(-30, "checked_in", json!({ "latitude": 23.13, "longitude": 113.33 })),
        kept(-50, "moved", json!({ "window_start": from, "window_end": to, "reason": "堵车" })),
    ];
    reports.push(json!({
        "report_id": request_id(), "ticket": number, "visit_id": request_id(), "device_time": minutes(-1),
        "checked_in": {},
    }));
    let file = desk.file("离线.json", json!(reports).to_string());
    let first = desk.prints(HANDLER, &["visit", "replay", &file]).await;
    assert_eq!(first.matches("已收").count(), 3, "{first}");
    assert_eq!(first.matches("拒绝").count(), 1, "{first}");
    let (visit, ticket) = (last(desk, &number).await, desk.ticket(HANDLER, &number).await);
    assert_eq!(
        (&visit["state"], &visit["result"], &visit["report"]),
        (&json!("VISIT_STATE_REPORTED"), &json!("VISIT_RESULT_PARTLY"), &json!("缺配件"))
    );
    let again = desk.prints(HANDLER, &["visit", "replay", &file]).await;
    assert_eq!(again.matches("已有").count(), 3, "{again}");
    assert_eq!(last(desk, &number).await, visit);
    assert_eq!(desk.ticket(HANDLER, &number).await["version"], ticket["version"], "nothing changed");

    // A file that is none says where.
    let file = desk.file("坏.json", json!([{ "report_id": "x", "who": 1 }]).to_string());
    let said = desk.refuses(HANDLER, &["visit", "replay", &file]).await;
    assert!(said.contains("坏.json") && said.contains("who"), "{said}");
    let timeline = desk.prints(HANDLER, &["ticket", "timeline", &number]).await;
    for said in ["预约上门", "改约", "上门签到", "上门反馈"] {
        assert!(timeline.contains(said), "{said}: {timeline}");
    }
}
