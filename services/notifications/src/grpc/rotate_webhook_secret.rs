//! `WebhookService.RotateWebhookSecret`

use gongdan_auth::Actor;
use gongdan_errors::{Error, Violations};
use gongdan_notifications_domain::Secret;
use gongdan_pg::requests::hash_of;
use gongdan_proto::notifications::v1::{RotateWebhookSecretRequest, Webhook};
use jiff::Timestamp;

use super::decode::{id, request_key};
use crate::Rooms;

pub(super) async fn rotate_webhook_secret(
    rooms: &Rooms,
    actor: &Actor,
    mut request: RotateWebhookSecretRequest,
) -> Result<Webhook, Error> {
    let request_id = std::mem::take(&mut request.request_id);
    let etag = std::mem::take(&mut request.etag);
    let hash = hash_of(&request);
    let mut violations = Violations::new();
    let key = violations.field("request_id", request_key(actor, "RotateWebhookSecret", &request_id, hash));
    let id = violations.field("id", id(&request.id));
    let (Some(key), Some(id)) = (key, id) else { return Err(violations.into_error()) };
    let now = rooms.clock.now();
    let old_until = now.saturating_add(rooms.old_secret_valid).unwrap_or(Timestamp::MAX);
    let secret = Secret::new(rand::random());
    let webhook = rooms.store.rotate_webhook_secret(id, &etag, &secret, old_until, &key, now).await?;
    Ok(webhook.to_proto(true))
}
