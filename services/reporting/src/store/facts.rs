//! View `facts`: what a report sums up.

use gongdan_access::ScopeParameters;
use gongdan_region::RegionRange;
use gongdan_reporting_domain::{Counts, Period, ZONE};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgPool;
use tracing::Instrument;

/// What a row stands for, as the query spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Day,
    Month,
    Region,
    Province,
    City,
    County,
    Unit,
    Item,
}

impl Key {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Region => "region",
            Self::Province => "province",
            Self::City => "city",
            Self::County => "county",
            Self::Unit => "unit",
            Self::Item => "item",
        }
    }

    /// The dimension, as metrics name it.
    pub(crate) const fn dimension(self) -> &'static str {
        match self {
            Self::Region | Self::Province | Self::City | Self::County => "region",
            other => other.as_str(),
        }
    }
}

/// Which facts count. All given conditions must hold.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    pub(crate) period: Period,
    pub(crate) region: Option<RegionRange>,
    /// What the caller may see.
    pub(crate) scope: ScopeParameters,
    pub(crate) unit: Option<String>,
    /// With what is below it.
    pub(crate) item: Option<String>,
    pub(crate) kind: Option<i16>,
    pub(crate) origin: Option<i16>,
}

/// Sums of one row; the key is none in the row of the whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sums {
    pub(crate) key: Option<String>,
    pub(crate) counts: Counts,
    /// Mean, median, 90th percentile in seconds.
    pub(crate) handling: [Option<f64>; 3],
    pub(crate) elapsed: [Option<f64>; 3],
}

