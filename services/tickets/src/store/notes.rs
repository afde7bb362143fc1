//! Table `notes`. Source: T25.

use super::save::Save;
use crate::store::state::actor_ref;
use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_proto::{common::v1::ActorRef, tickets::v1 as pb, to_timestamp};
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{
    Change, ERASED, Event, PrincipalKind, Ticket, groups::attachment::Change as NoteChange,
};
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use prost::Message as _;
use sqlx::{PgConnection, PgPool};
use tracing::Instrument as _;
use uuid::Uuid;

/// A note that an act brought.
#[derive(Debug, Clone)]
pub(crate) struct NewNote {
    id: Uuid,
    version: i64,
    round: i32,
    public: bool,
    mentions: Vec<String>,
    text: String,
    written_by: Vec<u8>,
    by_citizen: bool,
    written_at: Timestamp,
}

impl NewNote {
    /// Of an event, if it is one.
    pub(super) fn of(event: &Event, after: &Ticket) -> Option<Self> {
        let Change::Attachment(NoteChange::Noted { note, public, mentions, text }) = &event.change else {
            return None;
        };
        Some(Self {
            id: *note,
            version: event.version,
            round: after.round,
            public: *public,
            mentions: mentions.iter().map(ToString::to_string).collect(),
            text: text.as_str().to_owned(),
            written_by: actor_ref(&event.actor).encode_to_vec(),
            by_citizen: event.actor.kind == PrincipalKind::Citizen,
            written_at: event.occurred_at,
        })
    }
}

/// A row.
#[derive(Debug)]
pub(crate) struct Note {
    pub id: Uuid,
    pub ticket_id: Uuid,
    pub round: i32,
    pub public: bool,
    pub mentions: Vec<String>,
    pub text: String,
    pub written_by: Vec<u8>,
    pub written_at: SqlTimestamp,
}

impl Note {
    /// The answer; `shown` masks the text.
    pub(crate) fn present(self, shown: impl Fn(&str) -> String) -> Result<pb::Note, Error> {
        Ok(pb::Note {
            id: self.id.to_string(),
            ticket_id: self.ticket_id.to_string(),
            round: self.round,
            public: self.public,
            mention_ids: self.mentions,
            text: shown(&self.text),
            written_by: Some(ActorRef::decode(self.written_by.as_slice()).map_err(Error::internal)?),
            written_at: Some(to_timestamp(self.written_at.to_jiff())),
        })
    }
}

/// Writes those of acts that were written.
pub(super) async fn write(connection: &mut PgConnection, saves: &[&Save]) -> Result<(), sqlx::Error> {
    for save in saves {
        for note in &save.extras.notes {
            sqlx::query!(
                "INSERT INTO notes (id, ticket_id, version, round, public, mentions, text, written_by, by_citizen,
                   written_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                note.id,
                save.row.id,
                note.version,
                note.round,
                note.public,
                &note.mentions,
                note.text,
                note.written_by,
                note.by_citizen,
                note.written_at.to_sqlx() as _
            )
            .execute(&mut *connection)
            .instrument(sql_span!("notes.insert", "INSERT"))
            .await?;
        }
    }
    Ok(())
}

/// The note that came with a version of a ticket.
pub(crate) async fn of_version(pool: &PgPool, ticket: Uuid, version: i64) -> Result<Option<Note>, Error> {
    sqlx::query_as!(
        Note,
        "SELECT id, ticket_id, round, public, mentions, text, written_by, written_at FROM notes
         WHERE ticket_id = $1 AND version = $2",
        ticket,
        version
    )
    .fetch_optional(pool)
    .instrument(sql_span!("notes.of_version", "SELECT"))
    .await
    .map_err(error)
}

/// Notes of a ticket before one, newest first.
pub(crate) async fn list(
    pool: &PgPool,
    ticket: Uuid,
    public_only: bool,
    before: Uuid,
    limit: i64,
) -> Result<Vec<Note>, Error> {
    sqlx::query_as!(
        Note,
        "SELECT id, ticket_id, round, public, mentions, text, written_by, written_at FROM notes
         WHERE ticket_id = $1 AND id < $2 AND (public OR NOT $3) ORDER BY id DESC LIMIT $4",
        ticket,
        before,
        public_only,
        limit
    )
    .fetch_all(pool)
    .instrument(sql_span!("notes.list", "SELECT"))
    .await
    .map_err(error)
}

/// Erases what people wrote.
pub(super) async fn erase_texts(connection: &mut PgConnection, tickets: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE notes SET text = $2 WHERE ticket_id = ANY ($1)", tickets, ERASED)
        .execute(connection)
        .instrument(sql_span!("notes.erase", "UPDATE"))
        .await?;
    Ok(())
}

/// Of citizens who wrote, that they were citizens is all that stays.
pub(super) async fn erase_citizens(
    connection: &mut PgConnection,
    tickets: &[Uuid],
    nobody: &[u8],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE notes SET written_by = $2 WHERE ticket_id = ANY ($1) AND by_citizen",
        tickets,
        nobody
    )
    .execute(connection)
    .instrument(sql_span!("notes.erase_citizens", "UPDATE"))
    .await?;
    Ok(())
}
