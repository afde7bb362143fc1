//! Tables `rosters` and `roster_revisions`.

use super::{Store, Writer, generation, principals, swaps, units, unreadable};
use crate::error;
use gongdan_errors::Error;
use gongdan_pg::{
    RequestKey,
    requests::{self, Answered},
};
use gongdan_routing_domain::{
    Unit, Violation,
    duty::{Roster, Swap, check_roster, settle_swaps},
};
use gongdan_telemetry::sql_span;
use jiff::{Timestamp, tz::Offset};
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashMap};
use tracing::Instrument as _;

/// A roster at one of its revisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterRevision {
    /// Number; also the etag.
    pub revision: i64,
    /// The roster.
    pub roster: Roster,
    /// When it was written.
    pub written_at: Timestamp,
    /// In the answer to who writes it: swaps that it took back.
    pub dropped: Vec<Swap>,
}

struct Row {
    revision: i64,
    document: serde_json::Value,
    written_at: SqlTimestamp,
}

impl TryFrom<Row> for RosterRevision {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let roster = serde_json::from_value(row.document)
            .map_err(|error| unreadable(format!("roster at revision {}: {error}", row.revision)))?;
        let written_at = row.written_at.to_jiff();
        Ok(Self { revision: row.revision, roster, written_at, dropped: Vec::new() })
    }
}

impl Store {
    /// A roster as it is.
    pub async fn roster(&self, id: &str) -> Result<Option<RosterRevision>, Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        present(&mut connection, id).await
    }

    /// At most `limit` rosters whose id is above `after`, of one unit or of all.
    pub async fn list_rosters(
        &self,
        unit_id: Option<&str>,
        after: &str,
        limit: i64,
    ) -> Result<Vec<RosterRevision>, Error> {
        let rows = sqlx::query_as!(
            Row,
            "SELECT v.revision, v.document, v.written_at
             FROM rosters r JOIN roster_revisions v ON v.revision = r.revision
             WHERE r.id > $1 AND ($2::text IS NULL OR r.unit_id = $2) ORDER BY r.id LIMIT $3",
            after,
            unit_id,
            limit,
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("rosters.list", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// What this request answered before, if it did.
    pub async fn answered_roster(&self, key: &RequestKey) -> Result<Option<RosterRevision>, Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        answered(&mut connection, key).await
    }

    /// Checks a roster and writes it, and takes back the swaps that no longer fit. The same content again makes no new
    /// revision.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with every violation; PERMISSION_DENIED; ABORTED for a stale etag.
    pub async fn put_roster(
        &self,
        roster: Roster,
        etag: Option<i64>,
        by: Writer<'_>,
        key: &RequestKey,
        now: Timestamp,
    ) -> Result<RosterRevision, Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let connection = &mut *transaction;
        generation::lock_writers(connection).await.map_err(gongdan_pg::error)?;
        if let Some(revision) = answered(connection, key).await? {
            return Ok(revision);
        }
        by.check_unit(&roster.unit_id)?;
        let before = present(connection, &roster.id).await?;
        if let Some(before) = &before {
            // Nobody takes another unit's roster away by giving it a new one.
            by.check_unit(&before.roster.unit_id)?;
        }
        guard(etag, before.as_ref())?;
        let changed = before.as_ref().is_none_or(|before| before.roster != roster);
        let (roster, dropped) = check(connection, roster, changed, now).await?;
        let revision = match before.filter(|_| !changed) {
            Some(mut before) => {
                before.dropped = swaps::dropped_by(connection, before.revision).await?;
                before
            }
            None => {
                let mut revision = insert(connection, roster, by.id(), now).await?;
                swaps::drop_by(connection, &revision.roster.id, revision.revision, &dropped).await?;
                revision.dropped = dropped;
                generation::advance_duty(connection).await.map_err(gongdan_pg::error)?;
                revision
            }
        };
        let resource_id = gongdan_clock::stable_id("roster", &revision.roster.id);
        requests::insert(connection, key, Answered { resource_id, version: revision.revision }, now).await?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(revision)
    }

    /// Takes a roster out, with its swaps; its revisions stay.
    ///
    /// # Errors
    /// NOT_FOUND; PERMISSION_DENIED; ABORTED for a stale etag.
    pub async fn delete_roster(
        &self,
        id: &str,
        etag: Option<i64>,
        by: Writer<'_>,
        key: &RequestKey,
        now: Timestamp,
    ) -> Result<RosterRevision, Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let connection = &mut *transaction;
        generation::lock_writers(connection).await.map_err(gongdan_pg::error)?;
        if let Some(revision) = answered(connection, key).await? {
            return Ok(RosterRevision { dropped: Vec::new(), ..revision });
        }
        let before = present(connection, id).await?.ok_or_else(error::roster_not_found)?;
        by.check_unit(&before.roster.unit_id)?;
        guard(etag, Some(&before))?;
        sqlx::query!("DELETE FROM rosters WHERE id = $1", id)
            .execute(&mut *connection)
            .instrument(sql_span!("rosters.delete", "DELETE"))
            .await
            .map_err(gongdan_pg::error)?;
        swaps::forget(connection, id).await?;
        generation::advance_duty(connection).await.map_err(gongdan_pg::error)?;
        let resource_id = gongdan_clock::stable_id("roster", id);
        requests::insert(connection, key, Answered { resource_id, version: before.revision }, now).await?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(before)
    }
}

