//! A JWKS document over HTTP, found by its URL or by discovery. Source: OpenID Connect Discovery 1.0, sections 4 and 7.

use super::document::Document;
use opentelemetry::{KeyValue, metrics::Counter};
use reqwest::{Certificate, Client, Url, redirect};
use serde::Deserialize;
use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

const MAX_DOCUMENT: usize = 1 << 20;
const MAX_REDIRECTS: usize = 3;

/// Where an issuer says where its keys are.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// At this URL.
    Url(String),
    /// At the `jwks_uri` of `{issuer}/.well-known/openid-configuration`.
    Discovery,
}

/// Fetches the keys of one issuer.
pub(crate) struct RemoteKeys {
    issuer: String,
    place: Place,
    trust: Trust,
    /// What discovery said last.
    discovered: Mutex<Option<String>>,
    fetches: Counter<u64>,
}

/// Which authorities the issuer's own certificate may be of.
enum Trust {
    /// Those known to all.
    All(Client),
    /// Those in a file, as it is at the time of a fetch.
    File(PathBuf),
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

impl RemoteKeys {
    pub(crate) fn new(
        issuer: String,
        place: Place,
        ca_file: Option<PathBuf>,
    ) -> Result<Self, reqwest::Error> {
        let trust = match ca_file {
            Some(file) => Trust::File(file),
            None => Trust::All(settings().build()?),
        };
        let fetches = gongdan_telemetry::meter()
            .u64_counter("gongdan.auth.jwks_fetches")
            .with_unit("{fetch}")
            .with_description("Fetches of an issuer's keys")
            .build();
        Ok(Self { issuer, place, trust, discovered: Mutex::new(None), fetches })
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The document as it is published now.
    ///
    /// # Errors
    /// When it cannot be had, or holds no key that could be used: that is no rotation but an accident.
    pub(crate) async fn fetch(&self) -> Result<Document, String> {
        let fetched = self.try_fetch().await;
        let outcome = if fetched.is_ok() { "ok" } else { "failed" };
        let labels =
            [KeyValue::new("gongdan.issuer", self.issuer.clone()), KeyValue::new("gongdan.outcome", outcome)];
        self.fetches.add(1, &labels);
        fetched
    }

    async fn try_fetch(&self) -> Result<Document, String> {
        let http = self.client().await?;
        let url = match &self.place {
            Place::Url(url) => url.clone(),
            Place::Discovery => self.discover(&http).await?,
        };
        let bytes = download(&http, &url).await?;
        let document = Document::parse(&bytes).map_err(|why| format!("{url}: {why}"))?;
        if document.is_empty() {
            return Err(format!("{url} holds no key for signatures"));
        }
        Ok(document)
    }

    /// Where the keys are. A discovery document that cannot be had leaves the place it last named.
    async fn discover(&self, http: &Client) -> Result<String, String> {
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let bytes = match download(http, &url).await {
            Ok(bytes) => bytes,
            Err(why) => return self.discovered().clone().ok_or(why),
        };
        let metadata: Metadata = serde_json::from_slice(&bytes).map_err(|why| format!("{url}: {why}"))?;
        if metadata.issuer != self.issuer {
            return Err(format!("{url} speaks for issuer {:?}, not for {:?}", metadata.issuer, self.issuer));
        }
        if !is_safe(&metadata.jwks_uri) {
            return Err(format!(
                "{url}: jwks_uri {:?} is neither https nor of this machine",
                metadata.jwks_uri
            ));
        }
        *self.discovered() = Some(metadata.jwks_uri.clone());
        Ok(metadata.jwks_uri)
    }

    fn discovered(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.discovered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn client(&self) -> Result<Client, String> {
        let path = match &self.trust {
            Trust::All(client) => return Ok(client.clone()),
            Trust::File(path) => path,
        };
        let failed = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
        let pem = tokio::fs::read(path).await.map_err(|why| failed(&why))?;
        let authorities = Certificate::from_pem_bundle(&pem).map_err(|why| failed(&why))?;
        if authorities.is_empty() {
            return Err(failed(&"it holds no certificate"));
        }
        let builder = settings().tls_built_in_root_certs(false);
        let builder = authorities.into_iter().fold(builder, reqwest::ClientBuilder::add_root_certificate);
        builder.build().map_err(|why| failed(&chain(&why)))
    }
}

fn settings() -> reqwest::ClientBuilder {
    Client::builder().connect_timeout(Duration::from_secs(3)).timeout(Duration::from_secs(5)).redirect(
        redirect::Policy::custom(|attempt| {
            if attempt.previous().len() > MAX_REDIRECTS {
                attempt.error("too many redirects")
            } else if is_safe(attempt.url().as_str()) {
                attempt.follow()
            } else {
                attempt.error("redirected to where is neither https nor this machine")
            }
        }),
    )
}

/// Whether what is fetched from there is what its owner published: https, or this machine.
pub(crate) fn is_safe(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(url::Host::Domain(name))) => name == "localhost",
        ("http", Some(url::Host::Ipv4(address))) => address.is_loopback(),
        ("http", Some(url::Host::Ipv6(address))) => address.is_loopback(),
        _ => false,
    }
}

async fn download(http: &Client, url: &str) -> Result<Vec<u8>, String> {
    let failed = |why: reqwest::Error| chain(&why);
    let mut answer =
        http.get(url).send().await.and_then(reqwest::Response::error_for_status).map_err(failed)?;
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        if bytes.len() + chunk.len() > MAX_DOCUMENT {
            return Err(format!("{url} is longer than {MAX_DOCUMENT} bytes"));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// What went wrong, down to its cause: the library's own words end at "error sending request".
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::is_safe;

    #[test]
    fn keys_come_over_https_or_from_this_machine() {
        for good in [
            "https://id.example.cn/jwks",
            "http://127.0.0.1:8080/jwks",
            "http://localhost/jwks",
            "http://[::1]:80/jwks",
        ] {
            assert!(is_safe(good), "{good}");
        }
        for bad in [
            "http://id.example.cn/jwks",
            "http://localhost.example.cn/jwks",
            "http://10.0.0.1/jwks",
            "file:///etc/passwd",
            "gongdan-local",
            "",
        ] {
            assert!(!is_safe(bad), "{bad}");
        }
    }
}
