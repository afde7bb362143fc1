//! What other services' events become. One file an owner.

mod callback;
mod routing;
mod sla;
mod tickets;

pub(crate) use callback::Callbacks;
pub(crate) use routing::Units;
pub(crate) use sla::Clocks;
pub(crate) use tickets::Tickets;
