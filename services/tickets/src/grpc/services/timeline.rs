//! `TimelineService`

use super::super::{Api, verify_timeline};
use gongdan_access::caller;
use gongdan_proto::tickets::v1::{self as pb, timeline_service_server::TimelineService};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl TimelineService for Api {
    async fn verify_timeline(
        &self,
        request: Request<pb::VerifyTimelineRequest>,
    ) -> Result<Response<pb::VerifyTimelineResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(verify_timeline::verify_timeline(&self.0, &caller, request.into_inner()).await?))
    }
}
