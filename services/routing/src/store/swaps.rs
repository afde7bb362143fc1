//! Table `swaps`.

use super::{Store, book, generation, principals, rosters};
use crate::error;
use gongdan_errors::Error;
use gongdan_pg::{
    RequestKey,
    requests::{self, Answered},
};
use gongdan_routing_domain::duty::{Swap, check_swap};
use gongdan_telemetry::sql_span;
use jiff::{Timestamp, ToSpan as _, civil::Date};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use tracing::Instrument as _;

impl Store {
    /// Checks a swap and writes it; without a stand-in it is taken back.
    ///
    /// # Errors
    /// NOT_FOUND for the roster; INVALID_ARGUMENT with the violation.
    pub async fn swap_duty(
        &self,
        swap: &Swap,
        by: &str,
        key: &RequestKey,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let connection = &mut *transaction;
        generation::lock_writers(connection).await.map_err(gongdan_pg::error)?;
        if requests::lookup(connection, key).await?.is_some() {
            return Ok(());
        }
        if swap.stand_in_id.is_empty() {
            sqlx::query!(
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
        } else {
            check(connection, swap).await?;
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
            .execute(&mut *connection)
            .instrument(sql_span!("swaps.upsert", "INSERT"))
            .await
            .map_err(gongdan_pg::error)?;
        }
        generation::advance(connection).await.map_err(gongdan_pg::error)?;
        let resource_id = gongdan_clock::stable_id("roster", &swap.roster_id);
        requests::insert(connection, key, Answered { resource_id, version: 1 }, now).await?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(())
    }
}

/// Against its roster, and the duty of the stand-in in all units they belong to.
async fn check(connection: &mut PgConnection, swap: &Swap) -> Result<(), Error> {
    let roster =
        rosters::present(connection, &swap.roster_id).await?.ok_or_else(error::roster_not_found)?.roster;
    let people = principals::persons(connection, std::slice::from_ref(&swap.stand_in_id)).await?;
    let mut units: Vec<String> = people.values().flat_map(|person| person.unit_ids.clone()).collect();
    units.push(roster.unit_id.clone());
    let book = book::since_day(connection, &units, swap.day).await?;
    let found = check_swap(swap, &roster, &book, &people);
    if found.is_empty() { Ok(()) } else { Err(error::invalid(found)) }
}

/// Swaps from a day on.
pub(super) async fn since(connection: &mut PgConnection, day: Date) -> Result<Vec<Swap>, Error> {
    let day = day.saturating_sub(2.days());
    let rows = sqlx::query!(
        "SELECT roster_id, shift, day, person_id, stand_in_id FROM swaps WHERE day >= $1",
        day.to_sqlx() as _,
    )
    .fetch_all(connection)
    .instrument(sql_span!("swaps.since", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(rows
        .into_iter()
        .map(|row| Swap {
            roster_id: row.roster_id,
            shift: row.shift,
            day: row.day.to_jiff(),
            person_id: row.person_id,
            stand_in_id: row.stand_in_id,
        })
        .collect())
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
