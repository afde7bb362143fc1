//! Pages of the log.

use crate::suite::{Suite, of_method};
use gongdan_proto::common::v1::{AuditFilter, ListAuditEntriesRequest};
use tonic::Code;

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat_newest_first() {
    let suite = Suite::start().await;
    let last = suite.filled(23).await;
    let to = gongdan_proto::to_timestamp(suite.env.clock().now());
    let filter = AuditFilter { to: Some(to), ..of_method("ListAuditEntries") };
    let mut request = ListAuditEntriesRequest { filter: Some(filter), page_size: 10, ..Default::default() };
    let mut numbers = Vec::new();
    let mut sizes = Vec::new();
    loop {
        let page = suite.client("admin").list_audit_entries(request.clone()).await.unwrap().into_inner();
        sizes.push(page.entries.len());
        numbers.extend(page.entries.iter().map(|entry| entry.number));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(numbers, (1..=last).rev().collect::<Vec<_>>());
    assert!(sizes.iter().rev().skip(1).all(|size| *size == 10), "{sizes:?}");

    // A token belongs to its filter.
    request.page_size = 10;
    request.page_token.clear();
    let token = suite.client("admin").list_audit_entries(request).await.unwrap().into_inner().next_page_token;
    let other = ListAuditEntriesRequest { page_token: token, ..Default::default() };
    assert_eq!(
        suite.client("admin").list_audit_entries(other).await.unwrap_err().code(),
        Code::InvalidArgument
    );
}
