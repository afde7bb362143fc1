//! Which reassignments are a caller's business: table `reassignment_tickets` with the places of the tickets.
//!
//! By the units that the tickets were with when it began, and by where they are. That a ticket is sensitive is no reason not to
//! know that somebody's tickets are given away; what a ticket is about is asked for each.

use super::Store;
use gongdan_access::{Caller, Item, Scope};
use gongdan_errors::Error;
use gongdan_region::RegionCode;
use gongdan_telemetry::sql_span;
use sqlx::{Postgres, QueryBuilder};
use tracing::Instrument as _;
use uuid::Uuid;

/// How far a caller reaches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    everywhere: bool,
    /// Units of the caller.
    units: Vec<String>,
    /// Where areas of the caller begin.
    low: Vec<i64>,
    /// Where they end.
    high: Vec<i64>,
}

impl Reach {
    /// Of a caller who may do something by this scope.
    pub fn of(caller: &Caller, scope: &Scope) -> Self {
        if scope.allows(&Item::default()) {
            return Self { everywhere: true, ..Self::default() };
        }
        let own = |unit: &String| scope.allows(&Item { lead_unit: unit, ..Item::default() });
        let area = |start: i64| {
            let region = RegionCode::from_i64(start).ok();
            region.is_some() && scope.allows(&Item { region, ..Item::default() })
        };
        let areas = || caller.regions.iter().filter(|range| area(range.start));
        Self {
            everywhere: false,
            units: caller.unit_ids.iter().filter(|unit| own(unit)).cloned().collect(),
            low: areas().map(|range| range.start).collect(),
            high: areas().map(|range| range.end).collect(),
        }
    }

    /// Adds the condition that some ticket of a reassignment `r` lies within.
    pub(super) fn push(&self, sql: &mut QueryBuilder<Postgres>) {
        if self.everywhere {
            sql.push("true");
            return;
        }
        sql.push("(r.unit_ids && ").push_bind(self.units.clone());
        if !self.low.is_empty() {
            // One of its tickets is looked for at a time, as the list comes to it: not all of everybody's at once.
            sql.push(
                " OR coalesce((SELECT true FROM reassignment_tickets t JOIN ticket_scopes s ON s.ticket_id = t.ticket_id
                      CROSS JOIN unnest(",
            );
            sql.push_bind(self.low.clone()).push("::int8[], ").push_bind(self.high.clone());
            sql.push(
                "::int8[]) AS a (low, high)
                      WHERE t.reassignment_id = r.id AND s.region BETWEEN a.low AND a.high LIMIT 1), false)",
            );
        }
        sql.push(")");
    }
}

impl Store {
    /// Whether all tickets of a reassignment lie within.
    pub async fn reaches_all(&self, reach: &Reach, reassignment: Uuid) -> Result<bool, Error> {
        if reach.everywhere {
            return Ok(true);
        }
        sqlx::query_scalar!(
            r#"SELECT NOT EXISTS (
                 SELECT FROM reassignment_tickets t LEFT JOIN ticket_scopes s ON s.ticket_id = t.ticket_id
                 WHERE t.reassignment_id = $1 AND t.unit_id <> ALL ($2)
                     AND NOT EXISTS (SELECT FROM unnest($3::int8[], $4::int8[]) AS a (low, high)
                                     WHERE s.region BETWEEN a.low AND a.high)
             ) AS "all!""#,
            reassignment,
            &reach.units,
            &reach.low,
            &reach.high,
        )
        .fetch_one(&self.pool)
        .instrument(sql_span!("reassignment_tickets.reaches_all", "SELECT"))
        .await
        .map_err(gongdan_pg::error)
    }
}
