//! Work queues and exports. Source: T27.

use crate::desk::{AGENT, AUDITOR, DISPATCHER, Desk, HANDLER, LEADER, OFFICE, items, text};
use calamine::{Data, Reader as _, Xlsx, open_workbook};
use gongdan_e2e::{
    eventually::eventually,
    organisation::{COUNTY, ENVIRONMENT, STREET_OFFICE},
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

const QUEUES: [&str; 12] = [
    "group",
    "my-todo",
    "my-done",
    "tracked",
    "region-open",
    "history",
    "drafts",
    "returned",
    "extensions",
    "overdue",
    "quality-errors",
    "assisting",
];
const EVERYBODY: [&str; 7] = [AGENT, DISPATCHER, HANDLER, LEADER, AUDITOR, OFFICE, "wang.fang"];

/// How many stand in each queue of somebody, as the client says it; empty ones left out.
async fn counts(desk: &Desk, who: &str) -> BTreeMap<String, i64> {
    let counted = desk.does(who, &["queue"]).await;
    let counted = items(&counted["counts"]);
    assert_eq!(counted.len(), QUEUES.len());
    let name = |queue: &str| queue.trim_start_matches("QUEUE_").to_lowercase().replace('_', "-");
    let each = counted.iter().map(|c| (name(text(&c["queue"])), c["tickets"].as_i64().expect("a number")));
    each.filter(|(_, tickets)| *tickets != 0).collect()
}

/// What stands in a queue of somebody.
async fn shown(desk: &Desk, who: &str, queue: &str) -> Vec<String> {
    let tickets = desk.does(who, &["queue", queue]).await;
    items(&tickets).iter().map(|ticket| text(&ticket["number"]).to_owned()).collect()
}

/// What is counted is what is shown, for everybody in every queue.
async fn counts_are_what_is_shown(desk: &Desk) {
    for who in EVERYBODY {
        let counts = counts(desk, who).await;
        for queue in QUEUES {
            let shown = shown(desk, who, queue).await.len();
            let counted = counts.get(queue).copied().unwrap_or_default();
            assert_eq!(i64::try_from(shown).expect("a number"), counted, "{who} {queue}");
        }
    }
}

pub async fn each_queue_shows_and_counts_what_stands_in_it(desk: &Desk) {
    // A count is right as soon as the act is answered.
    assert!(counts(desk, AGENT).await.is_empty() && counts(desk, HANDLER).await.is_empty());
    let words =
        ["ticket", "create", "--draft", "--type", "complaint", "--subject", "未核实", "--body", "待补充"];
    let draft = desk.does(AGENT, &[&words[..], &["--region", COUNTY]].concat()).await;
    let draft = text(&draft["number"]).to_owned();
    assert_eq!(counts(desk, AGENT).await, BTreeMap::from([("drafts".to_owned(), 1)]));
    assert_eq!(shown(desk, AGENT, "drafts").await, [draft.as_str()]);

    let at_unit = desk.created("夜间噪音", &[]).await;
    desk.at(&at_unit, ENVIRONMENT).await;
    let with_unit_and_in_area = [("group".to_owned(), 1), ("region-open".to_owned(), 1)];
    assert_eq!(counts(desk, HANDLER).await, BTreeMap::from(with_unit_and_in_area));
    let on_hand = desk.accepted(&[]).await;
    assert_eq!(shown(desk, HANDLER, "my-todo").await, [on_hand.as_str()]);
    assert_eq!(shown(desk, HANDLER, "group").await, [on_hand.as_str(), at_unit.as_str()]);
    desk.does(HANDLER, &["ticket", "track", &on_hand, "--note", "看结果"]).await;
    assert_eq!(shown(desk, HANDLER, "tracked").await, [on_hand.as_str()]);
    assert_eq!(counts(desk, HANDLER).await.get("tracked"), Some(&1));

    // Who can be called back is: it is not over yet.
    let done = desk.accepted(&["--phone", "+86 138 0013 8000"]).await;
    assert_eq!(counts(desk, HANDLER).await.get("my-todo"), Some(&2));
    let texts = ["--outcome", "solved", "--solution", "责令停工", "--reply", "已责令停工。"];
    desk.does(HANDLER, &[&["ticket", "resolve", &done][..], &texts].concat()).await;
    assert_eq!(counts(desk, HANDLER).await.get("my-todo"), Some(&1));
    assert_eq!(shown(desk, HANDLER, "my-done").await, [done.as_str()]);
    let mark = ["ticket", "quality", "mark", &done, "--kind", "wrong-category", "--note", "应为建设类"];
    let marked = desk.does(AUDITOR, &mark).await;
    assert_eq!(shown(desk, AUDITOR, "quality-errors").await, [done.as_str()]);

    let over = desk.created("误报噪音", &[]).await;
    desk.at(&over, ENVIRONMENT).await;
    desk.does(AGENT, &["ticket", "cancel", &over, "--reason", "误报"]).await;
    assert_eq!(shown(desk, DISPATCHER, "history").await, [over.as_str()]);

    // Returned once it goes to the next unit; returned again it waits for a dispatcher.
    let back = desk.accepted(&[]).await;
    desk.does(HANDLER, &["ticket", "return", &back, "--reason", "不属于本单位"]).await;
    desk.at(&back, STREET_OFFICE).await;
    desk.does("wang.fang", &["ticket", "return", &back, "--reason", "属生态环境部门"]).await;
    assert_eq!(shown(desk, DISPATCHER, "returned").await, [back.as_str()]);

    // A later deadline is asked for, and stands with whoever decides.
    let ask = ["ticket", "extend", "request", &on_hand, "--reason", "需连续监测", "--until"];
    let due: Timestamp = eventually("sla has said when it is due", || async {
        desk.ticket(HANDLER, &on_hand).await["due_at"].as_str().and_then(|due| due.parse().ok())
    })
    .await;
    let until = (due + SignedDuration::from_hours(72)).to_string();
    desk.does(HANDLER, &[&ask[..], &[until.as_str()]].concat()).await;
    assert_eq!(shown(desk, LEADER, "extensions").await, [on_hand.as_str()]);

    // Help that is owed stands with the unit that owes it, whoever has the ticket.
    let help =
        ["ticket", "assist", "request", &on_hand, "--unit", STREET_OFFICE, "--request", "请提供施工许可情况"];
    desk.does(HANDLER, &help).await;
    assert_eq!(shown(desk, "wang.fang", "assisting").await, [on_hand.as_str()]);
    assert_eq!(counts(desk, "wang.fang").await.get("assisting"), Some(&1));

    // Received long ago: beyond its time as soon as its clocks are known.
    let old = desk.created("旧噪音", &["--received-at", "2026-01-05T09:00"]).await;
    eventually("it is overdue", || async {
        (shown(desk, DISPATCHER, "overdue").await == [old.as_str()]).then_some(())
    })
    .await;
    let table = desk.prints(DISPATCHER, &["queue", "overdue"]).await;
    assert!(table.contains(&old) && table.contains("旧噪音"), "{table}");

    let open = shown(desk, DISPATCHER, "region-open").await;
    assert_eq!(open, [&back, &on_hand, &at_unit, &old].map(String::as_str), "newest received first");
    let by_due = desk.does(DISPATCHER, &["queue", "region-open", "--order", "due", "--limit", "1"]).await;
    assert_eq!(text(&items(&by_due)[0]["number"]), old, "the one that is due first");
    let narrow = desk.does(DISPATCHER, &["queue", "region-open", "--phase", "in-progress"]).await;
    assert_eq!(text(&items(&narrow)[0]["number"]), on_hand);
    counts_are_what_is_shown(desk).await;
    let table = desk.prints(DISPATCHER, &["queue"]).await;
    for name in ["本组处理", "个人待办", "个人已办", "跟踪工单", "本地网工单", "历史工单", "存盘", "退单"]
    {
        assert!(table.contains(name), "{name}: {table}");
    }

    // Each leaves its queue by the act that ends it.
    let error = text(&marked["quality_errors"][0]["id"]);
    desk.does(AUDITOR, &["ticket", "quality", "withdraw", &done, "--error", error, "--reason", "看错了"])
        .await;
    assert_eq!(counts(desk, AUDITOR).await.get("quality-errors"), None);
    desk.does(LEADER, &["ticket", "extend", "reject", &on_hand, "--reason", "抓紧"]).await;
    assert_eq!(counts(desk, LEADER).await.get("extensions"), None);
    desk.does(DISPATCHER, &["ticket", "dispatch", &back, "--unit", STREET_OFFICE]).await;
    assert_eq!(counts(desk, DISPATCHER).await.get("returned"), None);
    desk.does("wang.fang", &["ticket", "assist", "reply", &on_hand, "--reply", "未取得许可"]).await;
    assert_eq!(counts(desk, "wang.fang").await.get("assisting"), None);
    desk.does(HANDLER, &["ticket", "untrack", &on_hand]).await;
    assert_eq!(counts(desk, HANDLER).await.get("tracked"), None);
    desk.does(AGENT, &["ticket", "discard", &draft]).await;
    assert_eq!(counts(desk, AGENT).await.get("drafts"), None);
    counts_are_what_is_shown(desk).await;
    let refused = desk.refuses(HANDLER, &["queue", "nothing"]).await;
    assert!(refused.contains("my-todo") && refused.contains("quality-errors"), "{refused}");
}

pub async fn a_queue_is_taken_along_as_csv_and_xlsx(desk: &Desk) {
    let formula = desk.created("=HYPERLINK(\"x\") 噪音", &["--phone", "13800001234", "--name", "张三"]).await;
    desk.at(&formula, ENVIRONMENT).await;
    let open = shown(desk, DISPATCHER, "region-open").await;
    let csv = desk.path("队列.csv");
    let csv_name = csv.to_str().expect("a path");
    let words = ["ticket", "export", csv_name, "--queue", "region-open", "--lang", "zh"];
    let said = desk.does(DISPATCHER, &words).await;
    assert_eq!(said["tickets"], open.len());
    let bytes = std::fs::read(&csv).expect("the file");
    let text = String::from_utf8(bytes).expect("UTF-8");
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let heads = reader.headers().expect("heads").clone();
    let column = |name: &str| heads.iter().position(|head| head == name).expect("a column");
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    let column_of = |name: &str| rows.iter().map(|row| row[column(name)].to_owned()).collect::<Vec<_>>();
    assert_eq!(column_of("工单编号"), open);
    assert!(column_of("主题").contains(&"'=HYPERLINK(\"x\") 噪音".to_owned()), "no formula");
    assert!(column_of("联系电话").contains(&"138****1234".to_owned()) && !text.contains("13800001234"));

    // An existing file is not written over; what is neither is refused; who may not has no file.
    assert!(desk.refuses(DISPATCHER, &words[..5]).await.contains("队列.csv"));
    let odd = desk.path("队列.txt");
    let refused = desk.refuses(DISPATCHER, &["ticket", "export", odd.to_str().expect("a path")]).await;
    assert!(refused.contains(".csv") && refused.contains(".xlsx"), "{refused}");
    let theirs = desk.path("不许.csv");
    let refused = desk.refuses(HANDLER, &["ticket", "export", theirs.to_str().expect("a path")]).await;
    assert!(refused.contains("PERMISSION_DENIED") && !theirs.exists(), "{refused}");

    // The same as a spreadsheet, in English, narrowed by a filter.
    let xlsx = desk.path("all.xlsx");
    let xlsx_name = xlsx.to_str().expect("a path");
    let words =
        ["ticket", "export", xlsx_name, "--queue", "region-open", "--phase", "in-progress", "--lang", "en"];
    let said = desk.does(DISPATCHER, &words).await;
    let mut book: Xlsx<_> = open_workbook(&xlsx).expect("a spreadsheet");
    let sheet = book.sheet_names().first().cloned().expect("a sheet");
    let range = book.worksheet_range(&sheet).expect("its cells");
    let rows: Vec<&[Data]> = range.rows().collect();
    assert_eq!(
        rows.len(),
        1 + usize::try_from(said["tickets"].as_i64().expect("a number")).expect("a number")
    );
    let column = |name: &str| {
        rows[0].iter().position(|head| head.to_string().eq_ignore_ascii_case(name)).expect("a column")
    };
    let narrow = desk.does(DISPATCHER, &["queue", "region-open", "--phase", "in-progress"]).await;
    let numbers: Vec<&str> = items(&narrow).iter().map(|t| crate::desk::text(&t["number"])).collect();
    let found: Vec<String> = rows[1..].iter().map(|row| row[column("number")].to_string()).collect();
    assert_eq!(found, numbers);
    assert!(matches!(rows[1][column("received at")], Data::DateTime(_)), "{:?}", rows[1]);
}
