//! Tables `swaps` and `dropped_swaps`.

use super::{Store, Writer, book, generation, principals, rosters};
use crate::error;
use gongdan_errors::Error;
use gongdan_pg::{
    RequestKey,
    requests::{self, Answered},
};
use gongdan_routing_domain::{
    Violation,
    duty::{Roster, Swap, check_give_back, check_swap},
};
use gongdan_telemetry::sql_span;
use jiff::{Timestamp, ToSpan as _, civil::Date};
use jiff_sqlx::{Date as SqlDate, ToSqlx as _};
use sqlx::PgConnection;
use tracing::Instrument as _;

/// Which swaps; all given must match.
#[derive(Debug, Clone, Default)]
pub struct SwapFilter {
    /// Of rosters of a unit.
    pub unit_id: Option<String>,
    /// Of a roster.
    pub roster_id: Option<String>,
    /// By which somebody has a shift or gave one away.
    pub person_id: Option<String>,
    /// From this day on.
    pub since: Option<Date>,
}

/// The place of a swap in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwapCursor {
    /// The day.
    pub day: Date,
    /// The roster.
    pub roster_id: String,
    /// Whose it is.
    pub person_id: String,
    /// The shift.
    pub shift: String,
}

struct Row {
    roster_id: String,
    shift: String,
    day: SqlDate,
    person_id: String,
    stand_in_id: String,
}

impl From<Row> for Swap {
    fn from(row: Row) -> Self {
        Self {
            roster_id: row.roster_id,
            shift: row.shift,
            day: row.day.to_jiff(),
            person_id: row.person_id,
            stand_in_id: row.stand_in_id,
        }
    }
}

impl Store {
    /// Checks a swap and writes it; without a stand-in it is taken back.
    ///
    /// # Errors
    /// NOT_FOUND for the roster; PERMISSION_DENIED; INVALID_ARGUMENT with the violation.
    pub async fn swap_duty(
        &self,
        swap: &Swap,
        by: Writer<'_>,
        key: &RequestKey,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let connection = &mut *transaction;
        generation::lock_writers(connection).await.map_err(gongdan_pg::error)?;
        if requests::lookup(connection, key).await?.is_some() {
            return Ok(());
        }
        let roster =
            rosters::present(connection, &swap.roster_id).await?.ok_or_else(error::roster_not_found)?.roster;
        by.check_unit(&roster.unit_id)?;
        if swap.stand_in_id.is_empty() {
            give_back(connection, swap, &roster).await?;
        } else {
            give(connection, swap, &roster, by.id(), now).await?;
        }
        generation::advance_duty(connection).await.map_err(gongdan_pg::error)?;
        let resource_id = gongdan_clock::stable_id("roster", &swap.roster_id);
        requests::insert(connection, key, Answered { resource_id, version: 1 }, now).await?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(())
    }

