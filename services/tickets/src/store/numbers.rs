//! Sequence `ticket_numbers`: the running part of ticket numbers, a block at a time.

use gongdan_errors::Error;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{CellCode, ticket_number};
use jiff::{Timestamp, tz::TimeZone};
use sqlx::PgPool;
use std::ops::Range;
use tokio::sync::Mutex;
use tracing::Instrument as _;

/// The sequence's increment.
const BLOCK: i64 = 100;

/// Gives each ticket its number; unused ones are gaps. Source: DESIGN rule 10.
#[derive(Debug)]
pub(crate) struct Numbers {
    pool: PgPool,
    cell: CellCode,
    zone: TimeZone,
    block: Mutex<Range<i64>>,
}

impl Numbers {
    pub(crate) fn new(pool: PgPool, cell: CellCode, zone: TimeZone) -> Self {
        Self { pool, cell, zone, block: Mutex::new(0..0) }
    }

    /// A number that no ticket has.
    pub(crate) async fn next(&self, received_at: Timestamp) -> Result<String, Error> {
        let mut block = self.block.lock().await;
        let running = match block.next() {
            Some(running) => running,
            None => {
                let first = sqlx::query_scalar!(r#"SELECT nextval('ticket_numbers') AS "first!""#)
                    .fetch_one(&self.pool)
                    .instrument(sql_span!("ticket_numbers.next", "SELECT"))
                    .await
                    .map_err(gongdan_pg::error)?;
                *block = first + 1..first + BLOCK;
                first
            }
        };
        drop(block);
        Ok(ticket_number(received_at, &self.zone, self.cell, running))
    }
}
