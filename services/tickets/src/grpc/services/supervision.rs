//! `SupervisionService`: one line an RPC.

use super::super::{
    Api, accept_directive, escalate_ticket, hand_off_ticket, issue_directive, list_directives,
    mark_quality_error, reject_directive, reply_directive, track_ticket, untrack_ticket, withdraw_directive,
    withdraw_quality_error,
};
use gongdan_access::caller;
use gongdan_proto::tickets::v1::{self as pb, supervision_service_server::SupervisionService};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl SupervisionService for Api {
    async fn escalate_ticket(
        &self,
        request: Request<pb::EscalateTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(escalate_ticket::escalate_ticket(&self.0, &caller, request.into_inner()).await?))
    }

    async fn issue_directive(
        &self,
        request: Request<pb::IssueDirectiveRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(issue_directive::issue_directive(&self.0, &caller, request.into_inner()).await?))
    }

    async fn reply_directive(
        &self,
        request: Request<pb::ReplyDirectiveRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(reply_directive::reply_directive(&self.0, &caller, request.into_inner()).await?))
    }

    async fn accept_directive(
        &self,
        request: Request<pb::AcceptDirectiveRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(accept_directive::accept_directive(&self.0, &caller, request.into_inner()).await?))
    }

    async fn reject_directive(
        &self,
        request: Request<pb::RejectDirectiveRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(reject_directive::reject_directive(&self.0, &caller, request.into_inner()).await?))
    }

    async fn withdraw_directive(
        &self,
        request: Request<pb::WithdrawDirectiveRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(
            withdraw_directive::withdraw_directive(&self.0, &caller, request.into_inner()).await?,
        ))
    }

    async fn list_directives(
        &self,
        request: Request<pb::ListDirectivesRequest>,
    ) -> Result<Response<pb::ListDirectivesResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(list_directives::list_directives(&self.0, &caller, request.into_inner()).await?))
    }

    async fn track_ticket(
        &self,
        request: Request<pb::TrackTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(track_ticket::track_ticket(&self.0, &caller, request.into_inner()).await?))
    }

    async fn untrack_ticket(
        &self,
        request: Request<pb::UntrackTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(untrack_ticket::untrack_ticket(&self.0, &caller, request.into_inner()).await?))
    }

    async fn mark_quality_error(
        &self,
        request: Request<pb::MarkQualityErrorRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(
            mark_quality_error::mark_quality_error(&self.0, &caller, request.into_inner()).await?,
        ))
    }

    async fn withdraw_quality_error(
        &self,
        request: Request<pb::WithdrawQualityErrorRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(
            withdraw_quality_error::withdraw_quality_error(&self.0, &caller, request.into_inner()).await?,
        ))
    }

    async fn hand_off_ticket(
        &self,
        request: Request<pb::HandOffTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(hand_off_ticket::hand_off_ticket(&self.0, &caller, request.into_inner()).await?))
    }
}
