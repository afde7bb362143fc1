//! Who reports in confidence. Source: T36.

use crate::desk::{AGENT, AUDITOR, DISPATCHER, Desk, HANDLER, LEADER, OFFICE, items, picture, text};
use gongdan_e2e::{eventually::eventually, organisation::ENVIRONMENT};
use serde_json::{Value, json};

const PHONE: &str = "13988887777";
const NAME: &str = "欧阳明";
const IDENTITY: &str = "43010219900307123X";
const ADDRESS: &str = "黄埔大道西1号";
/// What the reporter is known by, also masked and in parts.
const SECRET: [&str; 7] = ["欧", PHONE, "139****7777", "*7777", IDENTITY, "123X", "黄埔大道"];

/// What somebody is printed, for people and for programs.
async fn told(desk: &Desk, who: &str, words: &[&str]) -> String {
    let for_programs = desk.does(who, words).await;
    format!("{}\n{for_programs}", desk.prints(who, words).await)
}

/// A file of tickets, as it is opened by whoever took it along.
async fn exported(desk: &Desk, who: &str) -> String {
    let file = desk.path(&format!("{who}.csv"));
    desk.does(who, &["ticket", "export", file.to_str().expect("a path"), "--lang", "zh"]).await;
    std::fs::read_to_string(&file).expect("the file")
}

/// The row of a ticket in a file, by its heads.
fn row(csv: &str, number: &str) -> Value {
    let mut reader = csv::Reader::from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
    let heads = reader.headers().expect("heads").clone();
    let mut rows = reader.records().map(|row| row.expect("a row"));
    let found = rows.find(|row| row.iter().any(|cell| cell == number)).expect("the ticket");
    heads.iter().zip(found.iter()).map(|(head, cell)| (head.to_owned(), json!(cell))).collect()
}

/// A report in confidence that the bureau works on: with what the reporter said of themselves everywhere, a file of theirs,
/// one of the desk's, and a second call. Its number.
async fn reported(desk: &Desk) -> String {
    let said = format!("夜间偷排。我是{NAME}，住{ADDRESS}，电话{PHONE}，证件{IDENTITY}。");
    let contact = ["--phone", PHONE, "--name", NAME, "--identity-number", IDENTITY, "--address", ADDRESS];
    let words = ["--confidential", "--type", "report", "--body", &said];
    let number = desk.created(&format!("{NAME}举报噪音"), &[&words[..], &contact].concat()).await;
    desk.at(&number, ENVIRONMENT).await;
    desk.does(HANDLER, &["ticket", "accept", &number]).await;
    let urged = format!("{NAME}又来电催办，电话{PHONE}");
    desk.does(AGENT, &["ticket", "urge", &number, "--note", &urged]).await;
    desk.does(AGENT, &["ticket", "note", &number, &format!("{NAME}愿意作证，住{ADDRESS}")]).await;
    let theirs = desk.file(&format!("{NAME}拍摄.png"), picture(100));
    desk.does(AGENT, &["ticket", "attach", &number, &theirs, "--from-reporter"]).await;
    let ours = desk.file(&format!("与{NAME}{PHONE}的通话.png"), picture(120));
    desk.does(AGENT, &["ticket", "attach", &number, &ours]).await;
    number
}

