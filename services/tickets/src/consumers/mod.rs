//! What this service listens to, one file a source and purpose.

mod apply;
pub(crate) mod callback;
pub(crate) mod organisation;
pub(crate) mod routing;
pub(crate) mod sla;

pub(crate) use apply::system;
