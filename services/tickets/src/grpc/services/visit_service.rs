//! The RPCs of `VisitService`: one line each.

use super::super::{
    Api, book_visit, cancel_visit, change_place, check_in_visit, move_visit, report_visit, report_visits,
};
use gongdan_access::caller;
use gongdan_proto::tickets::v1::{self as pb, visit_service_server::VisitService};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl VisitService for Api {
    async fn book_visit(
        &self,
        request: Request<pb::BookVisitRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(book_visit::book_visit(&self.0, &caller, request.into_inner()).await?))
    }

    async fn move_visit(
        &self,
        request: Request<pb::MoveVisitRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(Box::pin(move_visit::move_visit(&self.0, &caller, request.into_inner())).await?))
    }

    async fn cancel_visit(
        &self,
        request: Request<pb::CancelVisitRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(Box::pin(cancel_visit::cancel_visit(&self.0, &caller, request.into_inner())).await?))
    }

    async fn check_in_visit(
        &self,
        request: Request<pb::CheckInVisitRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(
            Box::pin(check_in_visit::check_in_visit(&self.0, &caller, request.into_inner())).await?,
        ))
    }

    async fn report_visit(
        &self,
        request: Request<pb::ReportVisitRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(Box::pin(report_visit::report_visit(&self.0, &caller, request.into_inner())).await?))
    }

    async fn report_visits(
        &self,
        request: Request<pb::ReportVisitsRequest>,
    ) -> Result<Response<pb::ReportVisitsResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(
            Box::pin(report_visits::report_visits(&self.0, &caller, request.into_inner())).await?,
        ))
    }

    async fn change_place(
        &self,
        request: Request<pb::ChangePlaceRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(Box::pin(change_place::change_place(&self.0, &caller, request.into_inner())).await?))
    }
}
