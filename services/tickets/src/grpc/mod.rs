//! The RPCs of this service: one line each, the work is in the file named after it.

mod accept_directive;
mod accept_ticket;
mod add_note;
mod advance_ticket;
mod answer_ticket;
mod approve_extension;
mod approve_review;
mod approve_suspension;
mod assign_ticket;
mod book_visit;
mod bulk_act;
mod cancel_ticket;
mod cancel_visit;
mod change_place;
mod check_in_visit;
mod circulate_announcement;
mod circulate_ticket;
mod claim_next;
mod claim_ticket;
mod count_queues;
mod create_ticket;
mod custom_fields;
mod decline_assist;
mod decode;
mod discard_draft;
mod dispatch_ticket;
mod download_attachment;
mod draft_contact;
mod end_call;
mod erase_customer;
mod escalate_ticket;
mod export_tickets;
mod find_similar;
mod get_catalogue;
mod get_contact;
mod get_form;
mod get_key_status;
mod get_priority_matrix;
mod get_recording;
mod get_retention;
mod get_ticket;
mod get_workflow;
mod hand_off_ticket;
mod import_catalogue;
mod intake;
mod issue_directive;
mod link_call;
mod link_ticket;
mod links;
mod list_attachments;
mod list_calls;
mod list_catalogue_items;
mod list_channels;
mod list_circulations;
mod list_directives;
mod list_extensions;
mod list_forms;
mod list_legal_holds;
mod list_notes;
mod list_queue;
mod list_ticket_types;
mod list_tickets;
mod list_timeline;
mod list_workflows;
mod lookup_customer;
mod mark_circulation_read;
mod mark_quality_error;
mod merge_ticket;
mod migrate_tickets;
mod move_visit;
mod place_legal_hold;
mod places;
mod privacy;
mod put_form;
mod put_ticket_type;
mod put_workflow;
mod quarantine;
mod recipient;
mod record_past_ticket;
mod record_past_tickets;
mod reject_directive;
mod reject_extension;
mod reject_review;
mod reject_suspension;
mod release_legal_hold;
mod release_ticket;
mod remove_attachment;
mod reopen_ticket;
mod reply_assist;
mod reply_directive;
mod report_visit;
mod report_visits;
mod request_assist;
mod request_extension;
mod request_suspension;
mod resolve_ticket;
mod resume_ticket;
mod return_ticket;
mod row_error;
mod search_tickets;
mod services;
mod set_channel_standard;
mod set_priority_matrix;
mod set_workflow_rule;
mod split_ticket;
mod start_call;
mod start_rotation;
mod submit_for_review;
mod submit_ticket;
mod track_ticket;
mod transfer_ticket;
mod undo_merge;
mod unlink_ticket;
mod untrack_ticket;
mod update_customer;
mod update_draft;
mod upload_attachment;
mod urge_ticket;
mod validate_fields;
mod validate_workflow;
mod verify_customer;
mod verify_timeline;
mod viewer;
mod visits;
mod waive_assist;
mod watch_queue_counts;
mod watch_rotation;
mod watch_tickets;
mod watched;
mod withdraw_directive;
mod withdraw_quality_error;
mod workflow;

