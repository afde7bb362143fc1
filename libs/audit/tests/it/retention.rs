//! Months are dropped by age, and the chain stays verifiable from there.

use crate::suite::{Suite, of_method};
use gongdan_audit::digest;
use gongdan_proto::common::v1::{AuditEntry, AuditResource, PrincipalKind};
use gongdan_testkit::eventually_some;
use serde_json::json;
use tokio_util::sync::CancellationToken;

/// Appends an entry as of an instant long ago.
async fn append_at(suite: &Suite, instant: &str) {
    let at: jiff::Timestamp = instant.parse().unwrap();
    let entry = AuditEntry {
        id: gongdan_clock::new_id(at).to_string(),
        at: Some(gongdan_proto::to_timestamp(at)),
        service: "tickets".to_owned(),
        resources: vec![AuditResource { kind: "ticket".to_owned(), id: "GD1".to_owned() }],
        ..Default::default()
    };
    let row = json!([{
        "id": entry.id, "at": instant, "service": "tickets", "method": "", "action": "", "level": 0, "stage": 0,
        "principal_id": "", "principal_kind": 0, "unit_ids": [], "on_behalf_of": "", "peer": "", "trace_id": "",
        "request_id": "", "resource_kinds": ["ticket"], "resource_ids": ["GD1"], "code": 0, "reason": "",
        "messages": 0, "detail": {},
    }]);
    sqlx::query("SELECT audit.append_at($1::text::timestamptz, $2, $3)")
        .bind(instant)
        .bind(sqlx::types::Json(row))
        .bind(vec![digest(&entry).to_vec()])
        .execute(suite.pool())
        .await
        .unwrap();
}

async fn months(suite: &Suite) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit.entries'::regclass ORDER BY 1",
    )
    .fetch_all(suite.pool())
    .await
    .unwrap()
}

#[tokio::test]
async fn what_is_older_than_it_must_be_kept_goes_by_the_month_and_the_rest_still_holds() {
    let suite = Suite::start().await;
    for instant in [
        "2022-01-15T00:00:00Z",
        "2022-01-31T23:59:59.999999Z",
        "2022-02-01T00:00:00Z",
        "2022-03-05T08:00:00Z",
    ] {
        append_at(&suite, instant).await;
    }
    // Young enough to stay, though older than half a year or not.
    append_at(&suite, &(suite.env.clock().now() - jiff::SignedDuration::from_hours(24 * 1_000)).to_string())
        .await;
    suite.filled(8).await;
    assert!(months(&suite).await.contains(&"audit.entries_2022_01".to_owned()));
    let answer = suite.verify(0, 0).await;
    assert_eq!(answer.broken, None);

    let stop = CancellationToken::new();
    let upkeep = tokio::spawn(suite.audit.clone().upkeep(stop.clone()));
    let entry =
        eventually_some("the entry about it", async || suite.find(of_method("job/forget")).await.pop()).await;
    stop.cancel();
    upkeep.await.unwrap();
    assert_eq!(
        (entry.principal_id.as_str(), entry.principal_kind()),
        ("service.tickets", PrincipalKind::Service)
    );
    assert_eq!((entry.detail["forgotten"].as_str(), entry.detail["last_number"].as_str()), ("4", "4"));
    let months = months(&suite).await;
    assert!(!months.iter().any(|month| month.starts_with("audit.entries_2022")), "{months:?}");
    // One long ago, this one and two to come.
    assert_eq!(months.len(), 4, "{months:?}");

    let last = suite.quiet().await;
    let answer = suite.verify(0, last).await;
    assert_eq!((answer.broken, answer.checked), (None, last - 4));
    // Whoever asks for what is gone is answered from where the log begins now.
    let answer = suite.verify(1, last).await;
    assert_eq!((answer.broken, answer.checked), (None, last - 4));
    suite.tamper("UPDATE audit.entries SET peer = '203.0.113.7' WHERE number = $1", 5).await;
    assert_eq!(suite.verify(0, 0).await.broken.unwrap().number, 5);
}

#[tokio::test]
async fn a_month_without_its_partition_gets_one_when_it_is_needed() {
    let suite = Suite::start().await;
    append_at(&suite, "2023-07-01T00:00:00Z").await;
    assert_eq!(months(&suite).await, ["audit.entries_2023_07"]);
}
