//! An owner's event log in memory, where the owner is not under test.

use std::sync::{Arc, Mutex};

use futures::{StreamExt, stream};
use gongdan_bus::Event;
use gongdan_errors::Error;
use gongdan_outbox::{OwnerLog, ReplayStream};
use uuid::Uuid;

/// Events in the order in which they were added. Cheap to clone; clones share the log.
#[derive(Clone, Default)]
pub struct FakeOwnerLog(Arc<Mutex<Vec<Event>>>);

impl FakeOwnerLog {
    /// A log with these events.
    #[must_use]
    pub fn new(events: impl IntoIterator<Item = Event>) -> Self {
        Self(Arc::new(Mutex::new(events.into_iter().collect())))
    }

    /// Adds an event.
    ///
    /// # Panics
    /// When a test panicked in here.
    pub fn add(&self, event: Event) {
        self.0.lock().expect("no test panicked in here").push(event);
    }

    fn all(&self) -> Vec<Event> {
        self.0.lock().expect("no test panicked in here").clone()
    }
}

#[async_trait::async_trait]
impl OwnerLog for FakeOwnerLog {
    async fn fetch(&self, aggregate_id: Uuid, from_version: i64) -> Result<Vec<Event>, Error> {
        let mut found = self.all();
        found.retain(|event| event.aggregate_id == aggregate_id && event.version >= from_version);
        found.sort_by_key(|event| event.version);
        Ok(found)
    }

    async fn pick(&self, aggregate_ids: &[Uuid], kind: &str) -> Result<Vec<Event>, Error> {
        let mut found = self.all();
        found.retain(|event| aggregate_ids.contains(&event.aggregate_id) && event.kind == kind);
        Ok(found)
    }

    async fn replay(&self, from: Option<String>) -> Result<ReplayStream, Error> {
        let after = match from {
            None => 0,
            Some(position) => {
                position.parse().map_err(|_| Error::invalid_field("from", "a position of the owner's log"))?
            }
        };
        let events = self.all().into_iter().enumerate().skip(after);
        Ok(stream::iter(events.map(|(index, event)| Ok((event, (index + 1).to_string())))).boxed())
    }
}
