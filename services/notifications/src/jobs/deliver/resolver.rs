//! Names of webhook endpoints lead to permitted addresses only, whatever they led to when they were registered: what is
//! found here is what is connected to.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use futures::future::BoxFuture;
use gongdan_notifications_domain::{Forbidden, Reach};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// How long a name may take to be found.
const PATIENCE: Duration = Duration::from_secs(5);

/// Finds the addresses of names.
pub trait Names: Send + Sync + 'static {
    /// The addresses of a name.
    fn look_up(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// As this machine finds them.
#[derive(Debug, Clone, Copy)]
pub struct SystemNames;

impl Names for SystemNames {
    fn look_up(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Why a name leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum NoAddress {
    /// Nobody knows it, or nobody answers.
    #[error("a name that leads to an address")]
    Unknown,
    /// None of its addresses may be reached.
    #[error("a name that leads to {0}")]
    Forbidden(Forbidden),
}

/// Finds the addresses of names and leaves out those that webhooks may not reach.
#[derive(Clone)]
pub struct Guard {
    names: Arc<dyn Names>,
    reach: Reach,
}

impl Guard {
    /// Over the addresses that `names` finds.
    pub fn new(names: Arc<dyn Names>, reach: Reach) -> Self {
        Self { names, reach }
    }

    /// The permitted addresses of a name; never none.
    ///
    /// # Errors
    /// When there is none.
    pub async fn look_up(&self, name: &str) -> Result<Vec<IpAddr>, NoAddress> {
        let found = tokio::time::timeout(PATIENCE, self.names.look_up(name.to_owned())).await;
        let found = found.ok().and_then(Result::ok).ok_or(NoAddress::Unknown)?;
        let mut refused = NoAddress::Unknown;
        let mut permitted = Vec::with_capacity(found.len());
        for address in found {
            match self.reach.permit(address) {
                Ok(()) => permitted.push(address),
                Err(why) => refused = NoAddress::Forbidden(why),
            }
        }
        if permitted.is_empty() { Err(refused) } else { Ok(permitted) }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let permitted = guard.look_up(name.as_str()).await?;
            Ok(Box::new(permitted.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}
