//! Tickets by filter, newest received first, a page after a key. Source: AIP-158, DESIGN rule 12.

use super::{
    filter::Filter,
    scope::Sight,
    ticket_views::{COLUMNS, TicketView},
    tickets::Tickets,
};
use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use sqlx::{Postgres, QueryBuilder};
use tracing::Instrument as _;
use uuid::Uuid;

/// The last ticket of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct After {
    /// When it was received.
    pub received_at: Timestamp,
    /// Its id.
    pub id: Uuid,
}

impl Tickets {
    /// At most `limit` tickets after `after` of those that the caller sees.
    pub(crate) async fn list(
        &self,
        sight: &Sight,
        filter: &Filter,
        after: Option<After>,
        limit: i64,
    ) -> Result<Vec<TicketView>, Error> {
        statement(sight, filter, after, limit)
            .build_query_as::<TicketView>()
            .fetch_all(&self.pool)
            .instrument(sql_span!("ticket_views.list", "SELECT"))
            .await
            .map_err(error)
    }
}

fn statement(sight: &Sight, filter: &Filter, after: Option<After>, limit: i64) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(COLUMNS).push(" FROM ticket_views WHERE ");
    sight.push(&mut sql);
    filter.push(&mut sql);
    if let Some(After { received_at, id }) = after {
        sql.push(" AND (received_at, id) < (").push_bind(jiff_sqlx::Timestamp::from(received_at));
        sql.push(", ").push_bind(id).push(")");
    }
    sql.push(" ORDER BY received_at DESC, id DESC LIMIT ").push_bind(limit);
    sql
}
