//! Who is calling. Source: T9.

use crate::desk::{AGENT, AUDITOR, Desk, HANDLER, items, text};
use gongdan_e2e::organisation::STREET_OFFICE;
use serde_json::{Value, json};

const PHONE: &str = "13900139001";
const E164: &str = "+8613900139001";
const SPELLINGS: [&str; 5] =
    [PHONE, "+86 139 0013 9001", "0086 13900139001", "139-0013-9001", "１３９００１３９００１"];

fn numbers(tickets: &Value) -> Vec<&str> {
    items(tickets).iter().map(|ticket| text(&ticket["number"])).collect()
}

pub async fn t9_a_ringing_phone_in_any_spelling_shows_who_it_is_and_what_they_asked(desk: &Desk) {
    // The same person, each time with the number written in another way; and somebody else.
    let over = desk.created("占道经营", &["--phone", "139-0013-9001", "--name", "张三"]).await;
    desk.at(&over, STREET_OFFICE).await;
    desk.does(AGENT, &["ticket", "cancel", &over, "--reason", "来电人撤回"]).await;
    let on_hand = desk.accepted(&["--phone", E164, "--name", "张三"]).await;
    let waiting = desk.created("路灯不亮", &["--phone", "(+86) 139 0013 9001", "--name", "张三"]).await;
    desk.at(&waiting, STREET_OFFICE).await;
    let strange = desk.created("路灯不亮", &["--phone", "13900139002", "--name", "李四"]).await;

    // Whatever the telephone writes, one answer says who it is and what is on its way and over.
    let found = desk.does(AGENT, &["ticket", "lookup", "--phone", PHONE]).await;
    let customer = text(&found[0]["customer_id"]).to_owned();
    desk.does(AGENT, &["customer", "update", &customer, "--tier", "gold"]).await;
    let mut keys: Vec<Vec<&str>> = SPELLINGS.iter().map(|phone| vec!["--phone", *phone]).collect();
    keys.extend([vec!["--customer", customer.as_str()], vec!["--last-four", "9001"]]);
    for key in keys {
        let found = desk.does(AGENT, &[&["ticket", "lookup"][..], &key].concat()).await;
        let [profile] = items(&found) else { panic!("{key:?} finds {found}") };
        assert_eq!(text(&profile["customer_id"]), customer, "{key:?}");
        assert_eq!(profile["contact"], json!({ "phone": "139****9001", "name": "张*" }), "{key:?}");
        assert_eq!((&profile["tier"], &profile["region"]), (&json!("gold"), &json!("440106000000")));
        assert_eq!(numbers(&profile["in_flight"]), [&*waiting, &*on_hand], "{key:?}: the newest first");
        assert_eq!(numbers(&profile["past"]), [&*over], "{key:?}");
        assert_eq!(profile["total"], 3, "{key:?}");
        let told = found.to_string();
        assert!(!told.contains(PHONE) && !told.contains("张三") && !told.contains(&strange), "{told}");
    }
    let ring =
        desk.does(AGENT, &["call", "start", "ring-9", "--phone", "0086 139 0013 9001", "--seat", "A1"]).await;
    let profile = &items(&ring["customers"])[0];
    assert_eq!(numbers(&profile["in_flight"]), [&*waiting, &*on_hand]);
    assert_eq!(numbers(&profile["past"]), [&*over]);

    // On the screen: a line that says who it is, and a row a ticket.
    let screen = desk.prints(AGENT, &["ticket", "lookup", "--phone", PHONE]).await;
    let head = screen.lines().next().unwrap_or_default();
    for part in ["张*", "139****9001", "等级 gold", "广东省", "天河区", "工单数 3", &*customer] {
        assert!(head.contains(part), "{part}: {screen}");
    }
    let row = |number: &str| screen.lines().find(|line| line.contains(number)).unwrap_or_default();
    assert!(row(&waiting).contains("已派单") && row(&waiting).contains("路灯不亮"), "{screen}");
    assert!(row(&on_hand).contains("处理中") && row(&on_hand).contains(HANDLER), "{screen}");
    assert!(row(&over).contains("已撤单") && row(&over).contains("占道经营"), "{screen}");
    assert!(!screen.contains(PHONE) && !screen.contains("张三"), "{screen}");

    // In clear for whom that is, when it is asked for, and it is noted who saw it.
    let in_clear = ["ticket", "lookup", "--phone", PHONE, "--in-clear"];
    assert!(desk.refuses(AGENT, &in_clear).await.contains("PERMISSION_DENIED"));
    let masked = desk.does(AUDITOR, &in_clear[..4]).await;
    assert!(masked[0].get("contact_in_clear").is_none() && !masked.to_string().contains(PHONE), "{masked}");
    let clear = desk.does(AUDITOR, &in_clear).await;
    let contact = &clear[0]["contact_in_clear"];
    assert_eq!((&contact["phone"], &contact["name"]), (&json!(E164), &json!("张三")));
    assert!(desk.prints(AUDITOR, &in_clear).await.contains(E164));
    let who_saw = ["audit", "list", "--resource", &customer, "--level", "personal", "-o", "json"];
    let noted = desk.suite.cli_json(&who_saw).await;
    let by: Vec<&str> = items(&noted).iter().map(|entry| text(&entry["entry"]["principal_id"])).collect();
    assert_eq!(by, [AUDITOR, AUDITOR], "{noted}");

    // Units do not look people up; who never called is nobody; what is no number is said to be none.
    let refused = desk.refuses(HANDLER, &["ticket", "lookup", "--phone", PHONE]).await;
    assert!(refused.contains("PERMISSION_DENIED") && !refused.contains(&*on_hand), "{refused}");
    let nobody = ["ticket", "lookup", "--phone", "13700137009"];
    assert_eq!(desk.does(AGENT, &nobody).await, json!([]));
    assert!(desk.prints(AGENT, &nobody).await.contains("无此客户"));
    for (words, field) in [
        (["ticket", "lookup", "--phone", "12"], "phone: "),
        (["ticket", "lookup", "--last-four", "90"], "phone_last_four: "),
        (["ticket", "lookup", "--customer", "张三"], "customer_id: "),
    ] {
        let said = desk.refuses(AGENT, &words).await;
        assert!(said.contains(field), "{words:?}: {said}");
    }
}
