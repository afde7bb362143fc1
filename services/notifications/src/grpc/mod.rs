//! `InboxService`, `WebhookService` and `DeliveryService`: one line an RPC; each is in the file named after it.

mod create_webhook;
mod decode;
mod delete_webhook;
mod list_deliveries;
mod list_inbox;
mod list_webhooks;
mod mark_read;
mod resend_delivery;
mod rotate_webhook_secret;
mod watch_inbox;

use std::sync::Arc;

use gongdan_access::caller;
use gongdan_proto::notifications::v1::{
    self as pb, delivery_service_server::DeliveryService, inbox_service_server::InboxService,
    webhook_service_server::WebhookService,
};
use tonic::{Request, Response, Status};

use crate::Rooms;

type Answer<T> = Result<Response<T>, Status>;

/// The services' RPCs.
#[derive(Clone)]
pub struct Api(pub Arc<Rooms>);

#[tonic::async_trait]
impl InboxService for Api {
    type WatchInboxStream = watch_inbox::Answers;

    async fn list_inbox(&self, request: Request<pb::ListInboxRequest>) -> Answer<pb::ListInboxResponse> {
        let caller = caller(&request)?;
        Ok(Response::new(list_inbox::list_inbox(&self.0, &caller, request.into_inner()).await?))
    }

    async fn watch_inbox(&self, request: Request<pb::WatchInboxRequest>) -> Answer<Self::WatchInboxStream> {
        let caller = caller(&request)?;
        Ok(Response::new(watch_inbox::watch_inbox(&self.0, &caller, request.into_inner()).await?))
    }

    async fn mark_read(&self, request: Request<pb::MarkReadRequest>) -> Answer<pb::MarkReadResponse> {
        let caller = caller(&request)?;
        Ok(Response::new(mark_read::mark_read(&self.0, &caller, request.into_inner()).await?))
    }
}

#[tonic::async_trait]
impl WebhookService for Api {
    async fn create_webhook(&self, request: Request<pb::CreateWebhookRequest>) -> Answer<pb::Webhook> {
        let caller = caller(&request)?;
        Ok(Response::new(create_webhook::create_webhook(&self.0, &caller, request.into_inner()).await?))
    }

    async fn list_webhooks(
        &self,
        request: Request<pb::ListWebhooksRequest>,
    ) -> Answer<pb::ListWebhooksResponse> {
        Ok(Response::new(list_webhooks::list_webhooks(&self.0, &request.into_inner()).await?))
    }

    async fn rotate_webhook_secret(
        &self,
        request: Request<pb::RotateWebhookSecretRequest>,
    ) -> Answer<pb::Webhook> {
        let caller = caller(&request)?;
        Ok(Response::new(
            rotate_webhook_secret::rotate_webhook_secret(&self.0, &caller, request.into_inner()).await?,
        ))
    }

    async fn delete_webhook(
        &self,
        request: Request<pb::DeleteWebhookRequest>,
    ) -> Answer<pb::DeleteWebhookResponse> {
        let caller = caller(&request)?;
        Ok(Response::new(delete_webhook::delete_webhook(&self.0, &caller, request.into_inner()).await?))
    }
}

#[tonic::async_trait]
impl DeliveryService for Api {
    async fn list_deliveries(
        &self,
        request: Request<pb::ListDeliveriesRequest>,
    ) -> Answer<pb::ListDeliveriesResponse> {
        Ok(Response::new(list_deliveries::list_deliveries(&self.0, request.into_inner()).await?))
    }

    async fn resend_delivery(&self, request: Request<pb::ResendDeliveryRequest>) -> Answer<pb::Delivery> {
        Ok(Response::new(resend_delivery::resend_delivery(&self.0, &request.into_inner()).await?))
    }
}
