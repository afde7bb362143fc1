//! The RPCs of `CallService`: one line each.

use super::super::{Api, end_call, get_recording, link_call, list_calls, start_call};
use gongdan_access::caller;
use gongdan_proto::tickets::v1::{self as pb, call_service_server::CallService};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl CallService for Api {
    async fn start_call(
        &self,
        request: Request<pb::StartCallRequest>,
    ) -> Result<Response<pb::StartCallResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(start_call::start_call(&self.0, &caller, request.into_inner()).await?))
    }

    async fn link_call(&self, request: Request<pb::LinkCallRequest>) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(Box::pin(link_call::link_call(&self.0, &caller, request.into_inner())).await?))
    }

    async fn end_call(&self, request: Request<pb::EndCallRequest>) -> Result<Response<pb::Call>, Status> {
        Ok(Response::new(end_call::end_call(&self.0, request.into_inner()).await?))
    }

    async fn list_calls(
        &self,
        request: Request<pb::ListCallsRequest>,
    ) -> Result<Response<pb::ListCallsResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(list_calls::list_calls(&self.0, &caller, request.into_inner()).await?))
    }

    async fn get_recording(
        &self,
        request: Request<pb::GetRecordingRequest>,
    ) -> Result<Response<pb::Recording>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(get_recording::get_recording(&self.0, &caller, request.into_inner()).await?))
    }
}
