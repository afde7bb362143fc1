//! Requests of the past: recorded once, whatever happens in between, and counted as the file says.

use futures::{StreamExt, stream};
use gongdan_e2e::{
    desk::Desk,
    eventually::eventually,
    past::{self, Month},
    suite::Suite,
};
use gongdan_proto::{
    callback::v1::TaskState,
    sla::v1::ClockKind,
    tickets::v1::{ListTicketsRequest, Phase, Ticket},
};
use std::{collections::BTreeMap, path::Path};

const REGION: [&str; 2] = ["--region", "430100"];

async fn import(suite: &Suite, file: &Path) -> serde_json::Value {
    let file = file.to_str().expect("a path");
    suite.cli_json(&["import", "messages", file, REGION[0], REGION[1], "-o", "json"]).await
}

async fn months(suite: &Suite) -> BTreeMap<String, Month> {
    let rows = suite.cli_json(&["report", "--by", "month", "-o", "json"]).await;
    let rows = rows.as_array().expect("rows");
    let number =
        |row: &serde_json::Value, key: &str| row[key].as_u64().unwrap_or_else(|| panic!("{key} in {row}"));
    rows.iter()
        .map(|row| {
            let month = row["month"].as_str().expect("a month").to_owned();
            let [received, resolved, on_time] =
                ["received", "resolved", "on_time"].map(|key| number(row, key));
            (month, Month { received, resolved, on_time })
        })
        .collect()
}

async fn recorded(suite: &Suite) -> i64 {
    let tickets = suite.database("tickets").await;
    sqlx::query_scalar("SELECT count(*) FROM tickets").fetch_one(&tickets).await.expect("tickets are counted")
}

async fn all_tickets(desk: &mut Desk) -> Vec<Ticket> {
    let mut tickets = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListTicketsRequest { filter: None, page_size: 500, page_token };
        let page = desk.tickets.list_tickets(request).await.expect("tickets are listed").into_inner();
        tickets.extend(page.tickets);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return tickets;
        }
    }
}

/// Consumers, the database each works in, and whose events it hears.
const CONSUMERS: [(&str, &str, &str); 9] = [
    ("routing-tickets", "routing", "tickets"),
    ("sla-tickets", "sla", "tickets"),
    ("callback-tickets", "callback", "tickets"),
    ("notifications-tickets", "notifications", "tickets"),
    ("reporting-tickets", "reporting", "tickets"),
    ("reporting-sla", "reporting", "sla"),
    ("notifications-sla", "notifications", "sla"),
    ("reporting-callback", "reporting", "callback"),
    ("tickets-callback", "tickets", "callback"),
];

async fn versions(pool: &sqlx::PgPool, query: &'static str) -> Option<BTreeMap<uuid::Uuid, i64>> {
    let rows: Vec<(uuid::Uuid, i64)> = sqlx::query_as(query).fetch_all(pool).await.ok()?;
    Some(rows.into_iter().collect())
}