/// Sums by key in the order of keys, and of the whole. Facts of a period are found by index, and what a scope asks of their
/// tickets by those; a report over all time reads all facts.
pub(crate) async fn sum(
    pool: &PgPool,
    by: Key,
    filter: &Filter,
    as_of: Timestamp,
) -> Result<(Vec<Sums>, Sums), sqlx::Error> {
    let scope = &filter.scope;
    let rows = sqlx::query!(
        r#"WITH f AS (
               SELECT *,
                   CASE $1::text
                       WHEN 'day' THEN to_char(at AT TIME ZONE $2::text, 'YYYY-MM-DD')
                       WHEN 'month' THEN to_char(at AT TIME ZONE $2::text, 'YYYY-MM')
                       WHEN 'region' THEN region::text
                       WHEN 'province' THEN province::text
                       WHEN 'city' THEN city::text
                       WHEN 'county' THEN county::text
                       WHEN 'unit' THEN unit_id
                       ELSE item
                   END AS key
               FROM facts
               WHERE at >= $3 AND at < $4
                 AND ($5::bigint IS NULL OR region BETWEEN $5 AND $6::bigint)
                 AND ($14::bigint = -1 OR (
                     SELECT scope_allows($14,
                         EXISTS (SELECT FROM UNNEST($7::bigint[], $8::bigint[]) AS r (low, high)
                                 WHERE s.region BETWEEN r.low AND r.high),
                         s.unit_ids && $15::text[] OR s.lead_unit = ANY ($15) OR s.pool_unit = ANY ($15),
                         s.lead_unit = ANY ($15) OR s.pool_unit = ANY ($15),
                         (s.customer_id = $16::uuid) IS TRUE, s.sensitive, s.confidential)
                     FROM ticket_scopes s WHERE s.ticket_id = facts.ticket_id))
                 AND ($9::text IS NULL OR unit_id = $9)
                 AND ($10::text IS NULL OR item = $10 OR starts_with(item, $10 || '/'))
                 AND ($11::smallint IS NULL OR type = $11)
                 AND ($12::smallint IS NULL OR origin = $12)
           )
           SELECT key AS "key?", GROUPING(key) = 1 AS "whole!",
               count(*) FILTER (WHERE kind = 'began' AND round = 1) AS "received!",
               count(*) FILTER (WHERE kind = 'began' AND round = 1 AND cancelled) AS "cancelled!",
               count(*) FILTER (WHERE kind = 'began' AND round = 1 AND merged AND NOT cancelled) AS "merged!",
               count(*) FILTER (WHERE kind = 'began' AND round = 1 AND first_contact AND NOT cancelled AND NOT merged)
                   AS "first_contact!",
               count(*) FILTER (WHERE kind = 'began' AND round = 1 AND repeats AND NOT cancelled AND NOT merged)
                   AS "repeats!",
               count(*) FILTER (WHERE kind = 'began' AND NOT cancelled AND NOT merged) AS "begun!",
               count(*) FILTER (WHERE kind = 'resolved') AS "resolved!",
               count(*) FILTER (WHERE kind = 'resolved' AND on_time) AS "on_time!",
               count(*) FILTER (WHERE kind = 'resolved' AND on_time IS NOT NULL) AS "timed!",
               count(*) FILTER (WHERE open) AS "in_flight!",
               count(*) FILTER (WHERE open AND due_at < $13) AS "overdue!",
               count(*) FILTER (WHERE kind = 'dispatch') AS "dispatched!",
               count(*) FILTER (WHERE kind = 'return') AS "returned!",
               count(*) FILTER (WHERE kind = 'reopening') AS "reopened!",
               count(*) FILTER (WHERE kind = 'urge') AS "urges!",
               count(*) FILTER (WHERE kind = 'urged') AS "urged!",
               count(*) FILTER (WHERE kind = 'quality_error') AS "quality_errors!",
               count(*) FILTER (WHERE kind = 'callback') AS "callbacks!",
               count(*) FILTER (WHERE contacted) AS "contacted!",
               count(*) FILTER (WHERE solved) AS "solved!",
               count(*) FILTER (WHERE satisfied) AS "satisfied!",
               avg(working_seconds::numeric)::double precision AS "handling_mean?",
               percentile_cont(0.5) WITHIN GROUP (ORDER BY working_seconds) AS "handling_p50?",
               percentile_cont(0.9) WITHIN GROUP (ORDER BY working_seconds) AS "handling_p90?",
               avg(elapsed_seconds::numeric)::double precision AS "elapsed_mean?",
               percentile_cont(0.5) WITHIN GROUP (ORDER BY elapsed_seconds) AS "elapsed_p50?",
               percentile_cont(0.9) WITHIN GROUP (ORDER BY elapsed_seconds) AS "elapsed_p90?"
           FROM f
           GROUP BY GROUPING SETS ((key), ())
           ORDER BY key COLLATE "C" NULLS LAST"#,
        by.as_str(),
        ZONE,
        filter.period.from.to_sqlx() as _,
        filter.period.to.to_sqlx() as _,
        filter.region.map(|range| range.start),
        filter.region.map(|range| range.end),
        &scope.low,
        &scope.high,
        filter.unit,
        filter.item,
        filter.kind,
        filter.origin,
        as_of.to_sqlx() as _,
        scope.answers,
        &scope.units,
        scope.customer
    )
    .fetch_all(pool)
    .instrument(sql_span!("facts.sum", "SELECT"))
    .await?;

    let mut sums = Vec::with_capacity(rows.len());
    let mut whole = Sums::default();
    for row in rows {
        let counts = Counts {
            received: row.received,
            cancelled: row.cancelled,
            merged: row.merged,
            first_contact: row.first_contact,
            repeats: row.repeats,
            begun: row.begun,
            resolved: row.resolved,
            on_time: row.on_time,
            timed: row.timed,
            in_flight: row.in_flight,
            overdue: row.overdue,
            dispatched: row.dispatched,
            returned: row.returned,
            reopened: row.reopened,
            urges: row.urges,
            urged: row.urged,
            quality_errors: row.quality_errors,
            callbacks: row.callbacks,
            contacted: row.contacted,
            solved: row.solved,
            satisfied: row.satisfied,
        };
        let one = Sums {
            key: row.key,
            counts,
            handling: [row.handling_mean, row.handling_p50, row.handling_p90],
            elapsed: [row.elapsed_mean, row.elapsed_p50, row.elapsed_p90],
        };
        if row.whole {
            whole = one;
        } else {
            sums.push(one);
        }
    }
    Ok((sums, whole))
}

#[cfg(test)]
mod tests;
