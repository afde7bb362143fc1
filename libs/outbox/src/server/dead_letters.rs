//! `DeadLetterService`: what the consumers of this service could not apply.

use super::Guard;
use crate::Inbox;
use gongdan_errors::{Error, Reason, Violations};
use gongdan_proto::{
    common::v1::{
        DeadLetter, DiscardDeadLetterRequest, ListDeadLettersRequest, ListDeadLettersResponse,
        ReplayDeadLetterRequest, dead_letter_service_server as pb,
    },
    to_timestamp,
};
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::{PgPool, Row as _, postgres::PgRow};
use std::{collections::HashMap, sync::Arc};
use tonic::{Request, Response, Status};
use uuid::Uuid;

const PAGE: i32 = 50;
const PAGE_MOST: i32 = 500;
const REASON_MOST: usize = 500;

macro_rules! letters {
    ($condition:literal) => {
        concat!(
            "SELECT dead.event_id, dead.consumer, dead.aggregate_id, dead.version, dead.type, dead.error,
                    dead.attempts, dead.dead_at,
                    (SELECT count(*) FROM inbox_parked AS parked
                     WHERE parked.consumer = dead.consumer AND parked.aggregate_id = dead.aggregate_id) AS parked
             FROM inbox_dead AS dead
             WHERE dead.dead_at IS NOT NULL AND dead.discarded_at IS NULL AND ",
            $condition
        )
    };
}

/// Serves the dead letters of a service's consumers.
#[derive(Debug, Clone)]
pub struct DeadLetterServer {
    pool: PgPool,
    inboxes: Arc<HashMap<String, Arc<Inbox>>>,
    guard: Guard,
}

impl DeadLetterServer {
    /// Of these consumers. The guard lets in who may see and decide about them.
    #[must_use]
    pub fn new(
        pool: PgPool,
        inboxes: impl IntoIterator<Item = Arc<Inbox>>,
        guard: Guard,
    ) -> pb::DeadLetterServiceServer<Self> {
        pb::DeadLetterServiceServer::new(Self::service(pool, inboxes, guard))
    }

    /// The same, to be called without a channel.
    #[must_use]
    pub fn service(pool: PgPool, inboxes: impl IntoIterator<Item = Arc<Inbox>>, guard: Guard) -> Self {
        let inboxes = inboxes.into_iter().map(|inbox| (inbox.name().to_owned(), inbox)).collect();
        Self { pool, inboxes: Arc::new(inboxes), guard }
    }

    async fn list(&self, request: ListDeadLettersRequest) -> Result<ListDeadLettersResponse, Error> {
        let mut violations = Violations::new();
        if !(0..=PAGE_MOST).contains(&request.page_size) {
            violations.add("page_size", format!("0 to {PAGE_MOST}"));
        }
        let after = violations.field("page_token", Token::parse(&request.page_token));
        violations.finish()?;
        let after = after.flatten();
        let size = if request.page_size == 0 { PAGE } else { request.page_size };
        let rows = sqlx::query(letters!(
            "($1::timestamptz IS NULL OR (dead.dead_at, dead.event_id, dead.consumer) < ($1, $2, $3))
             ORDER BY dead.dead_at DESC, dead.event_id DESC, dead.consumer DESC LIMIT $4"
        ))
        .bind(after.as_ref().map(|token| token.dead_at.to_sqlx()))
        .bind(after.as_ref().map(|token| token.event_id))
        .bind(after.as_ref().map(|token| token.consumer.as_str()))
        .bind(i64::from(size) + 1)
        .fetch_all(&self.pool)
        .await
        .map_err(gongdan_pg::error)?;
        let page = usize::try_from(size).unwrap_or_default();
        let next = if rows.len() > page { rows.get(page - 1).map(Token::of).transpose() } else { Ok(None) };
        Ok(ListDeadLettersResponse {
            dead_letters: rows
                .iter()
                .take(page)
                .map(letter)
                .collect::<Result<_, _>>()
                .map_err(gongdan_pg::error)?,
            next_page_token: next
                .map_err(gongdan_pg::error)?
                .map(|token| token.to_string())
                .unwrap_or_default(),
        })
    }

