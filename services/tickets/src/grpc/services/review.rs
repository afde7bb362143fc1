//! `ReviewService`: one line an RPC.

use super::super::{Api, approve_review, reject_review, submit_for_review};
use gongdan_access::caller;
use gongdan_proto::tickets::v1::{self as pb, review_service_server::ReviewService};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl ReviewService for Api {
    async fn submit_for_review(
        &self,
        request: Request<pb::SubmitForReviewRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(submit_for_review::submit_for_review(&self.0, &caller, request.into_inner()).await?))
    }

    async fn approve_review(
        &self,
        request: Request<pb::ApproveReviewRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(approve_review::approve_review(&self.0, &caller, request.into_inner()).await?))
    }

    async fn reject_review(
        &self,
        request: Request<pb::RejectReviewRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(reject_review::reject_review(&self.0, &caller, request.into_inner()).await?))
    }
}
