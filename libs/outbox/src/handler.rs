//! What a service does with the events of another.

use gongdan_bus::Event;
use gongdan_errors::{Code, Error};
use sqlx::PgConnection;
use uuid::Uuid;

/// Applies events to the service's own tables.
#[async_trait::async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Applies events within the transaction of `connection`, which also records their versions. There may be many, of
    /// many aggregates; those of one aggregate come in the order of their versions. Versions whose type the consumer did
    /// not ask for are left out.
    ///
    /// After an error everything done here is rolled back and a smaller set may be offered, down to one event. Nothing
    /// may be done outside the transaction: that belongs into [`Handler::committed`].
    ///
    /// # Errors
    /// [`ApplyError`]; what it says decides whether the events wait or are set aside.
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError>;

    /// Called after the transaction of these events has committed, to refresh what is kept in memory or to wake a job.
    /// It may be lost when the process dies, never called for what was not committed.
    async fn committed(&self, _events: &[Event]) {}
}

/// Why events could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// This event cannot be applied; its aggregate is held back, others go on.
    #[error("{reason}")]
    Poison {
        /// The event.
        event_id: Uuid,
        /// What is wrong with it, without personal data.
        reason: String,
    },
    /// Something among these events cannot be applied; it is found by offering fewer.
    #[error("{0:#}")]
    Failed(anyhow::Error),
    /// Something that is needed is away; all of them wait and are offered again, without counting as an attempt.
    #[error("{0:#}")]
    Transient(anyhow::Error),
}

impl ApplyError {
    /// This event cannot be applied.
    pub fn poison(event: &Event, reason: impl std::fmt::Display) -> Self {
        Self::Poison { event_id: event.id, reason: reason.to_string() }
    }

    /// The payload of this event is not what its type says.
    #[must_use]
    pub fn undecodable(event: &Event, error: &prost::DecodeError) -> Self {
        Self::Poison { event_id: event.id, reason: format!("{}: {error}", event.kind) }
    }
}

impl From<sqlx::Error> for ApplyError {
    fn from(error: sqlx::Error) -> Self {
        if gongdan_pg::is_transient(&error) {
            return Self::Transient(error.into());
        }
        match error.as_database_error() {
            // Message and code only: the detail may hold the row's values.
            Some(database) => Self::Failed(anyhow::anyhow!(
                "{} ({})",
                database.message(),
                database.code().unwrap_or_default()
            )),
            None => Self::Failed(error.into()),
        }
    }
}

impl From<Error> for ApplyError {
    fn from(error: Error) -> Self {
        match error.code() {
            Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded | Code::Aborted => {
                Self::Transient(error.into())
            }
            _ => Self::Failed(error.into()),
        }
    }
}

impl From<prost::DecodeError> for ApplyError {
    fn from(error: prost::DecodeError) -> Self {
        Self::Failed(error.into())
    }
}
