//! `CirculationService`: one line an RPC.

use super::super::{Api, circulate_announcement, circulate_ticket, list_circulations, mark_circulation_read};
use gongdan_access::caller;
use gongdan_proto::tickets::v1::{self as pb, circulation_service_server::CirculationService};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl CirculationService for Api {
    async fn circulate_ticket(
        &self,
        request: Request<pb::CirculateTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(circulate_ticket::circulate_ticket(&self.0, &caller, request.into_inner()).await?))
    }

    async fn circulate_announcement(
        &self,
        request: Request<pb::CirculateAnnouncementRequest>,
    ) -> Result<Response<pb::Circulation>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(
            circulate_announcement::circulate_announcement(&self.0, &caller, request.into_inner()).await?,
        ))
    }

    async fn list_circulations(
        &self,
        request: Request<pb::ListCirculationsRequest>,
    ) -> Result<Response<pb::ListCirculationsResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(list_circulations::list_circulations(&self.0, &caller, request.into_inner()).await?))
    }

    async fn mark_circulation_read(
        &self,
        request: Request<pb::MarkCirculationReadRequest>,
    ) -> Result<Response<pb::Circulation>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(
            mark_circulation_read::mark_circulation_read(&self.0, &caller, request.into_inner()).await?,
        ))
    }
}
