//! The RPCs of `LinkService` and `SearchService`: one line each.

use super::super::{
    Api, find_similar, link_ticket, merge_ticket, search_tickets, split_ticket, undo_merge, unlink_ticket,
};
use gongdan_access::caller;
use gongdan_proto::tickets::v1::{
    self as pb, link_service_server::LinkService, search_service_server::SearchService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl LinkService for Api {
    async fn find_similar(
        &self,
        request: Request<pb::FindSimilarRequest>,
    ) -> Result<Response<pb::FindSimilarResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(find_similar::find_similar(&self.0, &caller, request.into_inner()).await?))
    }

    async fn link_ticket(
        &self,
        request: Request<pb::LinkTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(Box::pin(link_ticket::link_ticket(&self.0, &caller, request.into_inner())).await?))
    }

    async fn unlink_ticket(
        &self,
        request: Request<pb::UnlinkTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(
            Box::pin(unlink_ticket::unlink_ticket(&self.0, &caller, request.into_inner())).await?,
        ))
    }

    async fn split_ticket(
        &self,
        request: Request<pb::SplitTicketRequest>,
    ) -> Result<Response<pb::SplitTicketResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(Box::pin(split_ticket::split_ticket(&self.0, &caller, request.into_inner())).await?))
    }

    async fn merge_ticket(
        &self,
        request: Request<pb::MergeTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(Box::pin(merge_ticket::merge_ticket(&self.0, &caller, request.into_inner())).await?))
    }

    async fn undo_merge(
        &self,
        request: Request<pb::UndoMergeRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(Box::pin(undo_merge::undo_merge(&self.0, &caller, request.into_inner())).await?))
    }
}

#[tonic::async_trait]
impl SearchService for Api {
    async fn search_tickets(
        &self,
        request: Request<pb::SearchTicketsRequest>,
    ) -> Result<Response<pb::SearchTicketsResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(search_tickets::search_tickets(&self.0, &caller, request.into_inner()).await?))
    }
}
