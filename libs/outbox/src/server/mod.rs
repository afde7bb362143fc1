//! The two RPC services that every service serves beside its own.

mod dead_letters;
mod events;

pub use dead_letters::DeadLetterServer;
pub use events::EventServer;

use gongdan_errors::Error;
use std::{fmt, sync::Arc};
use tonic::Extensions;

type Check = dyn Fn(&Extensions) -> Result<String, Error> + Send + Sync;

/// Who may call: looks at the extensions of a request, where authentication left the caller, and gives the caller's id
/// or refuses.
#[derive(Clone)]
pub struct Guard(Arc<Check>);

impl Guard {
    /// From a function.
    pub fn new(check: impl Fn(&Extensions) -> Result<String, Error> + Send + Sync + 'static) -> Self {
        Self(Arc::new(check))
    }

    /// The caller's id.
    ///
    /// # Errors
    /// What the check refuses with.
    pub fn check(&self, extensions: &Extensions) -> Result<String, Error> {
        (self.0)(extensions)
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}
