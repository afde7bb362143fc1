//! Names of webhook endpoints lead to public addresses only, whatever they led to when they were registered.

use std::net::SocketAddr;

use gongdan_notifications_domain::is_public;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Resolves names and leaves out what is not public.
#[derive(Debug, Clone, Copy)]
pub struct PublicOnly;

/// A name that leads to no public address.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to no public address")]
pub struct NotPublic;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(Box::new(NotPublic).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}