/// Every roster.
pub(super) async fn all(connection: &mut PgConnection) -> Result<Vec<Roster>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT v.revision, v.document, v.written_at
         FROM rosters r JOIN roster_revisions v ON v.revision = r.revision ORDER BY r.id",
    )
    .fetch_all(connection)
    .instrument(sql_span!("rosters.all", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    rows.into_iter().map(|row| RosterRevision::try_from(row).map(|revision| revision.roster)).collect()
}

/// Rosters of units.
pub(super) async fn of_units(connection: &mut PgConnection, units: &[String]) -> Result<Vec<Roster>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT v.revision, v.document, v.written_at
         FROM rosters r JOIN roster_revisions v ON v.revision = r.revision
         WHERE r.unit_id = ANY ($1) ORDER BY r.id",
        units,
    )
    .fetch_all(connection)
    .instrument(sql_span!("rosters.of_units", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    rows.into_iter().map(|row| RosterRevision::try_from(row).map(|revision| revision.roster)).collect()
}

/// Against the units and people there are, other rosters of units that the same people belong to, and if anything changed
/// swaps that are not over; with those that no longer fit. Large rosters take a moment: not on this thread.
async fn check(
    connection: &mut PgConnection,
    roster: Roster,
    changed: bool,
    now: Timestamp,
) -> Result<(Roster, Vec<Swap>), Error> {
    let units: HashMap<String, Unit> =
        units::all(connection).await?.into_iter().map(|(unit, _)| (unit.id.clone(), unit)).collect();
    let swaps = if changed {
        swaps::since(connection, Offset::UTC.to_datetime(now).date()).await?
    } else {
        Vec::new()
    };
    let own = swaps.iter().filter(|swap| swap.roster_id == roster.id);
    let named: BTreeSet<&str> = roster.people().chain(own.map(|swap| swap.stand_in_id.as_str())).collect();
    let named: Vec<String> = named.into_iter().map(ToOwned::to_owned).collect();
    let people = principals::persons(connection, &named).await?;
    let around: BTreeSet<String> =
        people.values().flat_map(|person| person.unit_ids.iter().cloned()).collect();
    let others = of_units(connection, &around.into_iter().collect::<Vec<_>>()).await?;
    let checked = move || -> Result<(Roster, Vec<Swap>), Vec<Violation>> {
        let found = check_roster(&roster, &others, &units, &people);
        if !found.is_empty() {
            return Err(found);
        }
        let (dropped, found) = settle_swaps(&roster, &others, swaps, &people, now);
        if found.is_empty() { Ok((roster, dropped)) } else { Err(found) }
    };
    tokio::task::spawn_blocking(checked).await.map_err(Error::internal)?.map_err(error::invalid)
}

pub(super) async fn present(
    connection: &mut PgConnection,
    id: &str,
) -> Result<Option<RosterRevision>, Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT v.revision, v.document, v.written_at
         FROM rosters r JOIN roster_revisions v ON v.revision = r.revision WHERE r.id = $1",
        id,
    )
    .fetch_optional(connection)
    .instrument(sql_span!("rosters.get", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    row.map(TryInto::try_into).transpose()
}

async fn answered(connection: &mut PgConnection, key: &RequestKey) -> Result<Option<RosterRevision>, Error> {
    let Some(answered) = requests::lookup(connection, key).await? else { return Ok(None) };
    let row = sqlx::query_as!(
        Row,
        "SELECT revision, document, written_at FROM roster_revisions WHERE revision = $1",
        answered.version,
    )
    .fetch_optional(&mut *connection)
    .instrument(sql_span!("roster_revisions.get", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?
    .ok_or_else(|| unreadable(format!("request names revision {}, which is not there", answered.version)))?;
    let revision = RosterRevision::try_from(row)?;
    let dropped = swaps::dropped_by(connection, revision.revision).await?;
    Ok(Some(RosterRevision { dropped, ..revision }))
}

fn guard(etag: Option<i64>, before: Option<&RosterRevision>) -> Result<(), Error> {
    match etag {
        Some(etag) if before.map(|before| before.revision) != Some(etag) => {
            Err(error::roster_etag_mismatch())
        }
        _ => Ok(()),
    }
}

async fn insert(
    connection: &mut PgConnection,
    roster: Roster,
    by: &str,
    now: Timestamp,
) -> Result<RosterRevision, Error> {
    let document = serde_json::to_value(&roster).map_err(Error::internal)?;
    let revision = sqlx::query_scalar!(
        "INSERT INTO roster_revisions (roster_id, unit_id, document, written_at, written_by)
         VALUES ($1, $2, $3, $4, $5) RETURNING revision",
        roster.id,
        roster.unit_id,
        document,
        now.to_sqlx() as _,
        by,
    )
    .fetch_one(&mut *connection)
    .instrument(sql_span!("roster_revisions.insert", "INSERT"))
    .await
    .map_err(gongdan_pg::error)?;
    sqlx::query!(
        "INSERT INTO rosters (id, revision, unit_id) VALUES ($1, $2, $3)
         ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, unit_id = excluded.unit_id",
        roster.id,
        revision,
        roster.unit_id,
    )
    .execute(connection)
    .instrument(sql_span!("rosters.upsert", "INSERT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(RosterRevision { revision, roster, written_at: now, dropped: Vec::new() })
}
