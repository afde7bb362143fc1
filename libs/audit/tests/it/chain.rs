//! The chain shows what was done to the log.

use crate::suite::Suite;
use gongdan_audit::{GENESIS, digest, link};
use gongdan_proto::{
    common::v1::{AuditBreakKind, ExportAuditEntriesRequest, ListAuditEntriesRequest},
    from_timestamp,
};
use gongdan_testkit::eventually;
use tokio_stream::StreamExt as _;

async fn breaks(suite: &Suite) -> Option<(i64, AuditBreakKind)> {
    suite.verify(0, 0).await.broken.map(|broken| (broken.number, broken.kind()))
}

#[tokio::test]
async fn an_untouched_chain_holds_and_anybody_can_compute_it() {
    let suite = Suite::start().await;
    let last = suite.filled(12).await;
    let answer = suite.verify(0, last).await;
    assert_eq!((answer.broken, answer.checked, answer.number), (None, last, last));
    let answer = suite.verify(5, 9).await;
    assert_eq!((answer.broken, answer.checked, answer.number), (None, 5, 9));

    let request = ExportAuditEntriesRequest::default();
    let mut stream = suite.client("admin").export_audit_entries(request).await.unwrap().into_inner();
    let mut exported = Vec::new();
    while let Some(answer) = stream.next().await {
        exported.push(answer.unwrap().entry.unwrap());
    }
    exported.sort_by_key(|entry| entry.number);
    let mut hash = GENESIS;
    for (n, entry) in exported.iter().enumerate() {
        assert_eq!(entry.number, i64::try_from(n).unwrap() + 1);
        let recorded_at = from_timestamp(entry.recorded_at.as_ref().unwrap()).unwrap();
        hash = link(&hash, entry.number, recorded_at, &digest(entry.entry.as_ref().unwrap()));
        assert_eq!(entry.hash, hash, "entry {}", entry.number);
    }
    assert!(exported.len() >= 12);
}

#[tokio::test]
async fn each_column_that_is_changed_is_named() {
    let suite = Suite::start().await;
    let last = suite.filled(20).await;
    assert_eq!(breaks(&suite).await, None);
    // From the end to the beginning, since the first broken entry is the one that is named.
    for (back, sql) in [
        "UPDATE audit.entries SET principal_id = 'somebody.else' WHERE number = $1",
        "UPDATE audit.entries SET at = at - interval '1 microsecond' WHERE number = $1",
        "UPDATE audit.entries SET recorded_at = recorded_at + interval '1 microsecond' WHERE number = $1",
        "UPDATE audit.entries SET method = 'gongdan.common.v1.AuditService/VerifyAuditChain' WHERE number = $1",
        "UPDATE audit.entries SET peer = '203.0.113.7' WHERE number = $1",
        "UPDATE audit.entries SET trace_id = '' WHERE number = $1",
        "UPDATE audit.entries SET resource_ids = '{GD1}' WHERE number = $1",
        "UPDATE audit.entries SET code = 7 WHERE number = $1",
        "UPDATE audit.entries SET detail = '{\"purpose\": \"callback\"}' WHERE number = $1",
        "UPDATE audit.entries SET unit_ids = '{tianhe-env}' WHERE number = $1",
        "UPDATE audit.entries SET hash = sha256(hash) WHERE number = $1",
    ]
    .into_iter()
    .enumerate()
    {
        let number = last - 2 - i64::try_from(back).unwrap();
        suite.tamper(sql, number).await;
        assert_eq!(breaks(&suite).await, Some((number, AuditBreakKind::Changed)), "{sql}");
    }
}

#[tokio::test]
async fn an_entry_that_is_gone_doubled_or_moved_is_named() {
    let suite = Suite::start().await;
    let last = suite.filled(20).await;
    let number = last - 3;
    sqlx::query("SELECT audit.ensure_partition('2099-01-01')").execute(suite.pool()).await.unwrap();
    suite
        .tamper(
            "INSERT INTO audit.entries
             SELECT (jsonb_populate_record(e, '{\"recorded_at\": \"2099-01-01T00:00:00Z\"}')).*
             FROM audit.entries AS e WHERE number = $1",
            number,
        )
        .await;
    assert_eq!(breaks(&suite).await, Some((number, AuditBreakKind::Doubled)));
    let number = last - 6;
    suite.tamper("DELETE FROM audit.entries WHERE number = $1", number).await;
    assert_eq!(breaks(&suite).await, Some((number, AuditBreakKind::Missing)));
    let number = last - 9;
    suite.tamper("UPDATE audit.entries SET number = CASE number WHEN $1 THEN $1 + 1 ELSE $1 END WHERE number IN ($1, $1 + 1)", number).await;
    assert_eq!(breaks(&suite).await, Some((number, AuditBreakKind::Changed)));
    let found = suite.verify(0, 0).await.broken.unwrap().found.unwrap();
    assert_eq!(found.number, number);
}

#[tokio::test]
async fn a_chain_that_was_lengthened_or_cut_is_named() {
    let suite = Suite::start().await;
    let last = suite.filled(8).await;
    let forged = last + 1_000;
    suite
        .tamper(
            "INSERT INTO audit.entries SELECT (jsonb_populate_record(e, jsonb_build_object('number', $1))).*
             FROM audit.entries AS e WHERE number = $1 - 1003",
            forged,
        )
        .await;
    assert_eq!(breaks(&suite).await, Some((forged, AuditBreakKind::BeyondEnd)));
    suite.tamper("DELETE FROM audit.entries WHERE number >= $1", forged).await;
    assert_eq!(breaks(&suite).await, None);
    let last = suite.quiet().await;
    suite.tamper("DELETE FROM audit.entries WHERE number > $1", last - 2).await;
    assert_eq!(breaks(&suite).await, Some((last - 1, AuditBreakKind::Missing)));
}

#[tokio::test]
async fn replicas_write_one_chain() {
    let suite = Suite::start().await;
    let before = suite.quiet().await;
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(suite.replica().await);
    }
    let calls = 15;
    let mut tasks = tokio::task::JoinSet::new();
    for replica in &others {
        let mut client = replica.client("admin");
        tasks.spawn(async move {
            for _ in 0..calls {
                let request = ListAuditEntriesRequest { page_size: 1, ..Default::default() };
                client.list_audit_entries(request).await.unwrap();
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let wanted = before + 3 * calls;
    eventually("all entries are there", async || suite.head().await >= wanted).await;
    let last = suite.quiet().await;
    let answer = suite.verify(0, last).await;
    assert_eq!((answer.broken, answer.checked), (None, last));
}
