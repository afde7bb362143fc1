//! `WorkflowService`: one line an RPC.

use super::super::{
    Api, advance_ticket, get_workflow, list_workflows, migrate_tickets, put_workflow, set_workflow_rule,
    validate_workflow,
};
use gongdan_access::caller;
use gongdan_proto::tickets::v1::{self as pb, workflow_service_server::WorkflowService};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl WorkflowService for Api {
    type MigrateTicketsStream = migrate_tickets::Migrated;

    async fn list_workflows(
        &self,
        request: Request<pb::ListWorkflowsRequest>,
    ) -> Result<Response<pb::ListWorkflowsResponse>, Status> {
        Ok(Response::new(list_workflows::list_workflows(&self.0, request.into_inner()).await?))
    }

    async fn get_workflow(
        &self,
        request: Request<pb::GetWorkflowRequest>,
    ) -> Result<Response<pb::Workflow>, Status> {
        Ok(Response::new(get_workflow::get_workflow(&self.0, request.into_inner()).await?))
    }

    async fn validate_workflow(
        &self,
        request: Request<pb::ValidateWorkflowRequest>,
    ) -> Result<Response<pb::ValidateWorkflowResponse>, Status> {
        Ok(Response::new(validate_workflow::validate_workflow(request.into_inner()).await?))
    }

    async fn put_workflow(
        &self,
        request: Request<pb::PutWorkflowRequest>,
    ) -> Result<Response<pb::Workflow>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(put_workflow::put_workflow(&self.0, &caller, request.into_inner()).await?))
    }

    async fn set_workflow_rule(
        &self,
        request: Request<pb::SetWorkflowRuleRequest>,
    ) -> Result<Response<pb::WorkflowRule>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(set_workflow_rule::set_workflow_rule(&self.0, &caller, request.into_inner()).await?))
    }

    async fn migrate_tickets(
        &self,
        request: Request<pb::MigrateTicketsRequest>,
    ) -> Result<Response<Self::MigrateTicketsStream>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(migrate_tickets::migrate_tickets(&self.0, &caller, request.into_inner()).await?))
    }

    async fn advance_ticket(
        &self,
        request: Request<pb::AdvanceTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(advance_ticket::advance_ticket(&self.0, &caller, request.into_inner()).await?))
    }
}
