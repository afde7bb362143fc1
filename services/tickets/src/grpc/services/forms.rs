//! Forms, ticket types, channels and the quarantine.

use super::super::{
    Api, get_form, list_channels, list_forms, list_ticket_types, put_form, put_ticket_type, release_ticket,
    set_channel_standard, validate_fields,
};
use gongdan_access::caller;
use gongdan_proto::tickets::v1::{
    self as pb, channel_service_server::ChannelService, form_service_server::FormService,
    quarantine_service_server::QuarantineService, ticket_type_service_server::TicketTypeService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl FormService for Api {
    async fn put_form(&self, request: Request<pb::PutFormRequest>) -> Result<Response<pb::Form>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(put_form::put_form(&self.0, &caller, request.into_inner()).await?))
    }

    async fn get_form(&self, request: Request<pb::GetFormRequest>) -> Result<Response<pb::Form>, Status> {
        Ok(Response::new(get_form::get_form(&self.0, request.into_inner()).await?))
    }

    async fn list_forms(
        &self,
        request: Request<pb::ListFormsRequest>,
    ) -> Result<Response<pb::ListFormsResponse>, Status> {
        Ok(Response::new(list_forms::list_forms(&self.0, request.into_inner()).await?))
    }

    async fn validate_fields(
        &self,
        request: Request<pb::ValidateFieldsRequest>,
    ) -> Result<Response<pb::ValidateFieldsResponse>, Status> {
        Ok(Response::new(validate_fields::validate_fields(&self.0, request.into_inner()).await?))
    }
}

#[tonic::async_trait]
impl TicketTypeService for Api {
    async fn list_ticket_types(
        &self,
        _request: Request<pb::ListTicketTypesRequest>,
    ) -> Result<Response<pb::ListTicketTypesResponse>, Status> {
        Ok(Response::new(list_ticket_types::list_ticket_types(&self.0).await?))
    }

    async fn put_ticket_type(
        &self,
        request: Request<pb::PutTicketTypeRequest>,
    ) -> Result<Response<pb::TicketTypeDefinition>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(put_ticket_type::put_ticket_type(&self.0, &caller, request.into_inner()).await?))
    }
}

#[tonic::async_trait]
impl ChannelService for Api {
    async fn list_channels(
        &self,
        _request: Request<pb::ListChannelsRequest>,
    ) -> Result<Response<pb::ListChannelsResponse>, Status> {
        Ok(Response::new(list_channels::list_channels(&self.0).await?))
    }

    async fn set_channel_standard(
        &self,
        request: Request<pb::SetChannelStandardRequest>,
    ) -> Result<Response<pb::ChannelStandard>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        Ok(Response::new(set_channel_standard::set_channel_standard(&self.0, &caller, request).await?))
    }
}

#[tonic::async_trait]
impl QuarantineService for Api {
    async fn release_ticket(
        &self,
        request: Request<pb::ReleaseTicketRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(release_ticket::release_ticket(&self.0, &caller, request.into_inner()).await?))
    }
}
