//! Tables `attachments` and `blobs`. Source: T25.
//!
//! An object is begun in `blobs` before its first byte goes to the store, and kept by the act that attaches it. What is not
//! kept (an upload that came to nothing, an attachment that was removed or erased) is deleted from the store afterwards, by
//! whichever process looks, until that succeeded.

use super::save::Save;
use crate::store::state::actor_ref;
use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_proto::{common::v1::ActorRef, tickets::v1 as pb, to_timestamp};
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{
    Change, Event, PrincipalKind,
    groups::attachment::{Change as FileChange, File},
};
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use prost::Message as _;
use sqlx::{PgConnection, PgPool};
use tracing::Instrument as _;
use uuid::Uuid;

const WRITING: i16 = 1;
const KEPT: i16 = 2;
const UNWANTED: i16 = 3;

/// What an act did with attachments.
#[derive(Debug, Clone)]
pub(crate) enum FileAct {
    Attached { version: i64, file: File, by: Vec<u8>, by_citizen: bool, at: Timestamp },
    Detached { id: Uuid, at: Timestamp },
}

impl FileAct {
    /// Of an event, if it is one.
    pub(super) fn of(event: &Event) -> Option<Self> {
        match &event.change {
            Change::Attachment(FileChange::Attached(file)) => Some(Self::Attached {
                version: event.version,
                file: file.clone(),
                by: actor_ref(&event.actor).encode_to_vec(),
                by_citizen: event.actor.kind == PrincipalKind::Citizen,
                at: event.occurred_at,
            }),
            Change::Attachment(FileChange::Detached { attachment, .. }) => {
                Some(Self::Detached { id: *attachment, at: event.occurred_at })
            }
            _ => None,
        }
    }
}

/// A row.
#[derive(Debug, Clone)]
pub(crate) struct Attachment {
    pub id: Uuid,
    pub ticket_id: Uuid,
    pub public: bool,
    pub from_reporter: bool,
    pub name: String,
    pub media_type: String,
    pub size: i64,
    pub sha256: Vec<u8>,
    pub attached_by: Vec<u8>,
    pub attached_at: SqlTimestamp,
}

impl Attachment {
    /// Who attached it.
    pub(crate) fn by(&self) -> Result<ActorRef, Error> {
        ActorRef::decode(self.attached_by.as_slice()).map_err(Error::internal)
    }

    /// The answer; `shown` masks the name.
    pub(crate) fn present(&self, shown: impl Fn(&str) -> String) -> Result<pb::Attachment, Error> {
        Ok(pb::Attachment {
            id: self.id.to_string(),
            ticket_id: self.ticket_id.to_string(),
            public: self.public,
            from_reporter: self.from_reporter,
            name: shown(&self.name),
            media_type: self.media_type.clone(),
            size: self.size,
            sha256: self.sha256.clone(),
            attached_by: Some(self.by()?),
            attached_at: Some(to_timestamp(self.attached_at.to_jiff())),
        })
    }
}

/// Writes those of acts that were written. A blob that is not there any more fails them all: it was given up meanwhile.
pub(super) async fn write(connection: &mut PgConnection, saves: &[&Save]) -> Result<(), sqlx::Error> {
    for save in saves {
        for act in &save.extras.files {
            write_one(connection, save.row.id, act).await?;
        }
    }
    Ok(())
}

async fn write_one(connection: &mut PgConnection, ticket: Uuid, act: &FileAct) -> Result<(), sqlx::Error> {
    match act {
        FileAct::Attached { version, file, by, by_citizen, at } => {
            sqlx::query_scalar!(
                "UPDATE blobs SET state = $2, since = $3 WHERE id = $1 AND state = $4 RETURNING id",
                file.id,
                KEPT,
                at.to_sqlx() as _,
                WRITING
            )
            .fetch_one(&mut *connection)
            .instrument(sql_span!("blobs.keep", "UPDATE"))
            .await?;
            sqlx::query!(
                    "INSERT INTO attachments (id, ticket_id, version, public, from_reporter, name, media_type, size,
                       sha256, attached_by, by_citizen, attached_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                    file.id,
                    ticket,
                    version,
                    file.public,
                    file.from_reporter,
                    file.name.as_str(),
                    file.media_type,
                    file.size,
                    &file.sha256[..],
                    by,
                    by_citizen,
                    at.to_sqlx() as _
                )
                .execute(&mut *connection)
                .instrument(sql_span!("attachments.insert", "INSERT"))
                .await?;
        }
        FileAct::Detached { id, at } => {
            sqlx::query!(
                "UPDATE attachments SET removed_at = $2, name = '' WHERE id = $1",
                id,
                at.to_sqlx() as _
            )
            .execute(&mut *connection)
            .instrument(sql_span!("attachments.remove", "UPDATE"))
            .await?;
            unwanted(connection, &[*id]).await?;
        }
    }
    Ok(())
}

async fn unwanted(connection: &mut PgConnection, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE blobs SET state = $2 WHERE id = ANY ($1)", ids, UNWANTED)
        .execute(connection)
        .instrument(sql_span!("blobs.unwanted", "UPDATE"))
        .await?;
    Ok(())
}