/// Waits until each consumer has the last version of everything it hears of; then nothing is parked, dead or logged
/// twice.
async fn all_is_heard(suite: &Suite) {
    for (consumer, service, owner) in CONSUMERS {
        let (mine, owners) = (suite.database(service).await, suite.database(owner).await);
        eventually(&format!("{consumer} has heard everything"), || async {
            let last = versions(&owners, "SELECT aggregate_id, max(version) FROM events GROUP BY 1").await?;
            let rows: Vec<(uuid::Uuid, i64)> =
                sqlx::query_as("SELECT aggregate_id, version FROM inbox_versions WHERE consumer = $1")
                    .bind(consumer)
                    .fetch_all(&mine)
                    .await
                    .ok()?;
            (last == rows.into_iter().collect()).then_some(())
        })
        .await;
        let left: i64 = sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM inbox_parked WHERE consumer = $1)
                  + (SELECT count(*) FROM inbox_dead WHERE consumer = $1)",
        )
        .bind(consumer)
        .fetch_one(&mine)
        .await
        .expect("counted");
        assert_eq!(left, 0, "{consumer} has parked or dead events");
        let twice: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM (SELECT 1 FROM events GROUP BY aggregate_id, version HAVING count(*) > 1) AS t",
        )
        .fetch_one(&owners)
        .await
        .expect("counted");
        assert_eq!(twice, 0, "{owner} has a version twice");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_import_is_finished_by_the_next_and_counts_what_the_file_says() {
    let mut suite = Suite::start().await;
    let directory = tempfile::tempdir().expect("a directory");
    let file = past::messages_with_replies(directory.path());
    let rows = past::rows(&file);
    let expected = past::by_month(&rows);

    // The power goes in the middle.
    let path = file.to_str().expect("a path");
    let mut first = suite
        .command(&["import", "messages", path, REGION[0], REGION[1]])
        .spawn()
        .expect("the import starts");
    eventually("a part is recorded", || async { Some(recorded(&suite).await).filter(|count| *count >= 200) })
        .await;
    suite.power_cut().await;
    assert!(!first.wait().await.expect("the import ends").success(), "an import that lost its suite says so");
    suite.start_again().await;
    let before = recorded(&suite).await;
    assert!(before < rows.len() as i64, "the kill came in the middle");

    // The second run does the rest, the third nothing.
    let second = import(&suite, &file).await;
    assert_eq!(
        (second["imported"].as_i64(), second["failed"].as_i64()),
        (Some(rows.len() as i64 - before), Some(0))
    );
    let third = import(&suite, &file).await;
    assert_eq!(
        (third["imported"].as_i64(), third["already_there"].as_i64()),
        (Some(0), Some(rows.len() as i64))
    );

    // Month by month, received, resolved and on time are what a count of the file says.
    let totals = eventually("the report has counted the file", || {
        let (suite, expected) = (&suite, &expected);
        async move { Some(months(suite).await).filter(|months| months == expected) }
    })
    .await;
    assert_eq!(totals.values().map(|month| month.received).sum::<u64>(), rows.len() as u64);
    all_is_heard(&suite).await;
    assert_eq!(months(&suite).await, expected, "what came late changed nothing");

    // Each has its timeline, its clocks and its historical callback task.
    let mut desk = Desk::open(&suite).await;
    let tickets = all_tickets(&mut desk).await;
    assert_eq!(tickets.len(), rows.len());
    stream::iter(tickets)
        .for_each_concurrent(8, |ticket| {
            let mut desk = desk.clone();
            async move {
                assert_eq!(ticket.phase(), Phase::Closed);
                let timeline = desk.timeline(&ticket).await;
                let versions: Vec<_> = timeline.iter().map(|entry| entry.version).collect();
                assert_eq!(versions, (1..=ticket.version).collect::<Vec<_>>(), "{}", ticket.number);
                let clocks = desk.clocks(&ticket).await;
                assert_eq!(clocks.iter().filter(|clock| clock.kind() == ClockKind::Handling).count(), 1);
                let tasks = desk.tasks(&ticket).await;
                assert!(tasks.len() == 1 && tasks[0].state() == TaskState::Historical, "{}", ticket.number);
            }
        })
        .await;

    // Rebuilt from the owners' logs, the report says the same.
    let rebuilt = suite.cli(&["report", "rebuild"]).await;
    assert!(rebuilt.status.success(), "{}", String::from_utf8_lossy(&rebuilt.stderr));
    assert_eq!(months(&suite).await, totals);

    // Nobody was told of the past.
    let deliveries = suite.database("notifications").await;
    let told: i64 =
        sqlx::query_scalar("SELECT count(*) FROM deliveries").fetch_one(&deliveries).await.expect("counted");
    assert_eq!(told, 0);
}

#[tokio::test]
async fn bad_rows_are_named_by_line_and_field_and_the_good_ones_recorded() {
    let suite = Suite::start().await;
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("bad.csv");
    let mut text = b"message_no,citizen,subject,received_at,body,reply,replied_at\n".to_vec();
    text.extend_from_slice(
        "1,C1,好的,2019-04-25T09:32:09+08:00,正文,回复,2019-05-10T14:56:53+08:00\n".as_bytes(),
    );
    text.extend_from_slice(
        "2,C1,回复在前,2019-04-25T09:32:09+08:00,正文,回复,2019-04-24T14:56:53+08:00\n".as_bytes(),
    );
    text.extend_from_slice(
        "3,C1,将来,2999-04-25T09:32:09+08:00,正文,回复,2999-05-24T14:56:53+08:00\n".as_bytes(),
    );
    text.extend_from_slice(
        "4,C1,,2019-04-25T09:32:09+08:00,没有标题,回复,2019-05-10T14:56:53+08:00\n".as_bytes(),
    );
    text.extend_from_slice(b"5,C1,\xff\xfe,2019-04-25T09:32:09+08:00,x,y,2019-05-10T14:56:53+08:00\n");
    text.extend_from_slice("6,C1,时间不对,昨天,正文,回复,2019-05-10T14:56:53+08:00\n".as_bytes());
    text.extend_from_slice(
        "7,C2,也好,2019-04-25T09:32:09+08:00,正文,回复,2019-05-10T14:56:53+08:00\n".as_bytes(),
    );
    std::fs::write(&file, text).expect("the file is written");
    let path = file.to_str().expect("a path");
    let output = suite.cli(&["import", "messages", path, REGION[0], REGION[1], "-o", "json"]).await;
    assert!(!output.status.success(), "rows failed");
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let errors = said["errors"].as_array().expect("errors");
    let named: Vec<_> =
        errors.iter().map(|e| (e["line"].as_u64().unwrap_or(0), e["field"].as_str().unwrap_or(""))).collect();
    let expected = [
        (3, "replied_at"),
        (4, "received_at"),
        (4, "replied_at"),
        (5, "subject"),
        (6, "subject"),
        (7, "received_at"),
    ];
    assert_eq!(named, expected, "{said}");
    assert_eq!(errors[4]["rule"], "is not UTF-8");
    assert_eq!(recorded(&suite).await, 2);
    // The import ended when they were counted.
    let months = months(&suite).await;
    let sums = months.values().fold((0, 0), |(r, s), month| (r + month.received, s + month.resolved));
    assert_eq!(sums, (2, 2));
    let unknown = suite.cli(&["import", "messages", path, "--region", "990000"]).await;
    assert!(!unknown.status.success());
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("region"));
}
