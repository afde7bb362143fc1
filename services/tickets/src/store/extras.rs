//! What an act writes beside ticket and event, each into a table of its own: in the same transaction, and only by acts
//! that have something of it, so that the others stay one statement.

use super::{record_texts, save::Save};
use gongdan_tickets_domain::{Changed, RecordText};
use sqlx::PgConnection;

/// What an act writes beside ticket and event.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extras {
    /// Texts of its records.
    pub texts: Vec<RecordText>,
}

impl Extras {
    /// What the domain brought.
    pub(super) fn of(changed: &Changed) -> Self {
        Self { texts: changed.texts.records.clone() }
    }

    /// Nothing but the ticket is written.
    pub(super) fn is_empty(&self) -> bool {
        let Self { texts } = self;
        texts.is_empty()
    }
}

/// Writes those of acts that were written, in the transaction that wrote them.
pub(super) async fn write(connection: &mut PgConnection, saves: &[&Save]) -> Result<(), sqlx::Error> {
    record_texts::write(connection, saves).await
}
