//! What other services' events become. One file an owner.

mod callback;
mod routing;
mod sla;
mod tickets;

use gongdan_access::ScopeProjection;
use gongdan_outbox::{Consumer, ConsumerBuilder, Handler, OwnerLog};
use gongdan_runtime::Peers;
use std::sync::Arc;

/// One owner whose events are counted: how they are heard, and where they are read again.
#[derive(Clone)]
pub(crate) struct Source {
    /// The owner: `tickets`.
    pub(crate) name: &'static str,
    /// The consumer: `reporting-tickets`.
    pub(crate) consumer: &'static str,
    pub(crate) builder: ConsumerBuilder,
    pub(crate) handler: Arc<dyn Handler>,
    pub(crate) owner: Arc<dyn OwnerLog>,
}

/// All of them.
///
/// # Errors
/// When the address of one is not configured.
pub(crate) fn sources(peers: &Peers) -> anyhow::Result<Vec<Source>> {
    let source = |name, consumer, handler: Arc<dyn Handler>| {
        let builder = Consumer::builder(consumer, name);
        anyhow::Ok(Source { name, consumer, builder, handler, owner: peers.owner_log(name)? })
    };
    let mut units = source("routing", "reporting-units", Arc::new(routing::Units))?;
    units.builder = units.builder.events(&["unit_changed"]).latest_only(true);
    let mut clocks = source("sla", "reporting-sla", Arc::new(sla::Clocks))?;
    clocks.builder = clocks.builder.events(&sla::EVENTS);
    let mut callback = source("callback", "reporting-callback", Arc::new(callback::Callbacks))?;
    callback.builder = callback.builder.events(&["completed"]);
    Ok(vec![
        source("tickets", "reporting-tickets", ScopeProjection::around(Arc::new(tickets::Tickets)))?,
        clocks,
        callback,
        units,
    ])
}