use crate::Rooms;
use gongdan_access::caller;
use gongdan_proto::tickets::v1::{
    self as pb, catalogue_service_server::CatalogueService, customer_service_server::CustomerService,
    priority_service_server::PriorityService, ticket_service_server::TicketService,
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// Tells the audit log which ticket an answer is about.
fn touched(ticket: &pb::Ticket) {
    gongdan_audit::touched("ticket", &ticket.id);
    gongdan_audit::touched("number", &ticket.number);
    if !ticket.customer_id.is_empty() {
        gongdan_audit::touched("customer", &ticket.customer_id);
    }
}

/// All RPCs of this service.
#[derive(Clone)]
pub(crate) struct Api(pub(crate) Arc<Rooms>);

#[tonic::async_trait]
impl TicketService for Api {
    type WatchTicketsStream = watch_tickets::Changes;

    async fn create_ticket(
        &self,
        request: Request<pb::CreateTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(create_ticket::create_ticket(&self.0, &caller, request.into_inner()).await?))
    }

    async fn submit_ticket(
        &self,
        request: Request<pb::SubmitTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(submit_ticket::submit_ticket(&self.0, &caller, request.into_inner()).await?))
    }

    async fn get_ticket(
        &self,
        request: Request<pb::GetTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(get_ticket::get_ticket(&self.0, &caller, request.into_inner()).await?))
    }

    async fn list_tickets(
        &self,
        request: Request<pb::ListTicketsRequest>,
    ) -> Result<Response<pb::ListTicketsResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(list_tickets::list_tickets(&self.0, &caller, request.into_inner()).await?))
    }

    async fn dispatch_ticket(
        &self,
        request: Request<pb::DispatchTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(dispatch_ticket::dispatch_ticket(&self.0, &caller, request.into_inner()).await?))
    }

    async fn accept_ticket(
        &self,
        request: Request<pb::AcceptTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(accept_ticket::accept_ticket(&self.0, &caller, request.into_inner()).await?))
    }

    async fn claim_ticket(
        &self,
        request: Request<pb::ClaimTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(Box::pin(claim_ticket::claim_ticket(&self.0, &caller, request.into_inner())).await?))
    }

    async fn claim_next(
        &self,
        request: Request<pb::ClaimNextRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(Box::pin(claim_next::claim_next(&self.0, &caller, request.into_inner())).await?))
    }

    async fn return_ticket(
        &self,
        request: Request<pb::ReturnTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(return_ticket::return_ticket(&self.0, &caller, request.into_inner()).await?))
    }

    async fn transfer_ticket(
        &self,
        request: Request<pb::TransferTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(transfer_ticket::transfer_ticket(&self.0, &caller, request.into_inner()).await?))
    }

    async fn resolve_ticket(
        &self,
        request: Request<pb::ResolveTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(resolve_ticket::resolve_ticket(&self.0, &caller, request.into_inner()).await?))
    }

    async fn reopen_ticket(
        &self,
        request: Request<pb::ReopenTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(reopen_ticket::reopen_ticket(&self.0, &caller, request.into_inner()).await?))
    }

    async fn cancel_ticket(
        &self,
        request: Request<pb::CancelTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(cancel_ticket::cancel_ticket(&self.0, &caller, request.into_inner()).await?))
    }

    async fn urge_ticket(
        &self,
        request: Request<pb::UrgeTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(urge_ticket::urge_ticket(&self.0, &caller, request.into_inner()).await?))
    }

    async fn list_timeline(
        &self,
        request: Request<pb::ListTimelineRequest>,
    ) -> Result<Response<pb::ListTimelineResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(list_timeline::list_timeline(&self.0, &caller, request.into_inner()).await?))
    }

    async fn record_past_ticket(
        &self,
        request: Request<pb::RecordPastTicketRequest>,
    ) -> Result<Response<pb::RecordPastTicketResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(
            record_past_ticket::record_past_ticket(&self.0, &caller, request.into_inner()).await?,
        ))
    }

    async fn watch_tickets(
        &self,
        request: Request<pb::WatchTicketsRequest>,
    ) -> Result<Response<Self::WatchTicketsStream>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(watch_tickets::watch_tickets(&self.0, &caller, request.into_inner()).await?))
    }
}

#[tonic::async_trait]
impl CustomerService for Api {
    async fn lookup_customer(
        &self,
        request: Request<pb::LookupCustomerRequest>,
    ) -> Result<Response<pb::LookupCustomerResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(lookup_customer::lookup_customer(&self.0, &caller, request.into_inner()).await?))
    }

    async fn update_customer(
        &self,
        request: Request<pb::UpdateCustomerRequest>,
    ) -> Result<Response<pb::CustomerProfile>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(update_customer::update_customer(&self.0, &caller, request.into_inner()).await?))
    }

    async fn verify_customer(
        &self,
        request: Request<pb::VerifyCustomerRequest>,
    ) -> Result<Response<pb::VerifyCustomerResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(verify_customer::verify_customer(&self.0, &caller, request.into_inner()).await?))
    }

    async fn get_contact(
        &self,
        request: Request<pb::GetContactRequest>,
    ) -> Result<Response<pb::Contact>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(get_contact::get_contact(&self.0, &caller, request.into_inner()).await?))
    }
}

#[tonic::async_trait]
impl CatalogueService for Api {
    async fn import_catalogue(
        &self,
        request: Request<pb::ImportCatalogueRequest>,
    ) -> Result<Response<pb::Catalogue>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(import_catalogue::import_catalogue(&self.0, &caller, request.into_inner()).await?))
    }

    async fn get_catalogue(
        &self,
        request: Request<pb::GetCatalogueRequest>,
    ) -> Result<Response<pb::Catalogue>, Status> {
        Ok(Response::new(get_catalogue::get_catalogue(&self.0, request.into_inner()).await?))
    }

    async fn list_catalogue_items(
        &self,
        request: Request<pb::ListCatalogueItemsRequest>,
    ) -> Result<Response<pb::ListCatalogueItemsResponse>, Status> {
        Ok(Response::new(list_catalogue_items::list_catalogue_items(&self.0, request.into_inner()).await?))
    }
}

#[tonic::async_trait]
impl PriorityService for Api {
    async fn get_priority_matrix(
        &self,
        request: Request<pb::GetPriorityMatrixRequest>,
    ) -> Result<Response<pb::PriorityMatrix>, Status> {
        Ok(Response::new(get_priority_matrix::get_priority_matrix(&self.0, request.into_inner()).await?))
    }

    async fn set_priority_matrix(
        &self,
        request: Request<pb::SetPriorityMatrixRequest>,
    ) -> Result<Response<pb::PriorityMatrix>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(
            set_priority_matrix::set_priority_matrix(&self.0, &caller, request.into_inner()).await?,
        ))
    }
}
