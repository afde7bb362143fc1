//! Tickets that wait to be closed: resolved or in callback. Source: GLOSSARY, act close.

use super::tickets::Tickets;
use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use tracing::Instrument as _;
use uuid::Uuid;

/// A ticket that nothing was heard of since it was resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Silent {
    pub id: Uuid,
    pub resolved_at: Timestamp,
}

impl Tickets {
    /// At most `limit` tickets resolved before an instant, the longest silent first, after one of an earlier page.
    pub(crate) async fn silent(
        &self,
        before: Timestamp,
        after: Option<Silent>,
        limit: i64,
    ) -> Result<Vec<Silent>, Error> {
        let from = after.map_or((Timestamp::UNIX_EPOCH, Uuid::nil()), |last| (last.resolved_at, last.id));
        let rows = sqlx::query!(
            r#"SELECT id, resolved_at AS "resolved_at!" FROM tickets
               WHERE phase IN (8, 9) AND resolved_at < $1 AND (resolved_at, id) > ($2, $3)
               ORDER BY resolved_at, id LIMIT $4"#,
            before.to_sqlx() as _,
            from.0.to_sqlx() as _,
            from.1,
            limit
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("tickets.silent", "SELECT"))
        .await
        .map_err(error)?;
        Ok(rows
            .into_iter()
            .map(|row| Silent { id: row.id, resolved_at: row.resolved_at.to_jiff() })
            .collect())
    }
}