    async fn find(&self, consumer: &str, event_id: &str) -> Result<(Arc<Inbox>, Uuid, DeadLetter), Error> {
        let missing = || Error::not_found(Reason::DeadLetterNotFound, "no such dead letter");
        let event_id: Uuid = event_id.parse().map_err(|_| Error::invalid_field("event_id", "a UUID"))?;
        let inbox = self.inboxes.get(consumer).ok_or_else(missing)?.clone();
        let row = sqlx::query(letters!("dead.consumer = $1 AND dead.event_id = $2"))
            .bind(consumer)
            .bind(event_id)
            .fetch_optional(&self.pool)
            .await
            .map_err(gongdan_pg::error)?
            .ok_or_else(missing)?;
        Ok((inbox, event_id, letter(&row).map_err(gongdan_pg::error)?))
    }

    async fn replay(&self, request: ReplayDeadLetterRequest) -> Result<DeadLetter, Error> {
        let (inbox, event_id, letter) = self.find(&request.consumer, &request.event_id).await?;
        inbox.replay_dead(event_id).await?;
        Ok(letter)
    }

    async fn discard(&self, request: DiscardDeadLetterRequest, by: &str) -> Result<DeadLetter, Error> {
        let reason = request.reason.trim();
        if !(1..=REASON_MOST).contains(&reason.chars().count()) {
            return Err(Error::invalid_field("reason", format!("1 to {REASON_MOST} characters")));
        }
        let (inbox, event_id, letter) = self.find(&request.consumer, &request.event_id).await?;
        inbox.discard_dead(event_id, by, reason).await?;
        Ok(letter)
    }
}

#[tonic::async_trait]
impl pb::DeadLetterService for DeadLetterServer {
    async fn list_dead_letters(
        &self,
        request: Request<ListDeadLettersRequest>,
    ) -> Result<Response<ListDeadLettersResponse>, Status> {
        self.guard.check(request.extensions())?;
        Ok(Response::new(self.list(request.into_inner()).await?))
    }

    async fn replay_dead_letter(
        &self,
        request: Request<ReplayDeadLetterRequest>,
    ) -> Result<Response<DeadLetter>, Status> {
        self.guard.check(request.extensions())?;
        Ok(Response::new(self.replay(request.into_inner()).await?))
    }

    async fn discard_dead_letter(
        &self,
        request: Request<DiscardDeadLetterRequest>,
    ) -> Result<Response<DeadLetter>, Status> {
        let by = self.guard.check(request.extensions())?;
        Ok(Response::new(self.discard(request.into_inner(), &by).await?))
    }
}

/// Where a page ended.
#[derive(Debug, PartialEq)]
struct Token {
    dead_at: Timestamp,
    event_id: Uuid,
    consumer: String,
}

impl Token {
    fn of(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            dead_at: row.try_get::<SqlTimestamp, _>("dead_at")?.to_jiff(),
            event_id: row.try_get("event_id")?,
            consumer: row.try_get("consumer")?,
        })
    }

    fn parse(text: &str) -> Result<Option<Self>, &'static str> {
        if text.is_empty() {
            return Ok(None);
        }
        let parse = || {
            let mut parts = text.splitn(3, '.');
            let micros: i64 = parts.next()?.parse().ok()?;
            let event_id = parts.next()?.parse().ok()?;
            let consumer = parts.next().filter(|c| !c.is_empty())?.to_owned();
            Some(Self { dead_at: Timestamp::from_microsecond(micros).ok()?, event_id, consumer })
        };
        parse().map(Some).ok_or("a token that an earlier answer gave")
    }
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.dead_at.as_microsecond(), self.event_id.simple(), self.consumer)
    }
}

fn letter(row: &PgRow) -> Result<DeadLetter, sqlx::Error> {
    Ok(DeadLetter {
        event_id: row.try_get::<Uuid, _>("event_id")?.to_string(),
        consumer: row.try_get("consumer")?,
        aggregate_id: row.try_get::<Uuid, _>("aggregate_id")?.to_string(),
        version: row.try_get("version")?,
        r#type: row.try_get("type")?,
        error: row.try_get("error")?,
        attempts: row.try_get("attempts")?,
        dead_at: Some(to_timestamp(row.try_get::<SqlTimestamp, _>("dead_at")?.to_jiff())),
        parked: i32::try_from(row.try_get::<i64, _>("parked")?).unwrap_or(i32::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_token_survives_as_text() {
        let token = Token {
            dead_at: Timestamp::from_microsecond(1_795_000_000_123_456).unwrap(),
            event_id: Uuid::from_u128(7),
            consumer: "sla-tickets".into(),
        };
        assert_eq!(Token::parse(&token.to_string()), Ok(Some(token)));
        for text in ["x", "1", "1.2", "1.00000000000000000000000000000007.", "99999999999999999999.a.b"] {
            assert!(Token::parse(text).is_err(), "{text:?}");
        }
    }
}
