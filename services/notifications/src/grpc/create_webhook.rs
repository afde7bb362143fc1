//! `WebhookService.CreateWebhook`

use gongdan_auth::Actor;
use gongdan_clock::new_id;
use gongdan_errors::{Error, Violations};
use gongdan_notifications_domain::{EventTypes, Secret};
use gongdan_pg::{RequestKey, requests::hash_of};
use gongdan_proto::notifications::v1::{CreateWebhookRequest, Webhook};
use reqwest::Url;

use super::decode::{request_key, text};
use crate::{Rooms, jobs::deliver::NoAddress, store::NewWebhook};

const LONGEST_DESCRIPTION: usize = 200;

pub(super) async fn create_webhook(
    rooms: &Rooms,
    actor: &Actor,
    request: CreateWebhookRequest,
) -> Result<Webhook, Error> {
    let (new, key) = decode(rooms, actor, request)?;
    let webhook = match rooms.store.registered_webhook(&key).await? {
        Some(webhook) => webhook,
        None => {
            check_name(rooms, &new.url).await?;
            rooms.store.create_webhook(&new, &key, rooms.clock.now()).await?
        }
    };
    // A retry is answered as the first time, as long as the secret is still that of the first time.
    Ok(webhook.to_proto(webhook.version == 1))
}

/// Refuses a name that leads only to addresses webhooks may not reach. One that leads nowhere yet is let in: each attempt
/// looks again.
async fn check_name(rooms: &Rooms, url: &Url) -> Result<(), Error> {
    match url.domain() {
        Some(name) => match rooms.guard.look_up(name).await {
            Err(NoAddress::Forbidden(why)) => Err(Error::invalid_field("url", NoAddress::Forbidden(why))),
            Ok(_) | Err(NoAddress::Unknown) => Ok(()),
        },
        None => Ok(()),
    }
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
    let url = violations.field("url", rooms.endpoints.parse(&request.url));
    let event_types = violations.field("event_types", EventTypes::parse(request.event_types));
    let description = violations.field("description", text(request.description, LONGEST_DESCRIPTION));
    let (Some(key), Some(url), Some(event_types), Some(description)) = (key, url, event_types, description)
    else {
        return Err(violations.into_error());
    };
    let id = new_id(rooms.clock.now());
    Ok((NewWebhook { id, url, event_types, description, secret: Secret::new(rand::random()) }, key))
}
