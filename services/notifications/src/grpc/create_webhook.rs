//! `WebhookService.CreateWebhook`

use gongdan_auth::Actor;
use gongdan_clock::new_id;
use gongdan_errors::{Error, Violations};
use gongdan_notifications_domain::{EventTypes, Secret};
use gongdan_pg::{RequestKey, requests::hash_of};
use gongdan_proto::notifications::v1::{CreateWebhookRequest, Webhook};

use super::decode::{endpoint_url, request_key, text};
use crate::{Rooms, store::NewWebhook};

const LONGEST_DESCRIPTION: usize = 200;

pub(super) async fn create_webhook(
    rooms: &Rooms,
    actor: &Actor,
    request: CreateWebhookRequest,
) -> Result<Webhook, Error> {
    let (new, key) = decode(rooms, actor, request)?;
    let webhook = rooms.store.create_webhook(&new, &key, rooms.clock.now()).await?;
    // A retry is answered as the first time, as long as the secret is still that of the first time.
    Ok(webhook.to_proto(webhook.version == 1))
}

fn decode(
    rooms: &Rooms,
    actor: &Actor,
    mut request: CreateWebhookRequest,
) -> Result<(NewWebhook, RequestKey), Error> {
    let request_id = std::mem::take(&mut request.request_id);
    let hash = hash_of(&request);
    let mut violations = Violations::new();
    let key = violations.field("request_id", request_key(actor, "CreateWebhook", &request_id, hash));
    let url = violations.field("url", endpoint_url(&request.url, rooms.allow_private));
    let event_types = violations.field("event_types", EventTypes::parse(request.event_types));
    let description = violations.field("description", text(request.description, LONGEST_DESCRIPTION));
    let (Some(key), Some(url), Some(event_types), Some(description)) = (key, url, event_types, description)
    else {
        return Err(violations.into_error());
    };
    let id = new_id(rooms.clock.now());
    Ok((NewWebhook { id, url, event_types, description, secret: Secret::new(rand::random()) }, key))
}