    /// At most `limit` swaps after a place, in the order of day, roster, person and shift.
    pub async fn list_swaps(
        &self,
        filter: &SwapFilter,
        after: Option<&SwapCursor>,
        limit: i64,
    ) -> Result<Vec<Swap>, Error> {
        let rows = sqlx::query_as!(
            Row,
            "SELECT roster_id, shift, day, person_id, stand_in_id FROM swaps s
             WHERE ($1::date IS NULL OR day >= $1)
               AND ($2::date IS NULL OR (day, roster_id, person_id, shift) > ($2, $3, $4, $5))
               AND ($6::text IS NULL OR roster_id = $6)
               AND ($7::text IS NULL OR person_id = $7 OR stand_in_id = $7)
               AND ($8::text IS NULL OR EXISTS (SELECT FROM rosters r WHERE r.id = s.roster_id AND r.unit_id = $8))
             ORDER BY day, roster_id, person_id, shift LIMIT $9",
            filter.since.map(|day| day.to_sqlx()) as _,
            after.map(|after| after.day.to_sqlx()) as _,
            after.map(|after| &*after.roster_id),
            after.map(|after| &*after.person_id),
            after.map(|after| &*after.shift),
            filter.roster_id,
            filter.person_id,
            filter.unit_id,
            limit,
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("swaps.list", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}

/// Gives a shift to somebody, whoever had it so far, after a look at their duty in all units they belong to.
async fn give(
    connection: &mut PgConnection,
    swap: &Swap,
    roster: &Roster,
    by: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let people = principals::persons(connection, std::slice::from_ref(&swap.stand_in_id)).await?;
    let mut units: Vec<String> = people.values().flat_map(|person| person.unit_ids.clone()).collect();
    units.push(roster.unit_id.clone());
    let book = book::since_day(connection, &units, swap.day).await?;
    let found = check_swap(swap, roster, &book, &people);
    if !found.is_empty() {
        return Err(error::invalid(found));
    }
    sqlx::query!(
        "INSERT INTO swaps (roster_id, shift, day, person_id, stand_in_id, recorded_at, recorded_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT ON CONSTRAINT swaps_pkey DO UPDATE SET stand_in_id = excluded.stand_in_id,
             recorded_at = excluded.recorded_at, recorded_by = excluded.recorded_by",
        swap.roster_id,
        swap.shift,
        swap.day.to_sqlx() as _,
        swap.person_id,
        swap.stand_in_id,
        now.to_sqlx() as _,
        by,
    )
    .execute(connection)
    .instrument(sql_span!("swaps.upsert", "INSERT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(())
}

/// Makes a shift its owner's again, after a look at the owner's duty in all units they belong to.
async fn give_back(connection: &mut PgConnection, swap: &Swap, roster: &Roster) -> Result<(), Error> {
    let deleted = sqlx::query!(
        "DELETE FROM swaps WHERE roster_id = $1 AND shift = $2 AND day = $3 AND person_id = $4",
        swap.roster_id,
        swap.shift,
        swap.day.to_sqlx() as _,
        swap.person_id,
    )
    .execute(&mut *connection)
    .instrument(sql_span!("swaps.delete", "DELETE"))
    .await
    .map_err(gongdan_pg::error)?;
    if deleted.rows_affected() == 0 {
        let rule = format!(
            "required: nobody was given shift `{}` of `{}` on {}, so there is nothing to give back",
            swap.shift, swap.person_id, swap.day
        );
        return Err(error::invalid(vec![Violation { field: "stand_in_id".to_owned(), rule }]));
    }
    let people = principals::persons(connection, std::slice::from_ref(&swap.person_id)).await?;
    let mut units: Vec<String> = people.values().flat_map(|person| person.unit_ids.clone()).collect();
    units.push(roster.unit_id.clone());
    let book = book::since_day(connection, &units, swap.day).await?;
    let found = check_give_back(swap, roster, &book);
    if found.is_empty() { Ok(()) } else { Err(error::invalid(found)) }
}

/// Swaps from a day on.
pub(super) async fn since(connection: &mut PgConnection, day: Date) -> Result<Vec<Swap>, Error> {
    let day = day.saturating_sub(2.days());
    let rows = sqlx::query_as!(
        Row,
        "SELECT roster_id, shift, day, person_id, stand_in_id FROM swaps WHERE day >= $1",
        day.to_sqlx() as _,
    )
    .fetch_all(connection)
    .instrument(sql_span!("swaps.since", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Swaps of these rosters from a day on.
pub(super) async fn of_rosters(
    connection: &mut PgConnection,
    rosters: &[String],
    day: Date,
) -> Result<Vec<Swap>, Error> {
    let day = day.saturating_sub(2.days());
    let rows = sqlx::query_as!(
        Row,
        "SELECT roster_id, shift, day, person_id, stand_in_id FROM swaps WHERE roster_id = ANY ($1) AND day >= $2",
        rosters,
        day.to_sqlx() as _,
    )
    .fetch_all(connection)
    .instrument(sql_span!("swaps.of_rosters", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Takes all of a roster's swaps out.
pub(super) async fn forget(connection: &mut PgConnection, roster_id: &str) -> Result<(), Error> {
    sqlx::query!("DELETE FROM swaps WHERE roster_id = $1", roster_id)
        .execute(connection)
        .instrument(sql_span!("swaps.forget", "DELETE"))
        .await
        .map_err(gongdan_pg::error)?;
    Ok(())
}

/// Takes some of a roster's swaps out by a revision of it, which keeps them.
pub(super) async fn drop_by(
    connection: &mut PgConnection,
    roster_id: &str,
    revision: i64,
    dropped: &[Swap],
) -> Result<(), Error> {
    if dropped.is_empty() {
        return Ok(());
    }
    let shifts: Vec<String> = dropped.iter().map(|swap| swap.shift.clone()).collect();
    let days: Vec<SqlDate> = dropped.iter().map(|swap| swap.day.to_sqlx()).collect();
    let people: Vec<String> = dropped.iter().map(|swap| swap.person_id.clone()).collect();
    sqlx::query!(
        "WITH gone AS (
             DELETE FROM swaps WHERE roster_id = $1
                 AND (shift, day, person_id) IN (SELECT * FROM unnest($2::text[], $3::date[], $4::text[]))
             RETURNING roster_id, shift, day, person_id, stand_in_id
         )
         INSERT INTO dropped_swaps (revision, roster_id, shift, day, person_id, stand_in_id)
         SELECT $5, roster_id, shift, day, person_id, stand_in_id FROM gone",
        roster_id,
        &shifts,
        &days as _,
        &people,
        revision,
    )
    .execute(connection)
    .instrument(sql_span!("swaps.drop", "DELETE"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(())
}

/// What a revision of a roster took out.
pub(super) async fn dropped_by(connection: &mut PgConnection, revision: i64) -> Result<Vec<Swap>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT roster_id, shift, day, person_id, stand_in_id FROM dropped_swaps WHERE revision = $1
         ORDER BY day, person_id, shift",
        revision,
    )
    .fetch_all(connection)
    .instrument(sql_span!("dropped_swaps.list", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(rows.into_iter().map(Into::into).collect())
}
