//! What an act writes beside ticket and event, each into a table of its own: in the same transaction, and only by acts
//! that have something of it, so that the others stay one statement.

use super::{
    assisting,
    attachments::{self, FileAct},
    calls, circulations, directives, extensions,
    notes::{self, NewNote},
    places::{self, NewPlace},
    quarantine, record_texts, reminders,
    resumptions::{self, Resumption},
    save::Save,
    ticket_fields, trackers,
};
use gongdan_tickets_domain::{
    Changed, RecordText,
    form::Found,
    groups::{call::CallId, directive::Directive, extension::Extension},
};
use jiff::Timestamp;
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
    /// Whose own marks it has, and no longer has.
    pub(super) trackers: Vec<trackers::Tracker>,
    /// Which units owe their help from now on, and which no longer do.
    pub(super) assisting: Vec<assisting::Assisting>,
    /// What it shows inside the unit.
    pub circulations: Vec<circulations::NewCirculation>,
    /// What of its form can be filtered on, in the place of what was there; none leaves that.
    pub fields: Option<Vec<(String, Found)>>,
    /// Until when it waits in the quarantine, if it was put there.
    pub quarantined: Option<Timestamp>,
    /// Its extensions, when one may have changed.
    pub extensions: Vec<Extension>,
    /// When it goes on by itself, when that may have changed.
    pub resumption: Option<Resumption>,
    /// Notes it added.
    pub notes: Vec<NewNote>,
    /// What it did with attachments.
    pub files: Vec<FileAct>,
    /// Places that came with it, sealed.
    pub places: Vec<NewPlace>,
    /// The grid of a new ticket, or of one that is about another place now; empty: none.
    pub grid: Option<String>,
    /// The asset of a new ticket, or of one that is about another now; empty: none.
    pub asset: Option<String>,
    /// Calls that belong to it now, with the ticket's version.
    pub calls: Vec<(i64, CallId)>,
}

impl Extras {
    /// What the domain brought.
    pub(super) fn of(changed: &Changed) -> Self {
        Self {
            texts: changed.texts.records.clone(),
            directives: directives::touched(changed),
            reminders: reminders::touched(changed),
            trackers: trackers::touched(changed),
            assisting: assisting::touched(changed),
            circulations: circulations::shown(changed),
            fields: None,
            quarantined: quarantine::until(changed),
            extensions: extensions::of(changed),
            resumption: resumptions::of(changed),
            notes: changed.steps.iter().filter_map(|(event, after)| NewNote::of(event, after)).collect(),
            files: changed.events().filter_map(FileAct::of).collect(),
            places: Vec::new(),
            grid: places::grid(changed),
            asset: places::asset(changed),
            calls: calls::linked(changed),
        }
    }

    /// Nothing but the ticket is written.
    pub(super) fn is_empty(&self) -> bool {
        let Self {
            texts,
            directives,
            reminders,
            trackers,
            assisting,
            circulations,
            fields,
            quarantined,
            extensions,
            resumption,
            notes,
            files,
            places,
            grid,
            asset,
            calls,
        } = self;
        texts.is_empty()
            && directives.is_empty()
            && reminders.is_empty()
            && trackers.is_empty()
            && assisting.is_empty()
            && circulations.is_empty()
            && fields.is_none()
            && quarantined.is_none()
            && extensions.is_empty()
            && resumption.is_none()
            && notes.is_empty()
            && files.is_empty()
            && places.is_empty()
            && grid.is_none()
            && asset.is_none()
            && calls.is_empty()
    }
}

/// Writes those of acts that were written, in the transaction that wrote them.
pub(super) async fn write(connection: &mut PgConnection, saves: &[&Save]) -> Result<(), sqlx::Error> {
    record_texts::write(connection, saves).await?;
    directives::write(connection, saves).await?;
    reminders::write(connection, saves).await?;
    trackers::write(connection, saves).await?;
    assisting::write(connection, saves).await?;
    circulations::write(connection, saves).await?;
    ticket_fields::write(connection, saves).await?;
    quarantine::write(connection, saves).await?;
    extensions::write(&mut *connection, saves).await?;
    resumptions::write(&mut *connection, saves).await?;
    notes::write(connection, saves).await?;
    attachments::write(connection, saves).await?;
    places::write(connection, saves).await?;
    calls::write(connection, saves).await
}
