//! Table `events` as timeline and watchers read it.

use super::{citizens, records, ticket_views::Viewer, tickets::Tickets};
use crate::events::ANNOUNCED;
use gongdan_errors::{Error, Reason};
use gongdan_pg::error;
use gongdan_proto::tickets::v1 as pb;
use gongdan_telemetry::sql_span;
use prost::Message as _;
use sqlx::PgPool;
use std::fmt;
use tracing::Instrument as _;
use uuid::Uuid;

/// A place in the log: after all events of earlier transactions, and after this one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    txid: i64,
    position: i64,
}

/// An event of the log with the state before it.
pub(crate) struct Logged {
    /// Where it is.
    pub place: Place,
    /// Its short type.
    pub kind: String,
    /// The event.
    pub event: pb::TicketEvent,
    /// The ticket before it; none for its first event.
    pub before: Option<pb::Ticket>,
}

/// The log behind a position.
#[derive(Clone)]
pub(crate) struct Log {
    pool: PgPool,
}

impl Tickets {
    /// Entries of a ticket's timeline after a version, oldest first, without states, as who looks may see them.
    pub(crate) async fn timeline(
        &self,
        id: Uuid,
        after: i64,
        limit: i64,
        viewer: Viewer,
    ) -> Result<Vec<pb::TicketEvent>, Error> {
        let payloads = sqlx::query_scalar!(
            "SELECT payload FROM events WHERE aggregate_id = $1 AND version > $2 ORDER BY version LIMIT $3",
            id,
            after,
            limit
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("events.timeline", "SELECT"))
        .await
        .map_err(error)?;
        payloads
            .iter()
            .map(|payload| {
                let mut event = pb::TicketEvent::decode(payload.as_slice()).map_err(Error::internal)?;
                event.state = None;
                event.sealed.clear();
                if !viewer.see_reporter {
                    citizens::hide_in_event(&mut event);
                    records::attachment::hide_reporter(&mut event);
                }
                if viewer.public_only {
                    records::citizen::only_their_change(&mut event);
                }
                Ok(event)
            })
            .collect()
    }

    /// The log.
    pub(crate) fn log(&self) -> Log {
        Log { pool: self.pool.clone() }
    }
}

impl Log {
    /// The present end: every event after it is one of a transaction that had not ended yet.
    pub(crate) async fn end(&self) -> Result<Place, Error> {
        let txid =
            sqlx::query_scalar!(r#"SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS "txid!""#)
                .fetch_one(&self.pool)
                .instrument(sql_span!("events.end", "SELECT"))
                .await
                .map_err(error)?;
        Ok(Place { txid, position: 0 })
    }

    /// Refuses a place that is not in this log: it has another history, or was restored to an earlier day.
    pub(crate) async fn check(&self, place: Place) -> Result<(), Error> {
        let next =
            sqlx::query_scalar!(r#"SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS "txid!""#)
                .fetch_one(&self.pool)
                .instrument(sql_span!("events.check", "SELECT"))
                .await
                .map_err(error)?;
        if place.txid > next {
            return Err(Error::out_of_range(Reason::ResumeTokenExpired, "the token is not of this log"));
        }
        Ok(())
    }

    /// At most `limit` events of tickets after a place, in the order of the log, of transactions that cannot be overtaken by
    /// another that is still running. Source: DESIGN rule 2.
    pub(crate) async fn after(&self, place: Place, limit: i64) -> Result<Vec<Logged>, Error> {
        let rows = sqlx::query!(
            r#"SELECT e.txid::text::bigint AS "txid!", e.position, e.type AS kind, e.payload, b.payload AS "before?"
               FROM events e
               LEFT JOIN LATERAL (
                   SELECT payload FROM events b
                   WHERE b.aggregate_id = e.aggregate_id AND b.version = e.version - 1 LIMIT 1) b ON true
               WHERE (e.txid, e.position) > ($1::text::xid8, $2) AND e.type <> $4
                 AND e.txid < pg_snapshot_xmin(pg_current_snapshot())
               ORDER BY e.txid, e.position LIMIT $3"#,
            place.txid.to_string(),
            place.position,
            limit,
            ANNOUNCED
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("events.after", "SELECT"))
        .await
        .map_err(error)?;
        rows.into_iter()
            .map(|row| {
                let before = match row.before {
                    Some(payload) => {
                        pb::TicketEvent::decode(payload.as_slice()).map_err(Error::internal)?.state
                    }
                    None => None,
                };
                let event = pb::TicketEvent::decode(row.payload.as_slice()).map_err(Error::internal)?;
                Ok(Logged {
                    place: Place { txid: row.txid, position: row.position },
                    kind: row.kind,
                    event,
                    before,
                })
            })
            .collect()
    }
}

impl Place {
    /// After this event of a transaction.
    pub(super) fn new(txid: i64, position: i64) -> Self {
        Self { txid, position }
    }

    /// Transaction and position.
    pub(super) fn parts(self) -> (i64, i64) {
        (self.txid, self.position)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.txid, self.position)
    }
}

impl std::str::FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "a token of an earlier answer";
        let (txid, position) = text.split_once('-').ok_or(wrong)?;
        match (txid.parse(), position.parse()) {
            (Ok(txid), Ok(position)) if txid >= 0 && position >= 0 => Ok(Self { txid, position }),
            _ => Err(wrong),
        }
    }
}
