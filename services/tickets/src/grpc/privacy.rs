//! The RPCs of `PrivacyService`: one line each.

use super::{Api, get_key_status, start_rotation, watch_rotation};
use gongdan_access::caller;
use gongdan_proto::tickets::v1::{self as pb, privacy_service_server::PrivacyService};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl PrivacyService for Api {
    type WatchRotationStream = watch_rotation::Progress;

    async fn get_key_status(
        &self,
        _: Request<pb::GetKeyStatusRequest>,
    ) -> Result<Response<pb::KeyStatus>, Status> {
        Ok(Response::new(get_key_status::get_key_status(&self.0).await?))
    }

    async fn start_rotation(
        &self,
        request: Request<pb::StartRotationRequest>,
    ) -> Result<Response<pb::Rotation>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(start_rotation::start_rotation(&self.0, &caller, request.into_inner()).await?))
    }

    async fn watch_rotation(
        &self,
        request: Request<pb::WatchRotationRequest>,
    ) -> Result<Response<Self::WatchRotationStream>, Status> {
        Ok(Response::new(watch_rotation::watch_rotation(&self.0, request.into_inner()).await?))
    }
}
