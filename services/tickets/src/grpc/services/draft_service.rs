//! The RPCs of `DraftService`: one line each.

use super::super::{Api, answer_ticket, discard_draft, update_draft};
use gongdan_access::caller;
use gongdan_proto::tickets::v1::{self as pb, draft_service_server::DraftService};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl DraftService for Api {
    async fn update_draft(
        &self,
        request: Request<pb::UpdateDraftRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        let update = update_draft::update_draft(&self.0, &caller, request.into_inner());
        Ok(Response::new(Box::pin(update).await?))
    }

    async fn discard_draft(
        &self,
        request: Request<pb::DiscardDraftRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(discard_draft::discard_draft(&self.0, &caller, request.into_inner()).await?))
    }

    async fn answer_ticket(
        &self,
        request: Request<pb::AnswerTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(
            Box::pin(answer_ticket::answer_ticket(&self.0, &caller, request.into_inner())).await?,
        ))
    }
}
