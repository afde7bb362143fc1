//! Search. Source: T28.

use crate::desk::{AGENT, Desk, HANDLER, items, text};
use gongdan_e2e::eventually::eventually;
use serde_json::json;
use std::collections::BTreeSet;

const PHONE: &str = "13900139028";

/// What is found, the best first.
async fn found(desk: &Desk, words: &[&str]) -> Vec<String> {
    let hits = desk.does(AGENT, &[&["ticket", "search"], words].concat()).await;
    items(&hits).iter().map(|hit| text(&hit["ticket"]["number"]).to_owned()).collect()
}

pub async fn t28_words_numbers_phones_and_fields_find_tickets(desk: &Desk) {
    let caller = ["--body", "楼下天天这样，没人管。", "--phone", PHONE, "--name", "孙七"];
    let together = desk.created("噪音投诉", &caller).await;
    let apart = desk.created("夜间施工", &["--body", "噪音很大，多次投诉无果。"]).await;
    let complaint = desk.created("投诉物业", &["--body", "物业乱收费。"]).await;
    let noise = desk.created("半夜噪音", &["--body", "楼上半夜装修。"]).await;
    for (number, words) in [(&apart, "无果"), (&complaint, "乱收费"), (&noise, "装修"), (&together, "天天")]
    {
        let one = [number.clone()];
        eventually(format!("{words} is found"), || async {
            (found(desk, &[words]).await == one).then_some(())
        })
        .await;
    }

    // Both words, in whatever order they were written, and not one of them alone.
    let both = BTreeSet::from([together.clone(), apart.clone()]);
    for words in ["投诉噪音", "噪音投诉", "噪音 投诉"] {
        let hits = found(desk, &[words]).await;
        assert_eq!(BTreeSet::from_iter(hits), both, "{words}");
    }
    assert_eq!(found(desk, &["噪音投诉"]).await[0], together, "as it was written it is best");
    let complaints = BTreeSet::from_iter(found(desk, &["投诉"]).await);
    assert!(complaints.is_superset(&both) && complaints.contains(&complaint), "{complaints:?}");
    assert!(!complaints.contains(&noise), "{complaints:?}");
    let table = desk.prints(HANDLER, &["ticket", "search", "投诉噪音"]).await;
    let row = |number: &str| table.lines().find(|line| line.contains(number)).unwrap_or_default();
    assert!(row(&together).contains("【噪音投诉】"), "{table}");
    assert!(row(&apart).contains("【噪音】") && row(&apart).contains("【投诉】"), "{table}");

    // By number, whole or by its end; by phone, in any spelling or by its end; and everything that is given.
    let only = [together.clone()];
    let (whole, end) = (together.as_str(), &together[together.len() - 6..]);
    for words in [
        &["--number", end][..],
        &["--number", whole],
        &[whole],
        &["--phone", "+86 139-0013-9028"],
        &["--last-four", "9028"],
        &["噪音", "--last-four", "9028"],
        &["投诉", "--number", end, "--phone", PHONE],
    ] {
        assert_eq!(found(desk, words).await, only, "{words:?}");
    }
    for words in [
        &["停水停电"][..],
        &["装修", "--last-four", "9028"],
        &["--phone", "13700137028"],
        &["噪音投诉", "--phase", "closed"],
    ] {
        assert_eq!(found(desk, words).await, [] as [&str; 0], "{words:?}");
    }
    let hits = desk.does(AGENT, &["ticket", "search", "--phone", PHONE]).await.to_string();
    assert!(!hits.contains(PHONE) && hits.contains("139****9028"), "{hits}");

    by_fields(desk).await;

    // Units do not look people up, and what cannot be looked for is said to be so.
    let refused = desk.refuses(HANDLER, &["ticket", "search", "--phone", PHONE]).await;
    assert!(refused.contains("PERMISSION_DENIED"), "{refused}");
    for (words, field) in [
        (&["ticket", "search"][..], "text: "),
        (&["ticket", "search", "噪"], "text: "),
        (&["ticket", "search", "--number", "12"], "number: "),
        (&["ticket", "search", "--phone", "12"], "phone: "),
        (&["ticket", "search", "--last-four", "90"], "phone_last_four: "),
    ] {
        let said = desk.refuses(AGENT, words).await;
        assert!(said.contains(field), "{words:?}: {said}");
    }
}

/// What was filled into a form narrows what is found, where the form says so.
async fn by_fields(desk: &Desk) {
    let schema = json!({
        "type": "object",
        "properties": {
            "meter": { "type": "string", "pattern": "^[0-9]{8}$", "x-searchable": true },
            "remark": { "type": "string" },
        },
    });
    let form = desk.file("water.json", schema.to_string());
    desk.suite.cli_json(&["form", "put", "water", &form, "-o", "json"]).await;
    let catalogue =
        desk.file("catalogue.csv", "level1,level2,type,form\n公用事业,水表故障,complaint,water\n");
    desk.suite.cli_json(&["catalogue", "import", &catalogue, "-o", "json"]).await;
    let leaves = desk.suite.cli_json(&["catalogue", "list", "-o", "json"]).await;
    let leaf = items(&leaves).iter().find(|item| item["name"] == "水表故障").expect("the leaf");
    let item = text(&leaf["key"]);
    let mut tickets = Vec::new();
    for meter in ["meter=12345678", "meter=12349999", "meter=87654321"] {
        let words = ["--item", item, "--field", meter, "--body", "水表空转，请派人查看。"];
        tickets.push(desk.created("水表异常", &words).await);
    }
    eventually("they are found", || async {
        (found(desk, &["水表空转"]).await.len() == tickets.len()).then_some(())
    })
    .await;
    assert_eq!(found(desk, &["水表", "--field", "meter=12345678"]).await, tickets[..1]);
    let some = found(desk, &["水表", "--field", "meter=1234*"]).await;
    assert_eq!(BTreeSet::from_iter(&some), BTreeSet::from_iter(&tickets[..2]));
    assert_eq!(found(desk, &["水表", "--field", "meter=1234"]).await, [] as [&str; 0]);
    let refused = desk.refuses(AGENT, &["ticket", "search", "水表", "--field", "$meter=12345678"]).await;
    assert!(refused.contains("filter.fields[0].field: "), "{refused}");
}
