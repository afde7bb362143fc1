//! The RPCs of `QueueService`: one line each.

use super::super::{Api, count_queues, export_tickets, list_queue, watch_queue_counts};
use gongdan_access::caller;
use gongdan_proto::tickets::v1::{self as pb, queue_service_server::QueueService};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl QueueService for Api {
    type WatchQueueCountsStream = watch_queue_counts::Counts;
    type ExportTicketsStream = export_tickets::File;

    async fn list_queue(
        &self,
        request: Request<pb::ListQueueRequest>,
    ) -> Result<Response<pb::ListQueueResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(list_queue::list_queue(&self.0, &caller, request.into_inner()).await?))
    }

    async fn count_queues(
        &self,
        request: Request<pb::CountQueuesRequest>,
    ) -> Result<Response<pb::QueueCounts>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(count_queues::count_queues(&self.0, &caller).await?))
    }

    async fn watch_queue_counts(
        &self,
        request: Request<pb::WatchQueueCountsRequest>,
    ) -> Result<Response<Self::WatchQueueCountsStream>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(watch_queue_counts::watch_queue_counts(&self.0, &caller)))
    }

    async fn export_tickets(
        &self,
        request: Request<pb::ExportTicketsRequest>,
    ) -> Result<Response<Self::ExportTicketsStream>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(export_tickets::export_tickets(&self.0, &caller, request.into_inner()).await?))
    }
}
