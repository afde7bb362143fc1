//! The four services of the API; each RPC in a file of its own, named after it.

pub mod convert;
mod decode;
mod explain_clock;
mod get_calendar;
mod get_clock;
mod get_policy_set;
mod import_calendar;
mod list_calendars;
mod list_clocks;
mod list_policy_sets;
mod preview_deadline;
mod put_policy_set;
mod schedules;

use crate::{
    config::PoliciesConfig, jobs::Years, jobs::schedules::Schedules, store::TermsCache, telemetry::Metrics,
};
use gongdan_access::caller;
use gongdan_clock::SharedClock;
use gongdan_proto::sla::v1::{
    self as pb, calendar_service_server::CalendarService, clock_service_server::ClockService,
    policy_service_server::PolicyService,
};
use sqlx::PgPool;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// What RPCs work with.
pub struct Rooms {
    /// The database.
    pub pool: PgPool,
    /// The time.
    pub clock: SharedClock,
    /// Calendars and policies.
    pub terms: TermsCache,
    /// Which policies count.
    pub policies: PoliciesConfig,
    /// What is counted.
    pub metrics: Metrics,
    /// Asks for a look at what calendars know, after an import.
    pub years: Years,
    /// Recurring work.
    pub schedules: Schedules,
}

/// The server of all four services.
#[derive(Clone)]
pub struct Api(pub Arc<Rooms>);

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl CalendarService for Api {
    async fn import_calendar(&self, request: Request<pb::ImportCalendarRequest>) -> Answer<pb::Calendar> {
        let caller = caller(&request)?;
        Ok(Response::new(import_calendar::import_calendar(&self.0, &caller, request.into_inner()).await?))
    }

    async fn get_calendar(&self, request: Request<pb::GetCalendarRequest>) -> Answer<pb::Calendar> {
        Ok(Response::new(get_calendar::get_calendar(&self.0, request.into_inner()).await?))
    }

    async fn list_calendars(
        &self,
        request: Request<pb::ListCalendarsRequest>,
    ) -> Answer<pb::ListCalendarsResponse> {
        Ok(Response::new(list_calendars::list_calendars(&self.0, request.into_inner()).await?))
    }
}

#[tonic::async_trait]
impl PolicyService for Api {
    async fn list_policy_sets(
        &self,
        request: Request<pb::ListPolicySetsRequest>,
    ) -> Answer<pb::ListPolicySetsResponse> {
        Ok(Response::new(list_policy_sets::list_policy_sets(&self.0, request.into_inner()).await?))
    }

    async fn get_policy_set(&self, request: Request<pb::GetPolicySetRequest>) -> Answer<pb::PolicySet> {
        Ok(Response::new(get_policy_set::get_policy_set(&self.0, request.into_inner()).await?))
    }

    async fn put_policy_set(&self, request: Request<pb::PutPolicySetRequest>) -> Answer<pb::PolicySet> {
        let caller = caller(&request)?;
        Ok(Response::new(put_policy_set::put_policy_set(&self.0, &caller, request.into_inner()).await?))
    }
}

#[tonic::async_trait]
impl ClockService for Api {
    async fn list_clocks(&self, request: Request<pb::ListClocksRequest>) -> Answer<pb::ListClocksResponse> {
        let caller = caller(&request)?;
        Ok(Response::new(list_clocks::list_clocks(&self.0, &caller, request.into_inner()).await?))
    }

    async fn get_clock(&self, request: Request<pb::GetClockRequest>) -> Answer<pb::Clock> {
        let caller = caller(&request)?;
        Ok(Response::new(get_clock::get_clock(&self.0, &caller, request.into_inner()).await?))
    }

    async fn explain_clock(
        &self,
        request: Request<pb::ExplainClockRequest>,
    ) -> Answer<pb::ExplainClockResponse> {
        let caller = caller(&request)?;
        Ok(Response::new(explain_clock::explain_clock(&self.0, &caller, request.into_inner()).await?))
    }

    async fn preview_deadline(
        &self,
        request: Request<pb::PreviewDeadlineRequest>,
    ) -> Answer<pb::PreviewDeadlineResponse> {
        Ok(Response::new(preview_deadline::preview_deadline(&self.0, request.into_inner()).await?))
    }
}
