//! `WebhookService.DeleteWebhook`

use gongdan_auth::Actor;
use gongdan_errors::{Error, Violations};
use gongdan_pg::requests::hash_of;
use gongdan_proto::notifications::v1::{DeleteWebhookRequest, DeleteWebhookResponse};

use super::decode::{id, request_key};
use crate::Rooms;

pub(super) async fn delete_webhook(
    rooms: &Rooms,
    actor: &Actor,
    mut request: DeleteWebhookRequest,
) -> Result<DeleteWebhookResponse, Error> {
    let request_id = std::mem::take(&mut request.request_id);
    let etag = std::mem::take(&mut request.etag);
    let hash = hash_of(&request);
    let mut violations = Violations::new();
    let key = violations.field("request_id", request_key(actor, "DeleteWebhook", &request_id, hash));
    let id = violations.field("id", id(&request.id));
    let (Some(key), Some(id)) = (key, id) else { return Err(violations.into_error()) };
    rooms.store.delete_webhook(id, &etag, &key, rooms.clock.now()).await?;
    Ok(DeleteWebhookResponse {})
}
