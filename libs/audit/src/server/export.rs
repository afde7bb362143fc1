//! `AuditService.ExportAuditEntries`

use super::filter::{decode, place};
use crate::store::{self, Filter, Order, Place};
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use gongdan_errors::{Error, Violations};
use gongdan_proto::common::v1::{ChainedAuditEntry, ExportAuditEntriesRequest, ExportAuditEntriesResponse};
use sqlx::PgPool;
use std::collections::VecDeque;
use tonic::Status;

const PAGE: i64 = 500;

/// A page in memory, no transaction open between pages.
struct Reading {
    pool: PgPool,
    filter: Filter,
    after: Option<Place>,
    page: VecDeque<ChainedAuditEntry>,
    more: bool,
}

pub(super) fn export(
    pool: PgPool,
    request: ExportAuditEntriesRequest,
) -> Result<BoxStream<'static, Result<ExportAuditEntriesResponse, Status>>, Error> {
    let mut violations = Violations::new();
    let filter = decode(request.filter, &mut violations);
    violations.finish()?;
    let reading = Reading { pool, filter, after: None, page: VecDeque::new(), more: true };
    Ok(stream::unfold(reading, Reading::next).boxed())
}

impl Reading {
    async fn next(mut self) -> Option<(Result<ExportAuditEntriesResponse, Status>, Self)> {
        if self.page.is_empty() && self.more {
            match store::page(&self.pool, &self.filter, self.after, Order::OldestFirst, PAGE).await {
                Ok(page) => {
                    self.more = i64::try_from(page.len()).is_ok_and(|found| found == PAGE);
                    self.after = page.last().and_then(place);
                    self.page = page.into();
                }
                Err(error) => {
                    self.more = false;
                    return Some((Err(gongdan_pg::error(error).into()), self));
                }
            }
        }
        let entry = self.page.pop_front()?;
        Some((Ok(ExportAuditEntriesResponse { entry: Some(entry) }), self))
    }
}
