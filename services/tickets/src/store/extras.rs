//! What an act writes beside ticket and event, each into a table of its own: in the same transaction, and only by acts
//! that have something of it, so that the others stay one statement.

use super::{circulations, directives, record_texts, reminders, save::Save};
use gongdan_tickets_domain::{Changed, RecordText, groups::directive::Directive};
use sqlx::PgConnection;

/// What an act writes beside ticket and event.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extras {
    /// Texts of its records.
    pub texts: Vec<RecordText>,
    /// Directives of the ticket as they are now.
    pub directives: Vec<Directive>,
    /// Who is to be reminded, and who no longer is.
    pub(super) reminders: Vec<reminders::Reminder>,
    /// What it shows inside the unit.
    pub circulations: Vec<circulations::NewCirculation>,
}

impl Extras {
    /// What the domain brought.
    pub(super) fn of(changed: &Changed) -> Self {
        Self {
            texts: changed.texts.records.clone(),
            directives: directives::touched(changed),
            reminders: reminders::touched(changed),
            circulations: circulations::shown(changed),
        }
    }

    /// Nothing but the ticket is written.
    pub(super) fn is_empty(&self) -> bool {
        let Self { texts, directives, reminders, circulations } = self;
        texts.is_empty() && directives.is_empty() && reminders.is_empty() && circulations.is_empty()
    }
}

/// Writes those of acts that were written, in the transaction that wrote them.
pub(super) async fn write(connection: &mut PgConnection, saves: &[&Save]) -> Result<(), sqlx::Error> {
    record_texts::write(connection, saves).await?;
    directives::write(connection, saves).await?;
    reminders::write(connection, saves).await?;
    circulations::write(connection, saves).await
}
