//! The RPCs. One file each; here is nothing but who does what.

mod get_rebuild;
mod get_report;
mod start_rebuild;
mod watch_rebuild;

use crate::{
    Rooms,
    store::rebuilds::{self, RebuildRow},
};
use futures::stream::BoxStream;
use gongdan_access::caller;
use gongdan_errors::{Error, Reason};
use gongdan_proto::reporting::v1::{
    GetRebuildRequest, GetReportRequest, Rebuild, Report, StartRebuildRequest, WatchRebuildRequest,
    rebuild_service_server::RebuildService, report_service_server::ReportService,
};
use std::sync::Arc;
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// All services of reporting.
#[derive(Clone)]
pub(crate) struct Api(pub(crate) Arc<Rooms>);

#[tonic::async_trait]
impl ReportService for Api {
    async fn get_report(&self, request: Request<GetReportRequest>) -> Result<Response<Report>, Status> {
        let by = caller(&request)?;
        Ok(Response::new(get_report::get_report(&self.0, &by, request.into_inner()).await?))
    }
}

#[tonic::async_trait]
impl RebuildService for Api {
    type WatchRebuildStream = BoxStream<'static, Result<Rebuild, Status>>;

    async fn start_rebuild(
        &self,
        request: Request<StartRebuildRequest>,
    ) -> Result<Response<Rebuild>, Status> {
        let by = caller(&request)?;
        Ok(Response::new(start_rebuild::start_rebuild(&self.0, &by, request.into_inner()).await?))
    }

    async fn get_rebuild(&self, request: Request<GetRebuildRequest>) -> Result<Response<Rebuild>, Status> {
        Ok(Response::new(get_rebuild::get_rebuild(&self.0, request.into_inner()).await?))
    }

    async fn watch_rebuild(
        &self,
        request: Request<WatchRebuildRequest>,
    ) -> Result<Response<Self::WatchRebuildStream>, Status> {
        Ok(Response::new(watch_rebuild::watch_rebuild(self.0.clone(), request.into_inner()).await?))
    }
}

/// The rebuild of an id; the latest when empty.
async fn find(rooms: &Rooms, id: &str) -> Result<RebuildRow, Error> {
    let id = match id {
        "" => None,
        text => Some(text.parse::<Uuid>().map_err(|_| Error::invalid_field("id", "a UUID, or empty"))?),
    };
    let found = rebuilds::find(&rooms.pool, id).await.map_err(gongdan_pg::error)?;
    found.ok_or_else(|| Error::not_found(Reason::RebuildNotFound, "there is no such rebuild"))
}
