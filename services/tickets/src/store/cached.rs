//! Small things that every intake reads and that seldom change, kept in memory.

use gongdan_errors::Error;
use std::{
    future::Future,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::{sync::Mutex, time::Instant};

/// Another replica's change is seen after at most this time.
const FRESH: Duration = Duration::from_secs(5);

/// A value read at most every few seconds.
pub(crate) struct Cached<T> {
    value: RwLock<Option<(Instant, Arc<T>)>>,
    reading: Mutex<()>,
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self { value: RwLock::new(None), reading: Mutex::new(()) }
    }
}

impl<T> Cached<T> {
    /// The value, read anew when it is old; of many that find it old, one reads.
    pub(crate) async fn get<F>(&self, read: impl FnOnce() -> F) -> Result<Arc<T>, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        if let Some(value) = self.fresh() {
            return Ok(value);
        }
        let _reading = self.reading.lock().await;
        if let Some(value) = self.fresh() {
            return Ok(value);
        }
        let value = Arc::new(read().await?);
        *self.value.write().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), value.clone()));
        Ok(value)
    }

    /// Forgets it, because this process changed it.
    pub(crate) fn forget(&self) {
        *self.value.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn fresh(&self) -> Option<Arc<T>> {
        let value = self.value.read().unwrap_or_else(PoisonError::into_inner);
        value.as_ref().filter(|(at, _)| at.elapsed() < FRESH).map(|(_, value)| value.clone())
    }
}
