//! `ScheduleService`; each RPC in a file of its own, named after it. Source: S10.

mod change;
mod delete_schedule;
mod get_schedule;
mod list_schedule_runs;
mod list_schedules;
mod pause_schedule;
mod preview_schedule;
mod put_schedule;
mod read;
mod resume_schedule;
mod run_schedule_now;

use super::{Answer, Api};
use gongdan_access::caller;
use gongdan_proto::sla::v1::{self as pb, schedule_service_server::ScheduleService};
use tonic::{Request, Response};

#[tonic::async_trait]
impl ScheduleService for Api {
    async fn put_schedule(&self, request: Request<pb::PutScheduleRequest>) -> Answer<pb::Schedule> {
        let caller = caller(&request)?;
        Ok(Response::new(put_schedule::put_schedule(&self.0, &caller, request.into_inner()).await?))
    }

    async fn get_schedule(&self, request: Request<pb::GetScheduleRequest>) -> Answer<pb::Schedule> {
        Ok(Response::new(get_schedule::get_schedule(&self.0, request.into_inner()).await?))
    }

    async fn list_schedules(
        &self,
        request: Request<pb::ListSchedulesRequest>,
    ) -> Answer<pb::ListSchedulesResponse> {
        Ok(Response::new(list_schedules::list_schedules(&self.0, request.into_inner()).await?))
    }

    async fn delete_schedule(
        &self,
        request: Request<pb::DeleteScheduleRequest>,
    ) -> Answer<pb::DeleteScheduleResponse> {
        let caller = caller(&request)?;
        Ok(Response::new(delete_schedule::delete_schedule(&self.0, &caller, request.into_inner()).await?))
    }

    async fn pause_schedule(&self, request: Request<pb::PauseScheduleRequest>) -> Answer<pb::Schedule> {
        let caller = caller(&request)?;
        Ok(Response::new(pause_schedule::pause_schedule(&self.0, &caller, request.into_inner()).await?))
    }

    async fn resume_schedule(&self, request: Request<pb::ResumeScheduleRequest>) -> Answer<pb::Schedule> {
        let caller = caller(&request)?;
        Ok(Response::new(resume_schedule::resume_schedule(&self.0, &caller, request.into_inner()).await?))
    }

    async fn preview_schedule(
        &self,
        request: Request<pb::PreviewScheduleRequest>,
    ) -> Answer<pb::PreviewScheduleResponse> {
        Ok(Response::new(preview_schedule::preview_schedule(&self.0, request.into_inner()).await?))
    }

    async fn list_schedule_runs(
        &self,
        request: Request<pb::ListScheduleRunsRequest>,
    ) -> Answer<pb::ListScheduleRunsResponse> {
        Ok(Response::new(list_schedule_runs::list_schedule_runs(&self.0, request.into_inner()).await?))
    }

    async fn run_schedule_now(&self, request: Request<pb::RunScheduleNowRequest>) -> Answer<pb::ScheduleRun> {
        let caller = caller(&request)?;
        Ok(Response::new(run_schedule_now::run_schedule_now(&self.0, &caller, request.into_inner()).await?))
    }
}
