//! Repeats and duplicates. Source: T10.

use crate::desk::{AGENT, Desk, HANDLER, items, text};
use gongdan_e2e::{
    eventually::eventually,
    organisation::{COUNTY, STREET_OFFICE},
};
use serde_json::{Value, json};

const PHONE: &str = "13900139010";
const SAID: &str = "棠下村口工地每天凌晨两点还在打桩，老人孩子无法入睡，已多次向物业反映。";

/// What a candidate is there for, by its number.
fn reasons<'a>(found: &'a Value, number: &str) -> Vec<&'a str> {
    let of = items(found).iter().find(|one| one["ticket"]["number"] == *number);
    of.map_or(Vec::new(), |one| items(&one["reasons"]).iter().map(text).collect())
}

/// How many repeats the report of all months counts.
async fn reported(desk: &Desk) -> i64 {
    let months = desk.suite.cli_json(&["report", "--by", "month", "-o", "json"]).await;
    items(&months).iter().map(|month| month["repeats"].as_i64().expect("a number")).sum()
}

pub async fn t10_a_repeat_is_seen_at_intake_linked_and_counted(desk: &Desk) {
    let asked = ["--body", SAID, "--phone", PHONE, "--name", "王五"];
    let original = desk.created("凌晨打桩", &asked).await;
    let neighbour =
        desk.created("打桩声", &["--body", SAID, "--phone", "13900139011", "--name", "赵六"]).await;
    let bus = "希望公交车增加班次，早高峰等了四十分钟。";
    let other = desk.created("公交改线", &["--body", bus, "--phone", PHONE, "--name", "王五"]).await;

    for number in [&original, &neighbour, &other] {
        desk.at(number, STREET_OFFICE).await;
    }

    // Before anything is taken down: the same person about the same, the same words of others, and why.
    let words = ["ticket", "similar", "--phone", "139 0013 9010", "--item", "unclassified"];
    let more = ["--region", COUNTY, "--subject", "工地凌晨打桩", "--body", SAID];
    let ask = [&words[..], &more].concat();
    let (same, alike) = ("SIMILAR_REASON_SAME_CUSTOMER_AND_ITEM", "SIMILAR_REASON_SIMILAR_TEXT");
    let found = eventually("the texts are compared", || async {
        let found = desk.does(AGENT, &ask).await;
        let compared = [&original, &neighbour].iter().all(|number| reasons(&found, number).contains(&alike));
        compared.then_some(found)
    })
    .await;
    assert_eq!(items(&found).len(), 3, "{found}");
    assert_eq!(reasons(&found, &original), [same, alike]);
    assert_eq!(reasons(&found, &neighbour), [alike]);
    assert_eq!(reasons(&found, &other), [same]);
    let scores: Vec<f64> = items(&found).iter().map(|one| one["score"].as_f64().expect("a score")).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b) && scores[0] > 0.8 && scores[0] <= 1.0, "{scores:?}");
    assert_eq!(found[0]["ticket"]["number"], *original, "the likeliest first");
    let table = desk.prints(AGENT, &ask).await;
    let row = |number: &str| table.lines().find(|line| line.contains(number)).unwrap_or_default().trim();
    assert!(row(&original).starts_with(&format!("{:.2}", scores[0])), "{table}");
    assert!(row(&original).contains("同一市民同一事项, 内容相似"), "{table}");
    assert!(row(&neighbour).contains("内容相似") && !row(&neighbour).contains("同一市民"), "{table}");
    assert!(!table.contains(PHONE), "{table}");
    // What is asked for too little is not compared.
    let refused = desk.refuses(AGENT, &["ticket", "similar", "--subject", "打桩"]).await;
    assert!(refused.contains("ticket: "), "{refused}");

    // Taken down as a repeat in the same act; another one is linked later.
    let repeat = desk.created("凌晨打桩", &[&asked[..], &["--repeat-of", &original]].concat()).await;
    let links = desk.ticket(AGENT, &repeat).await["links"].clone();
    let link = &items(&links)[0];
    assert_eq!((&link["kind"], &link["ticket_number"]), (&json!("LINK_KIND_REPEAT_OF"), &json!(original)));
    let words = ["ticket", "link", &neighbour, "--kind", "repeat-of", &original, "--reason", "同一工地"];
    desk.does(AGENT, &words).await;
    let counted = desk.ticket(AGENT, &original).await;
    assert_eq!(counted["repeat_count"], 2);
    let shown = desk.prints(HANDLER, &["ticket", "get", &original]).await;
    let of = |head: &str| shown.lines().find_map(|line| line.strip_prefix(head)).unwrap_or_default().trim();
    assert_eq!(of("重复件数"), "2", "{shown}");
    for number in [&repeat, &neighbour] {
        assert!(shown.contains(&format!("原件，重复件 {number}")), "{shown}");
    }
    let timeline = desk.prints(AGENT, &["ticket", "timeline", &original]).await;
    let linked = timeline.lines().filter(|line| line.contains("关联")).collect::<Vec<_>>();
    assert!(linked.len() == 2 && linked[1].contains(&format!("{neighbour}: 同一工地")), "{timeline}");
    eventually("both are reported", || async { (reported(desk).await == 2).then_some(()) }).await;

    // A ticket repeats one only, and none that is not there; taken away, it counts no more.
    let twice = desk.refuses(AGENT, &["ticket", "link", &neighbour, "--kind", "repeat-of", &other]).await;
    assert!(twice.contains("LINK_REFUSED"), "{twice}");
    let words = ["ticket", "create", "--type", "complaint", "--subject", "打桩", "--body", SAID];
    let unknown = ["--region", COUNTY, "--repeat-of", "GD2611010000999999"];
    assert!(desk.refuses(AGENT, &[&words[..], &unknown].concat()).await.contains("NOT_FOUND"));
    desk.does(AGENT, &["ticket", "unlink", &neighbour, &original, "--reason", "另一工地"]).await;
    assert_eq!(desk.ticket(AGENT, &original).await["repeat_count"], 1);
    assert_eq!(items(&desk.ticket(AGENT, &neighbour).await["links"]), [] as [Value; 0]);
    eventually("one is reported", || async { (reported(desk).await == 1).then_some(()) }).await;
}