/// One of a ticket.
pub(crate) async fn get(pool: &PgPool, ticket: Uuid, id: Uuid) -> Result<Option<Attachment>, Error> {
    sqlx::query_as!(
        Attachment,
        "SELECT id, ticket_id, public, from_reporter, name, media_type, size, sha256, attached_by, attached_at
         FROM attachments WHERE id = $1 AND ticket_id = $2 AND removed_at IS NULL",
        id,
        ticket
    )
    .fetch_optional(pool)
    .instrument(sql_span!("attachments.get", "SELECT"))
    .await
    .map_err(error)
}

/// The one that came with a version of a ticket, also when it was removed since.
pub(crate) async fn of_version(
    pool: &PgPool,
    ticket: Uuid,
    version: i64,
) -> Result<Option<Attachment>, Error> {
    sqlx::query_as!(
        Attachment,
        "SELECT id, ticket_id, public, from_reporter, name, media_type, size, sha256, attached_by, attached_at
         FROM attachments WHERE ticket_id = $1 AND version = $2",
        ticket,
        version
    )
    .fetch_optional(pool)
    .instrument(sql_span!("attachments.of_version", "SELECT"))
    .await
    .map_err(error)
}

/// Those of a ticket after one, oldest first.
pub(crate) async fn list(
    pool: &PgPool,
    ticket: Uuid,
    public_only: bool,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Attachment>, Error> {
    sqlx::query_as!(
        Attachment,
        "SELECT id, ticket_id, public, from_reporter, name, media_type, size, sha256, attached_by, attached_at
         FROM attachments
         WHERE ticket_id = $1 AND id > $2 AND (public OR NOT $3) AND removed_at IS NULL ORDER BY id LIMIT $4",
        ticket,
        after,
        public_only,
        limit
    )
    .fetch_all(pool)
    .instrument(sql_span!("attachments.list", "SELECT"))
    .await
    .map_err(error)
}

/// How many of these are there.
pub(crate) async fn count_of(pool: &PgPool, ticket: Uuid, ids: &[Uuid]) -> Result<usize, Error> {
    let found = sqlx::query_scalar!(
        r#"SELECT count(*) AS "found!" FROM attachments
           WHERE ticket_id = $1 AND id = ANY ($2) AND removed_at IS NULL"#,
        ticket,
        ids
    )
    .fetch_one(pool)
    .instrument(sql_span!("attachments.count_of", "SELECT"))
    .await
    .map_err(error)?;
    Ok(usize::try_from(found).unwrap_or(usize::MAX))
}

/// An object is about to be written.
pub(crate) async fn begin(pool: &PgPool, id: Uuid, now: Timestamp) -> Result<(), Error> {
    sqlx::query!("INSERT INTO blobs (id, state, since) VALUES ($1, $2, $3)", id, WRITING, now.to_sqlx() as _)
        .execute(pool)
        .instrument(sql_span!("blobs.begin", "INSERT"))
        .await
        .map_err(error)?;
    Ok(())
}

/// It came to nothing, unless it was kept.
pub(crate) async fn give_up(pool: &PgPool, id: Uuid) -> Result<(), Error> {
    sqlx::query!("UPDATE blobs SET state = $2 WHERE id = $1 AND state = $3", id, UNWANTED, WRITING)
        .execute(pool)
        .instrument(sql_span!("blobs.give_up", "UPDATE"))
        .await
        .map_err(error)?;
    Ok(())
}

/// Locks objects that nobody wants, or that were begun before an instant and never kept, until the transaction ends; what
/// other processes work on is left to them.
pub(crate) async fn to_delete(
    connection: &mut PgConnection,
    begun_before: Timestamp,
    limit: i64,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT id FROM blobs WHERE state <> 2 AND (state = 3 OR since < $1) ORDER BY since LIMIT $2
         FOR UPDATE SKIP LOCKED",
        begun_before.to_sqlx() as _,
        limit
    )
    .fetch_all(connection)
    .instrument(sql_span!("blobs.to_delete", "SELECT"))
    .await
}

/// They are out of the store.
pub(crate) async fn deleted(connection: &mut PgConnection, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM blobs WHERE id = ANY ($1)", ids)
        .execute(connection)
        .instrument(sql_span!("blobs.delete", "DELETE"))
        .await?;
    Ok(())
}

/// Erases what was attached: rows now, contents once this has committed.
pub(super) async fn erase_texts(connection: &mut PgConnection, tickets: &[Uuid]) -> Result<(), sqlx::Error> {
    let gone =
        sqlx::query_scalar!("DELETE FROM attachments WHERE ticket_id = ANY ($1) RETURNING id", tickets)
            .fetch_all(&mut *connection)
            .instrument(sql_span!("attachments.erase", "DELETE"))
            .await?;
    unwanted(connection, &gone).await
}

/// Of citizens who attached something, that they were citizens is all that stays.
pub(super) async fn erase_citizens(
    connection: &mut PgConnection,
    tickets: &[Uuid],
    nobody: &[u8],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE attachments SET attached_by = $2 WHERE ticket_id = ANY ($1) AND by_citizen",
        tickets,
        nobody
    )
    .execute(connection)
    .instrument(sql_span!("attachments.erase_citizens", "UPDATE"))
    .await?;
    Ok(())
}
