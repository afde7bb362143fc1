//! Webhooks: a signed POST. Source: N7.

use std::{error::Error as _, sync::Arc};

use gongdan_notifications_domain::{EndpointRules, sign};
use jiff::Timestamp;
use reqwest::{Client, header::CONTENT_TYPE, redirect::Policy};
use uuid::Uuid;

use super::{
    outcome::Outcome,
    resolver::{Guard, NoAddress},
};
use crate::{
    config::WebhooksConfig,
    store::{Claimed, Store, Webhook},
};

const GONE: u16 = 410;

/// Posts to endpoints.
pub struct Poster {
    http: Client,
    rules: EndpointRules,
}

impl Poster {
    pub fn new(config: &WebhooksConfig, guard: Guard) -> Result<Self, reqwest::Error> {
        let http = Client::builder()
            .timeout(config.timeout)
            .connect_timeout(config.timeout)
            .https_only(!config.allow_http)
            // Nobody is sent on to where no rule has looked.
            .redirect(Policy::none())
            // A proxy would resolve names by itself, past the check of addresses.
            .no_proxy()
            .dns_resolver(Arc::new(guard))
            .user_agent(concat!("gongdan/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, rules: config.rules() })
    }

    pub async fn send(&self, store: &Store, claimed: &Claimed, at: Timestamp) -> Outcome {
        let endpoint = match Uuid::try_parse(&claimed.recipient) {
            Ok(id) => store.webhook(id).await,
            Err(_) => Ok(None),
        };
        match endpoint {
            Ok(Some(endpoint)) if endpoint.enabled => self.post(&endpoint, claimed, at).await,
            Ok(_) => Outcome::NoRecipient,
            Err(_) => Outcome::failed(0, "the endpoint could not be read"),
        }
    }

    async fn post(&self, endpoint: &Webhook, claimed: &Claimed, at: Timestamp) -> Outcome {
        // The rules may have become stricter since it was registered. An address that stands in the URL meets no
        // resolver, so it is judged here.
        let url = match self.rules.parse(&endpoint.url) {
            Ok(url) => url,
            Err(rule) => return Outcome::refused(0, format!("the URL must be {rule}")),
        };
        let headers = sign(&claimed.id.to_string(), at, claimed.body.as_bytes(), &endpoint.secrets(at));
        let answer = self
            .http
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", headers.id)
            .header("webhook-timestamp", headers.timestamp)
            .header("webhook-signature", headers.signature)
            .body(claimed.body.clone())
            .send()
            .await;
        // The body of an answer is never read, however long it is.
        match answer.map(|answer| answer.status()) {
            Ok(status) if status.is_success() => Outcome::Delivered { code: status.as_u16().into() },
            Ok(status) if status.as_u16() == GONE => {
                Outcome::Gone { endpoint: endpoint.id, code: GONE.into() }
            }
            Ok(status) if status.is_redirection() => {
                Outcome::failed(status.as_u16().into(), "the answer leads elsewhere, and is not followed")
            }
            Ok(status) => Outcome::failed(status.as_u16().into(), "the answer is no success"),
            Err(error) => explain(&error),
        }
    }
}

fn explain(error: &reqwest::Error) -> Outcome {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(why) = inner.downcast_ref::<NoAddress>() {
            return Outcome::failed(0, format!("the URL must have {why}"));
        }
        cause = inner.source();
    }
    let why = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection was lost"
    };
    Outcome::failed(0, why)
}
