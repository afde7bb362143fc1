//! The RPCs of `PrivacyService`: one line each.

use super::{
    Api, erase_customer, get_key_status, get_retention, list_legal_holds, place_legal_hold,
    release_legal_hold, start_rotation, watch_rotation,
};
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

    async fn erase_customer(
        &self,
        request: Request<pb::EraseCustomerRequest>,
    ) -> Result<Response<pb::EraseCustomerResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(erase_customer::erase_customer(&self.0, &caller, request.into_inner()).await?))
    }

    async fn place_legal_hold(
        &self,
        request: Request<pb::PlaceLegalHoldRequest>,
    ) -> Result<Response<pb::LegalHold>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(place_legal_hold::place_legal_hold(&self.0, &caller, request.into_inner()).await?))
    }

    async fn release_legal_hold(
        &self,
        request: Request<pb::ReleaseLegalHoldRequest>,
    ) -> Result<Response<pb::LegalHold>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(
            release_legal_hold::release_legal_hold(&self.0, &caller, request.into_inner()).await?,
        ))
    }

    async fn list_legal_holds(
        &self,
        request: Request<pb::ListLegalHoldsRequest>,
    ) -> Result<Response<pb::ListLegalHoldsResponse>, Status> {
        Ok(Response::new(list_legal_holds::list_legal_holds(&self.0, request.into_inner()).await?))
    }

    async fn get_retention(
        &self,
        _: Request<pb::GetRetentionRequest>,
    ) -> Result<Response<pb::Retention>, Status> {
        Ok(Response::new(get_retention::get_retention(&self.0)))
    }

    async fn run_retention(
        &self,
        _: Request<pb::RunRetentionRequest>,
    ) -> Result<Response<pb::Retention>, Status> {
        Ok(Response::new(get_retention::run_retention(&self.0).await?))
    }

    async fn watch_rotation(
        &self,
        request: Request<pb::WatchRotationRequest>,
    ) -> Result<Response<Self::WatchRotationStream>, Status> {
        Ok(Response::new(watch_rotation::watch_rotation(&self.0, request.into_inner()).await?))
    }
}
