//! What a call leaves.

use crate::suite::{LIST, Suite, TRACE, is_call, of_method, quick};
use gongdan_audit::AuditConfig;
use gongdan_proto::common::v1::{
    AuditFilter, AuditLevel, AuditStage, ExportAuditEntriesRequest, ListAuditEntriesRequest, PrincipalKind,
    audit_service_client::AuditServiceClient,
};
use gongdan_testkit::eventually_some;
use std::time::Duration;
use tokio_stream::StreamExt as _;
use tonic::Code;

#[tokio::test]
async fn a_call_leaves_who_did_what_from_where_under_which_trace() {
    let suite = Suite::start().await;
    suite.list("admin").await.unwrap();
    let entry = eventually_some("the entry", async || {
        suite.find(of_method("ListAuditEntries")).await.into_iter().find(|entry| !entry.trace_id.is_empty())
    })
    .await;
    assert_eq!(
        (entry.service.as_str(), entry.method.as_str(), entry.action.as_str()),
        ("tickets", LIST, "audit.read")
    );
    assert_eq!((entry.level(), entry.stage()), (AuditLevel::Read, AuditStage::Call));
    assert_eq!((entry.principal_id.as_str(), entry.principal_kind()), ("admin", PrincipalKind::Person));
    assert_eq!((entry.peer.as_str(), entry.trace_id.as_str()), ("127.0.0.1", TRACE));
    assert_eq!((entry.code, entry.reason.as_str()), (0, ""));
    assert!(entry.id.parse::<uuid::Uuid>().is_ok_and(|id| id.get_version_num() == 7));
}

#[tokio::test]
async fn a_refused_caller_leaves_an_entry_and_one_without_credential_does_not() {
    let suite = Suite::start().await;
    let refused = suite.list("li.wei").await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(suite.list("nobody").await.unwrap_err().code(), Code::PermissionDenied);
    let mut bare = AuditServiceClient::connect(suite.grpc.clone()).await.unwrap();
    let refused = bare.list_audit_entries(ListAuditEntriesRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);

    let denied = AuditFilter { codes: vec![Code::PermissionDenied.into()], ..Default::default() };
    let entries = eventually_some("two entries", async || {
        let found = suite.find(denied.clone()).await;
        (found.len() == 2).then_some(found)
    })
    .await;
    let of = |principal: &str| entries.iter().find(|entry| entry.principal_id == principal).unwrap();
    assert_eq!(
        (of("li.wei").reason.as_str(), &of("li.wei").unit_ids[..]),
        ("PERMISSION_DENIED", &["tianhe-env".to_owned()][..])
    );
    assert_eq!((of("").reason.as_str(), of("").peer.as_str()), ("PRINCIPAL_UNKNOWN", "127.0.0.1"));
    suite.quiet().await;
    let unauthenticated = AuditFilter { codes: vec![Code::Unauthenticated.into()], ..Default::default() };
    assert_eq!(suite.find(unauthenticated).await, []);
}

#[tokio::test]
async fn a_stream_leaves_its_beginning_and_its_end_with_a_count() {
    let suite = Suite::start().await;
    let exported = suite.filled(5).await;
    let before = of_method("ListAuditEntries");
    let request = ExportAuditEntriesRequest { filter: Some(before) };
    let mut stream = suite.client("admin").export_audit_entries(request).await.unwrap().into_inner();
    let mut received = 0;
    while let Some(answer) = stream.next().await {
        answer.unwrap();
        received += 1;
    }
    assert_eq!(received, exported);
    let entries = eventually_some("both entries", async || {
        let found = suite.find(of_method("ExportAuditEntries")).await;
        (found.len() == 2).then_some(found)
    })
    .await;
    let [ended, begun] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((begun.stage(), begun.code, begun.messages), (AuditStage::Begun, 0, 0));
    assert_eq!((ended.stage(), ended.code, ended.messages), (AuditStage::Ended, 0, received));
    assert_eq!((begun.principal_id.as_str(), ended.principal_id.as_str()), ("admin", "admin"));

    // A reader that leaves is one that was there.
    let request = ExportAuditEntriesRequest { filter: None };
    drop(suite.client("admin").export_audit_entries(request).await.unwrap().into_inner());
    eventually_some("the end of the stream that was left", async || {
        let found = suite.find(of_method("ExportAuditEntries")).await;
        (found.iter().filter(|entry| entry.stage() == AuditStage::Ended).count() == 2).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_is_queued_is_written_before_the_end() {
    let config = AuditConfig { flush_interval: Duration::from_secs(3600), ..quick() };
    let suite = Suite::start_with(config).await;
    for _ in 0..20 {
        suite.list("admin").await.unwrap();
    }
    assert_eq!(suite.head().await, 0);
    suite.audit.close().await;
    let written: i64 =
        sqlx::query_scalar("SELECT count(*) FROM audit.entries").fetch_one(suite.pool()).await.unwrap();
    assert_eq!(written, 20);
    // Nothing is served that could not be written down.
    assert_eq!(suite.list("admin").await.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn a_filter_finds_by_who_and_trace_and_refuses_nonsense() {
    let suite = Suite::start().await;
    suite.filled(3).await;
    let by = |principal: &str| AuditFilter { principal_id: principal.to_owned(), ..Default::default() };
    assert!(
        suite.find(by("admin")).await.iter().all(|entry| is_call(entry) && entry.principal_id == "admin")
    );
    assert_eq!(suite.find(by("li.wei")).await, []);
    let traced = AuditFilter { trace_id: TRACE.to_owned(), ..Default::default() };
    assert!(suite.find(traced).await.len() >= 3);
    let nonsense = AuditFilter {
        methods: vec!["NoSuch".to_owned()],
        actions: vec!["no.such".to_owned()],
        resource_id: "13800001234".to_owned(),
        codes: vec![17],
        trace_id: "7".to_owned(),
        levels: vec![9],
        ..Default::default()
    };
    let request =
        ListAuditEntriesRequest { filter: Some(nonsense), page_size: 501, page_token: "1.2.x".to_owned() };
    let refused = suite.client("admin").list_audit_entries(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    use tonic_types::StatusExt as _;
    let fields: Vec<String> = refused
        .get_details_bad_request()
        .unwrap()
        .field_violations
        .into_iter()
        .map(|violation| violation.field)
        .collect();
    assert_eq!(
        fields,
        [
            "page_size",
            "page_token",
            "filter.resource_id",
            "filter.trace_id",
            "filter.methods[0]",
            "filter.actions[0]",
            "filter.codes[0]",
            "filter.levels[0]",
        ]
    );
}
