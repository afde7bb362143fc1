//! The caller of a stream that shows what its caller may see: asked again while it lasts.

use crate::caller::Caller;
use gongdan_errors::Error;
use std::time::Duration;
use tokio::time::Instant;

/// Between two times at which the caller of a stream is asked whether it is still who it was.
pub(crate) const EVERY: Duration = Duration::from_secs(2);

/// The caller of a stream.
pub struct Standing {
    caller: Caller,
    asked: Instant,
}

impl Standing {
    /// As the stream begins.
    #[must_use]
    pub fn new(caller: Caller) -> Self {
        Self { caller, asked: Instant::now() }
    }

    /// The caller when it was asked again, which happens at most every two seconds: what is filtered by scope is filtered
    /// by this one's from now on. To be called before each thing that is sent.
    ///
    /// # Errors
    /// Those of [`Caller::again`]; the stream ends with them.
    pub async fn renewed(&mut self) -> Result<Option<&Caller>, Error> {
        if self.asked.elapsed() < EVERY {
            return Ok(None);
        }
        self.caller = self.caller.again().await?;
        self.asked = Instant::now();
        Ok(Some(&self.caller))
    }
}
