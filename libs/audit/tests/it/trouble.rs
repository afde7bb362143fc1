//! The database cannot be written to for a while.

use crate::suite::{Suite, quick};
use gongdan_audit::AuditConfig;
use gongdan_proto::common::v1::AuditFilter;
use gongdan_testkit::eventually;
use std::time::Duration;
use tonic::Code;

async fn break_writes(suite: &Suite) {
    sqlx::query("ALTER FUNCTION audit.append RENAME TO append_away").execute(suite.pool()).await.unwrap();
}

async fn mend_writes(suite: &Suite) {
    sqlx::query("ALTER FUNCTION audit.append_away RENAME TO append").execute(suite.pool()).await.unwrap();
}

#[tokio::test]
async fn entries_wait_and_come_once_each() {
    let suite = Suite::start().await;
    let before = suite.quiet().await;
    break_writes(&suite).await;
    for _ in 0..10 {
        suite.list("admin").await.unwrap();
    }
    assert_eq!(suite.head().await, before);
    mend_writes(&suite).await;
    eventually("they are written", async || suite.head().await == before + 10).await;
    let last = suite.quiet().await;
    assert_eq!(last, before + 10);
    let ids: i64 = sqlx::query_scalar("SELECT count(DISTINCT id) FROM audit.entries")
        .fetch_one(suite.pool())
        .await
        .unwrap();
    assert_eq!(ids, last);
    assert_eq!(suite.verify(0, last).await.broken, None);
}

#[tokio::test]
async fn a_write_whose_success_nobody_heard_of_is_not_repeated() {
    let suite = Suite::start().await;
    let before = suite.quiet().await;
    // Once the answer is lost after the commit, as with a connection that breaks then.
    sqlx::raw_sql(
        "ALTER FUNCTION audit.append RENAME TO append_well;
         CREATE SEQUENCE lost;
         CREATE FUNCTION audit.append(batch jsonb, digests bytea[], OUT last_number bigint, OUT last_hash bytea)
         LANGUAGE plpgsql AS $$
         BEGIN
             SELECT * INTO last_number, last_hash FROM audit.append_well(batch, digests);
             IF nextval('lost') = 1 THEN last_number := NULL; END IF;
         END $$;",
    )
    .execute(suite.pool())
    .await
    .unwrap();
    suite.list("admin").await.unwrap();
    eventually("it is written", async || suite.head().await > before).await;
    suite.list("admin").await.unwrap();
    eventually("the next is written", async || suite.head().await >= before + 2).await;
    assert_eq!(suite.quiet().await, before + 2);
}

#[tokio::test]
async fn calls_wait_when_the_queue_is_full_and_none_is_lost() {
    let config = AuditConfig { queue: 2, ..quick() };
    let suite = Suite::start_with(config).await;
    let before = suite.quiet().await;
    break_writes(&suite).await;
    // One batch is being tried and two more entries wait; the next call waits before it is served.
    let mut answered = 0;
    loop {
        let call = tokio::time::timeout(Duration::from_secs(3), suite.list("admin"));
        match call.await {
            Ok(done) => done.unwrap(),
            Err(_) => break,
        };
        answered += 1;
        assert!(answered <= 10, "nothing waits");
    }
    assert!(answered >= 2, "{answered} were answered");
    mend_writes(&suite).await;
    // The caller that did not wait any longer was there too.
    eventually("all are written", async || suite.head().await == before + answered + 1).await;
    let cancelled = AuditFilter { codes: vec![Code::Cancelled.into()], ..Default::default() };
    assert_eq!(suite.find(cancelled).await.len(), 1);
}
