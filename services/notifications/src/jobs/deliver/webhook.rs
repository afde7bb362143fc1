//! Webhooks: a signed POST. Source: N7.

use std::{error::Error as _, net::IpAddr};

use gongdan_notifications_domain::{is_public, sign};
use jiff::Timestamp;
use reqwest::{Client, Url, header::CONTENT_TYPE, redirect::Policy};
use uuid::Uuid;

use super::{
    outcome::Outcome,
    resolver::{NotPublic, PublicOnly},
};
use crate::{
    config::WebhooksConfig,
    store::{Claimed, Store, Webhook},
};

const GONE: u16 = 410;

/// Posts to endpoints.
pub struct Poster {
    http: Client,
    allow_private: bool,
}

impl Poster {
    pub fn new(config: &WebhooksConfig) -> Result<Self, reqwest::Error> {
        let mut http = Client::builder()
            .timeout(config.timeout)
            .redirect(Policy::none())
            // A proxy would resolve names by itself, past the check of addresses.
            .no_proxy()
            .user_agent(concat!("gongdan/", env!("CARGO_PKG_VERSION")));
        if !config.allow_private {
            http = http.dns_resolver(std::sync::Arc::new(PublicOnly));
        }
        Ok(Self { http: http.build()?, allow_private: config.allow_private })
    }

    pub async fn send(&self, store: &Store, claimed: &Claimed, at: Timestamp) -> Outcome {
        let endpoint = match Uuid::try_parse(&claimed.recipient) {
            Ok(id) => store.webhook(id).await,
            Err(_) => Ok(None),
        };
        match endpoint {
            Ok(Some(endpoint)) if endpoint.enabled => self.post(&endpoint, claimed, at).await,
            Ok(_) => Outcome::NoRecipient,
            Err(_) => Outcome::Failed { code: 0, why: "the endpoint could not be read" },
        }
    }

    async fn post(&self, endpoint: &Webhook, claimed: &Claimed, at: Timestamp) -> Outcome {
        let Ok(url) = Url::parse(&endpoint.url) else {
            return Outcome::Refused { code: 0, why: "the URL cannot be read" };
        };
        if !self.allow_private && literal_address(&url).is_some_and(|address| !is_public(address)) {
            return Outcome::Refused { code: 0, why: "the URL leads to a private address" };
        }
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
        match answer {
            Ok(answer) if answer.status().is_success() => {
                Outcome::Delivered { code: answer.status().as_u16().into() }
            }
            Ok(answer) if answer.status().as_u16() == GONE => {
                Outcome::Gone { endpoint: endpoint.id, code: GONE.into() }
            }
            Ok(answer) => {
                Outcome::Failed { code: answer.status().as_u16().into(), why: "the answer is no success" }
            }
            Err(error) => Outcome::Failed { code: 0, why: explain(&error) },
        }
    }
}

/// The address that stands in a URL in place of a name.
pub fn literal_address(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn explain(error: &reqwest::Error) -> &'static str {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<NotPublic>() {
            return "the name leads to no public address";
        }
        cause = inner.source();
    }
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection was lost"
    }
}
