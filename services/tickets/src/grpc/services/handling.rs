//! `HandlingService`: one line an RPC.

use super::super::{
    Api, approve_extension, approve_suspension, decline_assist, list_extensions, reject_extension,
    reject_suspension, reply_assist, request_assist, request_extension, request_suspension, resume_ticket,
    waive_assist,
};
use gongdan_access::caller;
use gongdan_proto::tickets::v1::{self as pb, handling_service_server::HandlingService};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl HandlingService for Api {
    async fn request_assist(
        &self,
        request: Request<pb::RequestAssistRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(request_assist::request_assist(&self.0, &caller, request.into_inner()).await?))
    }

    async fn reply_assist(
        &self,
        request: Request<pb::ReplyAssistRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(reply_assist::reply_assist(&self.0, &caller, request.into_inner()).await?))
    }

    async fn decline_assist(
        &self,
        request: Request<pb::DeclineAssistRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(decline_assist::decline_assist(&self.0, &caller, request.into_inner()).await?))
    }

    async fn waive_assist(
        &self,
        request: Request<pb::WaiveAssistRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(waive_assist::waive_assist(&self.0, &caller, request.into_inner()).await?))
    }

    async fn request_suspension(
        &self,
        request: Request<pb::RequestSuspensionRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(
            request_suspension::request_suspension(&self.0, &caller, request.into_inner()).await?,
        ))
    }

    async fn approve_suspension(
        &self,
        request: Request<pb::ApproveSuspensionRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(
            approve_suspension::approve_suspension(&self.0, &caller, request.into_inner()).await?,
        ))
    }

    async fn reject_suspension(
        &self,
        request: Request<pb::RejectSuspensionRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(reject_suspension::reject_suspension(&self.0, &caller, request.into_inner()).await?))
    }

    async fn resume_ticket(
        &self,
        request: Request<pb::ResumeTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(resume_ticket::resume_ticket(&self.0, &caller, request.into_inner()).await?))
    }

    async fn request_extension(
        &self,
        request: Request<pb::RequestExtensionRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(request_extension::request_extension(&self.0, &caller, request.into_inner()).await?))
    }

    async fn approve_extension(
        &self,
        request: Request<pb::ApproveExtensionRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(approve_extension::approve_extension(&self.0, &caller, request.into_inner()).await?))
    }

    async fn reject_extension(
        &self,
        request: Request<pb::RejectExtensionRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(reject_extension::reject_extension(&self.0, &caller, request.into_inner()).await?))
    }

    async fn list_extensions(
        &self,
        request: Request<pb::ListExtensionsRequest>,
    ) -> Result<Response<pb::ListExtensionsResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(list_extensions::list_extensions(&self.0, &caller, request.into_inner()).await?))
    }
}