pub async fn t36_a_confidential_reporter_is_unknown_to_those_who_handle_it(desk: &Desk) {
    let number = reported(desk).await;
    let known = desk.ticket(AGENT, &number).await;
    let customer = text(&known["customer_id"]).to_owned();

    // Who handles, leads or supervises has the request and nothing of who made it, wherever they look.
    for words in [&["inbox"][..], &["ticket", "search", "偷排"]] {
        eventually(format!("the unit has it in {words:?}"), || async {
            desk.prints(HANDLER, words).await.contains(&number).then_some(())
        })
        .await;
    }
    let reads = [
        &["ticket", "get", &number][..],
        &["ticket", "list", "--ticket", &number],
        &["ticket", "timeline", &number],
        &["ticket", "attachments", &number],
        &["ticket", "notes", &number],
        &["ticket", "search", "偷排"],
        &["ticket", "similar", &number],
        &["queue", "region-open"],
        &["inbox"],
        &["route", "explain", &number],
        &["sla", "clocks", &number],
    ];
    for who in [HANDLER, LEADER, OFFICE] {
        for words in reads {
            let told = told(desk, who, words).await;
            for secret in SECRET.iter().copied().chain([&*customer]) {
                assert!(!told.contains(secret), "{who} is told {secret} by {words:?}: {told}");
            }
        }
        let ticket = desk.ticket(who, &number).await;
        assert_eq!((&ticket["confidential"], ticket.get("contact")), (&json!(true), None), "{who}: {ticket}");
        assert!(text(&ticket["body"]).starts_with("夜间偷排。我是***，住***，电话*"), "{who}: {ticket}");
        assert_eq!(text(&ticket["subject"]), "***举报噪音");
        let refused = desk.refuses(who, &["ticket", "get", &number, "--in-clear"]).await;
        assert!(refused.contains("PERMISSION_DENIED") && !refused.contains(PHONE), "{who}: {refused}");
    }
    let timeline = desk.prints(HANDLER, &["ticket", "timeline", &number]).await;
    let of = |act: &str| timeline.lines().filter(|line| line.contains(act)).collect::<Vec<_>>();
    assert!(of("催单")[0].contains("***又来电催办，电话*"), "{timeline}");
    assert!(of("备注")[0].contains("***愿意作证，住***"), "{timeline}");
    assert!(of("上传附件").len() == 2 && of("上传附件")[1].contains("与***"), "{timeline}");

    // Of what the reporter sent the unit knows that it is there; what the desk wrote of them has their name taken out.
    let files = desk.does(HANDLER, &["ticket", "attachments", &number]).await;
    let sent = |from_reporter: bool| {
        items(&files).iter().find(|file| file["from_reporter"] == from_reporter).expect("a file")
    };
    assert_eq!((text(&sent(true)["name"]), &sent(true)["size"]), ("", &json!(100)));
    assert!(text(&sent(false)["name"]).starts_with("与***"), "{files}");
    let to = desk.path("theirs.png");
    let fetch =
        ["ticket", "download", &number, text(&sent(true)["id"]), "--to", to.to_str().expect("a path")];
    let refused = desk.refuses(HANDLER, &fetch).await;
    assert!(refused.contains("REPORTER_CONFIDENTIAL") && !to.exists(), "{refused}");

    // Nor is it found by them, and a file of tickets has an empty place.
    for words in [["--phone", PHONE], ["--last-four", "7777"]] {
        let refused = desk.refuses(HANDLER, &[&["ticket", "search"], &words[..]].concat()).await;
        assert!(refused.contains("PERMISSION_DENIED"), "{refused}");
        let hits = desk.does(OFFICE, &[&["ticket", "search"], &words[..]].concat()).await;
        assert_eq!(hits, json!([]), "{words:?}");
        let found = desk.does(OFFICE, &[&["ticket", "lookup"], &words[..]].concat()).await;
        assert_eq!(found, json!([]), "{words:?}");
    }
    for name in [NAME, "欧阳", ADDRESS] {
        assert_eq!(desk.does(HANDLER, &["ticket", "search", name]).await, json!([]), "{name}");
    }
    let refused = desk.refuses(HANDLER, &["ticket", "lookup", "--customer", &customer]).await;
    assert!(refused.contains("PERMISSION_DENIED"), "{refused}");
    for who in [LEADER, OFFICE] {
        let file = exported(desk, who).await;
        let row = row(&file, &number);
        assert_eq!(
            (text(&row["联系人"]), text(&row["联系电话"]), text(&row["保密"])),
            ("", "", "是"),
            "{who}"
        );
        assert_eq!(text(&row["主题"]), "***举报噪音", "{who}");
        for secret in SECRET {
            assert!(!file.contains(secret), "{who} takes {secret} along");
        }
    }

    // The desk knows: masked, with the names of files; in clear with that right, when it asks for it.
    assert_eq!(known["contact"], json!({ "phone": "139****7777", "name": "欧*" }));
    let screen = desk.prints(AGENT, &["ticket", "get", &number]).await;
    assert!(screen.contains("欧* 139****7777") && screen.contains("举报人保密"), "{screen}");
    let files = desk.prints(AGENT, &["ticket", "attachments", &number]).await;
    assert!(files.contains("欧阳明拍摄.png") && files.contains("与欧阳明139****7777的通话.png"), "{files}");
    desk.does(AGENT, &fetch).await;
    assert_eq!(std::fs::read(&to).expect("the file"), picture(100));
    let timeline = desk.prints(AGENT, &["ticket", "timeline", &number]).await;
    assert!(timeline.contains("欧阳明又来电催办，电话139****7777"), "{timeline}");
    assert!(timeline.contains("欧阳明拍摄.png"), "{timeline}");
    assert_eq!(
        desk.does(AGENT, &["ticket", "search", "--phone", PHONE]).await[0]["ticket"]["number"],
        *number
    );
    let row = row(&exported(desk, DISPATCHER).await, &number);
    assert_eq!((text(&row["联系人"]), text(&row["联系电话"])), ("欧*", "139****7777"));
    let clear = desk.does(AUDITOR, &["ticket", "get", &number, "--in-clear"]).await;
    let contact = &clear["contact_in_clear"];
    assert_eq!((text(&contact["phone"]), text(&contact["name"])), ("+8613988887777", NAME));
    assert_eq!((text(&contact["identity_number"]), text(&contact["address"])), (IDENTITY, ADDRESS));
    assert!(text(&clear["body"]).contains(IDENTITY), "{clear}");
}
