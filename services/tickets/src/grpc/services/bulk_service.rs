//! The RPCs of `BulkService`: one line each.

use super::super::{Api, bulk_act, record_past_tickets};
use gongdan_access::caller;
use gongdan_proto::tickets::v1::{self as pb, bulk_service_server::BulkService};
use tonic::{Request, Response, Status, Streaming};

#[tonic::async_trait]
impl BulkService for Api {
    type BulkActStream = bulk_act::Results;
    type RecordPastTicketsStream = record_past_tickets::Answers;

    async fn bulk_act(
        &self,
        request: Request<pb::BulkActRequest>,
    ) -> Result<Response<Self::BulkActStream>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(bulk_act::bulk_act(&self.0, &caller, request.into_inner()).await?))
    }

    async fn record_past_tickets(
        &self,
        request: Request<Streaming<pb::RecordPastTicketsRequest>>,
    ) -> Result<Response<Self::RecordPastTicketsStream>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(record_past_tickets::record_past_tickets(&self.0, &caller, request.into_inner())))
    }
}
