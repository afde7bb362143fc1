//! Places. Source: T37.

use crate::desk::{AGENT, Desk, HANDLER, items};
use gongdan_e2e::organisation::ENVIRONMENT;
use serde_json::{Value, json};

fn near(place: &Value, latitude: f64, longitude: f64) -> bool {
    let degree = |name: &str| place["point"][name].as_f64().expect("a number");
    (degree("latitude") - latitude).abs() < 1e-6 && (degree("longitude") - longitude).abs() < 1e-6
}

pub async fn t37_a_place_is_given_in_gcj_02_and_changed_later(desk: &Desk) {
    // 深圳湾 on a Chinese map; satellites see it at 22.543847, 113.912316.
    let given = ["--place", "天河路385号", "--point", "22.540796131694766,113.9171764808363", "--gcj02"];
    let number = desk.accepted(&[&given[..], &["--grid", "440106900007"]].concat()).await;
    let ticket = desk.ticket(HANDLER, &number).await;
    assert!(near(&ticket["place"], 22.543_847, 113.912_316), "{ticket}");
    assert_eq!(ticket["place"]["given_in"], "COORDINATE_SYSTEM_GCJ02");
    let shown = desk.prints(HANDLER, &["ticket", "get", &number]).await;
    assert!(shown.contains("天河路385号") && shown.contains("22.543847"), "{shown}");

    // What is no place says so, and where.
    let change = ["ticket", "place", &number, "--reason", "来电更正"];
    let change = |more: &[&'static str]| [&change[..], more].concat();
    let nothing = desk.refuses(HANDLER, &change(&[])).await;
    assert!(nothing.contains("请指明要修改的内容"), "{nothing}");
    for (more, named) in [
        (&["--point", "天河路"][..], "22.54,113.91"),
        (&["--point", "95,113"], "place.point: a latitude is between -90 and 90 degrees"),
        (&["--grid", "网格7"], "place.grid: "),
    ] {
        let said = desk.refuses(HANDLER, &change(more)).await;
        assert!(said.contains(named), "{more:?}: {said}");
    }

    // Only what is given changes; who takes part and the desk may.
    let moved = desk.does(HANDLER, &change(&["--grid", "440106900008"])).await;
    assert_eq!((&moved["grid"], &moved["place"]["address"]), (&json!("440106900008"), &json!("天河路385号")));
    assert!(near(&moved["place"], 22.543_847, 113.912_316), "{moved}");
    let again = desk.does(HANDLER, &change(&["--grid", "440106900008"])).await;
    assert_eq!(again["version"], moved["version"], "what is as it was is no change");
    let listed = |grid: &'static str| async move {
        items(&desk.does(AGENT, &["ticket", "list", "--grid", grid]).await).len()
    };
    assert_eq!((listed("440106900007").await, listed("440106900008").await), (0, 1));
    let told = desk.does(AGENT, &change(&["--address", "天河路387号", "--point", "23.13,113.33"])).await;
    assert_eq!(told["place"]["address"], "天河路387号");
    assert!(near(&told["place"], 23.13, 113.33) && told["place"]["given_in"] == "COORDINATE_SYSTEM_WGS84");
    let gone = desk.does(AGENT, &change(&["--address", "", "--point", "", "--grid", ""])).await;
    assert_eq!((gone.get("place"), &gone["grid"]), (None, &json!("")), "{gone}");
    assert_eq!(listed("440106900008").await, 0);
    desk.does(AGENT, &change(&["--address", "天河路389号"])).await;

    // The timeline says that it changed and why, and what is personal is not in it.
    let timeline = desk.prints(HANDLER, &["ticket", "timeline", &number]).await;
    assert!(timeline.contains("地点变更"), "{timeline}");
    assert!(timeline.contains("网格 440106900007 → 440106900008: 来电更正"), "{timeline}");
    assert!(!timeline.contains("天河路"), "{timeline}");

    // Who asked in confidence may be found by the place: the unit neither reads nor changes it.
    let secret = desk.accepted(&["--place", "体育东路8号", "--confidential"]).await;
    let seen = desk.ticket(HANDLER, &secret).await;
    assert_eq!(seen["place"]["address"], "");
    let words = ["ticket", "place", &secret, "--address", "x", "--reason", "x"];
    let refused = desk.refuses(HANDLER, &words).await;
    assert!(refused.contains("PERMISSION_DENIED"), "{refused}");
    let words = ["ticket", "place", &secret, "--address", "体育东路9号", "--reason", "来电更正"];
    assert_eq!(desk.does(AGENT, &words).await["place"]["address"], "体育东路9号");

    // What is over stays as it was.
    let over = desk.created("误报噪音", &[]).await;
    desk.at(&over, ENVIRONMENT).await;
    desk.does(AGENT, &["ticket", "cancel", &over, "--reason", "误报"]).await;
    let refused = desk.refuses(AGENT, &["ticket", "place", &over, "--grid", "a", "--reason", "x"]).await;
    assert!(refused.contains("PHASE_REFUSES"), "{refused}");
}
