//! The timeline and its chain. Source: T26.

use crate::desk::{AGENT, AUDITOR, Desk, HANDLER, items, text};
use gongdan_e2e::organisation::{ENVIRONMENT, STREET_OFFICE};
use gongdan_proto::tickets::v1::TicketEvent;
use prost::Message as _;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

/// A row of the log, as somebody with access to the database changes it.
struct Log {
    pool: PgPool,
    ticket: Uuid,
}

impl Log {
    async fn payload(&self, version: i64) -> Vec<u8> {
        sqlx::query_scalar("SELECT payload FROM events WHERE aggregate_id = $1 AND version = $2")
            .bind(self.ticket)
            .bind(version)
            .fetch_one(&self.pool)
            .await
            .expect("the event is there")
    }

    async fn write(&self, version: i64, payload: &[u8]) {
        let update = "UPDATE events SET payload = $3 WHERE aggregate_id = $1 AND version = $2";
        let update = sqlx::query(update).bind(self.ticket).bind(version).bind(payload);
        assert_eq!(update.execute(&self.pool).await.expect("it is written").rows_affected(), 1);
    }

    async fn run(&self, statement: &'static str) {
        let done = sqlx::query(statement).bind(self.ticket).execute(&self.pool).await.expect("it is done");
        assert_eq!(done.rows_affected(), 1, "{statement}");
    }
}

/// What the client says of a timeline that does not hold, and ends badly after it.
async fn broken(desk: &Desk, number: &str) -> Value {
    let output = desk.suite.cli(&["ticket", "verify", number, "--as", AUDITOR, "-o", "json"]).await;
    assert!(!output.status.success(), "{number} holds");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Submitted, dispatched, accepted, urged, returned, dispatched to another, accepted by that.
async fn lived(desk: &Desk) -> String {
    let number = desk.accepted(&["--phone", "13900139026", "--name", "周八"]).await;
    desk.does(AGENT, &["ticket", "urge", &number, "--note", "昨晚又施工，回电13900139026"]).await;
    desk.does(HANDLER, &["ticket", "return", &number, "--reason", "不属于本单位职责"]).await;
    desk.at(&number, STREET_OFFICE).await;
    desk.does("wang.fang", &["ticket", "accept", &number]).await;
    number
}

pub async fn t26_a_timeline_is_shown_and_its_first_broken_link_is_named(desk: &Desk) {
    let (number, other) = (lived(desk).await, lived(desk).await);

    // Who, when, from, to and why, oldest first.
    let entries = desk.does(AUDITOR, &["ticket", "timeline", &number]).await;
    let acts = ["submitted", "dispatched", "accepted", "urged", "returned", "dispatched", "accepted"];
    assert_eq!(items(&entries).len(), acts.len(), "{entries}");
    let mut before = String::new();
    for ((at, act), entry) in (1..).zip(acts).zip(items(&entries)) {
        assert!(entry[act].is_object() && entry["version"] == at, "{act}: {entry}");
        assert!(before.as_str() <= text(&entry["occurred_at"]), "{act}: {entry}");
        text(&entry["occurred_at"]).clone_into(&mut before);
        assert_eq!(text(&entry["chain"]).len(), 64, "{act}: {entry}");
    }
    let table = desk.prints(AUDITOR, &["ticket", "timeline", &number]).await;
    let rows: Vec<Vec<&str>> = table.lines().skip(2).map(|line| line.split_whitespace().collect()).collect();
    let told: [&[&str]; 7] = [
        &["提交", "赵敏", "待派单", "工地噪音"],
        &["派单", "service.routing", "待派单", "已派单", ENVIRONMENT],
        &["接单", "李伟", "已派单", "处理中"],
        &["催单", "赵敏", "处理中", "处理中", "昨晚又施工，回电139****9026"],
        &["退单", "李伟", "处理中", "待派单", "tianhe-env:", "不属于本单位职责"],
        &["派单", "service.routing", "待派单", "已派单", STREET_OFFICE],
        &["接单", "王芳", "已派单", "处理中"],
    ];
    assert_eq!(rows.len(), told.len(), "{table}");
    for (row, told) in rows.iter().zip(told) {
        // Number, day and time come first.
        assert_eq!(row[3..], *told, "{table}");
    }

    // It holds, and so does a link that somebody kept.
    let whole = desk.does(AUDITOR, &["ticket", "verify", &number]).await;
    let counts = [&whole["events"], &whole["chained_from"], &whole["version"], &whole["broken"]];
    assert_eq!(counts, [&json!(7), &json!(1), &json!(7), &Value::Null]);
    assert_eq!(whole["link"], items(&entries)[6]["chain"], "the last link is that of the last entry");
    assert!(desk.prints(HANDLER, &["ticket", "verify", &number]).await.contains("完整"));
    let kept = format!("4:{}", text(&items(&entries)[3]["chain"]));
    assert!(desk.prints(AUDITOR, &["ticket", "verify", &number, "--expect", &kept]).await.contains("完整"));
    let wrong = format!("4:{}", text(&items(&entries)[4]["chain"]));
    let said = desk.refuses(AUDITOR, &["ticket", "verify", &number, "--expect", &wrong]).await;
    assert!(said.contains("4 与已知哈希不符"), "{said}");

    // Two are changed in the database: another is said to have done one, another day is put on the other.
    let id = text(&desk.ticket(AUDITOR, &number).await["id"]).parse().expect("an id");
    let log = Log { pool: desk.suite.database("tickets").await, ticket: id };
    let honest = log.payload(3).await;
    let mut event = TicketEvent::decode(honest.as_slice()).expect("an event");
    event.actor.as_mut().expect("who did it").id = "wang.fang".to_owned();
    log.write(3, &event.encode_to_vec()).await;
    log.run("UPDATE events SET occurred_at = occurred_at - interval '1 day' WHERE aggregate_id = $1 AND version = 5").await;
    let found = broken(desk, &number).await;
    assert_eq!(found["broken"], json!({ "version": 3, "reason": "BROKEN_LINK_REASON_CHANGED" }), "the first");
    assert_eq!(found["version"], 2, "what holds ends before it");
    let said = desk.refuses(AUDITOR, &["ticket", "verify", &number]).await;
    assert!(said.contains("流转信息链已断裂: 3 被改动"), "{said}");

    // With that one put right the next is the first; with both it holds as it did.
    log.write(3, &honest).await;
    let said = desk.refuses(AUDITOR, &["ticket", "verify", &number]).await;
    assert!(said.contains("5 与所在行不符"), "{said}");
    log.run("UPDATE events SET occurred_at = occurred_at + interval '1 day' WHERE aggregate_id = $1 AND version = 5").await;
    assert_eq!(desk.does(AUDITOR, &["ticket", "verify", &number]).await, whole);

    // One that is taken out is missed, the newest too; other timelines are what they were.
    log.run("DELETE FROM events WHERE aggregate_id = $1 AND version = 7").await;
    let found = broken(desk, &number).await;
    assert_eq!(found["broken"], json!({ "version": 7, "reason": "BROKEN_LINK_REASON_GAP" }));
    log.run("DELETE FROM events WHERE aggregate_id = $1 AND version = 2").await;
    let said = desk.refuses(AUDITOR, &["ticket", "verify", &number]).await;
    assert!(said.contains("2 缺失或重复"), "{said}");
    assert!(desk.prints(AUDITOR, &["ticket", "verify", &other]).await.contains("完整"));
}
