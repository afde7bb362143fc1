//! `EventService.ReplayEvents` over the log of this service.

use super::Guard;
use crate::log::{Filter, Position, read_filtered};
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use gongdan_errors::{Error, Violations};
use gongdan_proto::common::v1::{ReplayEventsRequest, ReplayEventsResponse, event_service_server as pb};
use sqlx::PgPool;
use std::collections::VecDeque;
use tonic::{Request, Response, Status};
use uuid::Uuid;

const PAGE: i64 = 500;
const AGGREGATES_MOST: usize = 1_000;
const TYPES_MOST: usize = 100;

/// Serves the event log.
#[derive(Debug, Clone)]
pub struct EventServer {
    pool: PgPool,
    source: &'static str,
    root: String,
    guard: Guard,
}

impl EventServer {
    /// The log of service `source`, whose subjects begin with `root`. Events carry what citizens wrote: the guard lets
    /// in who may read all of it, which is other services.
    #[must_use]
    pub fn new(
        pool: PgPool,
        source: &'static str,
        root: impl Into<String>,
        guard: Guard,
    ) -> pb::EventServiceServer<Self> {
        pb::EventServiceServer::new(Self { pool, source, root: root.into(), guard })
    }

    fn decode(&self, request: ReplayEventsRequest) -> Result<(Filter, Position), Error> {
        let mut violations = Violations::new();
        if request.aggregate_ids.len() > AGGREGATES_MOST {
            violations.add("aggregate_ids", format!("at most {AGGREGATES_MOST}"));
        }
        if request.types.len() > TYPES_MOST {
            violations.add("types", format!("at most {TYPES_MOST}"));
        }
        let mut filter = Filter { from_version: request.from_version, ..Filter::default() };
        for (n, id) in request.aggregate_ids.iter().enumerate() {
            let id = id.parse::<Uuid>().map_err(|_| "a UUID");
            filter.aggregate_ids.extend(violations.field(format!("aggregate_ids[{n}]"), id));
        }
        let prefix = gongdan_bus::event_type(self.source, "");
        for (n, name) in request.types.iter().enumerate() {
            let kind = name.strip_prefix(&prefix).ok_or(format!("begins with {prefix}"));
            filter.kinds.extend(violations.field(format!("types[{n}]"), kind).map(str::to_owned));
        }
        if request.from_version < 0 {
            violations.add("from_version", "0 or more");
        }
        let from = if request.from.is_empty() { Ok(Position::default()) } else { request.from.parse() };
        let from = violations.field("from", from.map_err(|()| "a position that an earlier answer gave"));
        violations.finish()?;
        Ok((filter, from.unwrap_or_default()))
    }
}

/// One stream of answers: a page in memory, no transaction open between pages.
struct Reading {
    server: EventServer,
    filter: Filter,
    after: Position,
    page: VecDeque<ReplayEventsResponse>,
    more: bool,
}

impl Reading {
    async fn next(mut self) -> Option<(Result<ReplayEventsResponse, Status>, Self)> {
        if self.page.is_empty() && self.more {
            let EventServer { pool, source, root, .. } = &self.server;
            match read_filtered(pool, source, self.after, PAGE, &self.filter).await {
                Ok(logged) => {
                    self.more = i64::try_from(logged.len()).is_ok_and(|found| found == PAGE);
                    if let Some(last) = logged.last() {
                        self.after = last.at;
                    }
                    self.page = logged
                        .into_iter()
                        .map(|logged| ReplayEventsResponse {
                            position: logged.at.to_string(),
                            event: Some(logged.event.to_proto(root)),
                        })
                        .collect();
                }
                Err(error) => {
                    self.more = false;
                    return Some((Err(gongdan_pg::error(error).into()), self));
                }
            }
        }
        let answer = self.page.pop_front()?;
        Some((Ok(answer), self))
    }
}

#[tonic::async_trait]
impl pb::EventService for EventServer {
    type ReplayEventsStream = BoxStream<'static, Result<ReplayEventsResponse, Status>>;

    async fn replay_events(
        &self,
        request: Request<ReplayEventsRequest>,
    ) -> Result<Response<Self::ReplayEventsStream>, Status> {
        self.guard.check(request.extensions())?;
        let (filter, after) = self.decode(request.into_inner())?;
        let reading = Reading { server: self.clone(), filter, after, page: VecDeque::new(), more: true };
        Ok(Response::new(stream::unfold(reading, Reading::next).boxed()))
    }
}
