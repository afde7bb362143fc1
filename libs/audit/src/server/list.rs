//! `AuditService.ListAuditEntries`

use super::filter::{decode, place};
use crate::store::{self, Order, Place};
use gongdan_errors::{Error, Violations};
use gongdan_proto::common::v1::{AuditFilter, ListAuditEntriesRequest, ListAuditEntriesResponse};
use jiff::Timestamp;
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;

const PAGE: i32 = 50;
const PAGE_MOST: i32 = 500;

pub(super) async fn list(
    pool: &PgPool,
    request: ListAuditEntriesRequest,
) -> Result<ListAuditEntriesResponse, Error> {
    let mut violations = Violations::new();
    if !(0..=PAGE_MOST).contains(&request.page_size) {
        violations.add("page_size", format!("0 to {PAGE_MOST}"));
    }
    let mark = mark(request.filter.as_ref());
    let after = match request.page_token.as_str() {
        "" => None,
        token => violations
            .field("page_token", parse(token, &mark).ok_or("a token of an earlier answer to this filter")),
    };
    let filter = decode(request.filter, &mut violations);
    violations.finish()?;
    let size = if request.page_size == 0 { PAGE } else { request.page_size };
    let limit = i64::from(size) + 1;
    let mut entries =
        store::page(pool, &filter, after, Order::NewestFirst, limit).await.map_err(gongdan_pg::error)?;
    let more = i64::try_from(entries.len()).is_ok_and(|found| found == limit);
    if more {
        entries.pop();
    }
    let last = entries.last().filter(|_| more).and_then(place);
    let next_page_token = last.map(|last| token(last, &mark)).unwrap_or_default();
    Ok(ListAuditEntriesResponse { entries, next_page_token })
}

/// A few digits that tell filters apart.
fn mark(filter: Option<&AuditFilter>) -> String {
    let bytes = filter.map(AuditFilter::encode_to_vec).unwrap_or_default();
    Sha256::digest(bytes).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

fn token(place: Place, mark: &str) -> String {
    format!("{}.{}.{mark}", place.at.as_microsecond(), place.number)
}

fn parse(token: &str, mark: &str) -> Option<Place> {
    let mut parts = token.split('.');
    let at = Timestamp::from_microsecond(parts.next()?.parse().ok()?).ok()?;
    let number = parts.next()?.parse().ok()?;
    (parts.next()? == mark && parts.next().is_none()).then_some(Place { at, number })
}
