//! `gongdan.callback.v1.CallbackService`: one line an RPC; each is in the file named after it.

mod act;
mod decode;
mod get_task;
mod get_task_contact;
mod list_attempts;
mod list_tasks;
mod next_task;
mod record_attempt;
mod show;
mod skip_task;

use crate::Rooms;
use gongdan_access::caller;
use gongdan_callback_domain::Task;
use gongdan_proto::callback::v1::{self as pb, callback_service_server::CallbackService};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// Tells the audit log which task, ticket and customer an answer is about.
fn touched(task: &Task) {
    gongdan_audit::touched("task", task.id);
    gongdan_audit::touched("ticket", task.ticket.id);
    if let Some(customer) = task.ticket.customer_id {
        gongdan_audit::touched("customer", customer);
    }
}

/// The service's RPCs.
#[derive(Clone)]
pub struct Api(pub Arc<Rooms>);

#[tonic::async_trait]
impl CallbackService for Api {
    async fn next_task(
        &self,
        request: Request<pb::NextTaskRequest>,
    ) -> Result<Response<pb::NextTaskResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(next_task::next_task(&self.0, &caller, request.into_inner()).await?))
    }

    async fn get_task(
        &self,
        request: Request<pb::GetTaskRequest>,
    ) -> Result<Response<pb::CallbackTask>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(get_task::get_task(&self.0, &caller, request.into_inner()).await?))
    }

    async fn list_tasks(
        &self,
        request: Request<pb::ListTasksRequest>,
    ) -> Result<Response<pb::ListTasksResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(list_tasks::list_tasks(&self.0, &caller, request.into_inner()).await?))
    }

    async fn list_attempts(
        &self,
        request: Request<pb::ListAttemptsRequest>,
    ) -> Result<Response<pb::ListAttemptsResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(list_attempts::list_attempts(&self.0, &caller, request.into_inner()).await?))
    }

    async fn get_task_contact(
        &self,
        request: Request<pb::GetTaskContactRequest>,
    ) -> Result<Response<pb::TaskContact>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(get_task_contact::get_task_contact(&self.0, &caller, request.into_inner()).await?))
    }

    async fn record_attempt(
        &self,
        request: Request<pb::RecordAttemptRequest>,
    ) -> Result<Response<pb::CallbackTask>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(record_attempt::record_attempt(&self.0, &caller, request.into_inner()).await?))
    }

    async fn skip_task(
        &self,
        request: Request<pb::SkipTaskRequest>,
    ) -> Result<Response<pb::CallbackTask>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(skip_task::skip_task(&self.0, &caller, request.into_inner()).await?))
    }
}
