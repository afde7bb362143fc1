//! Rosters, leave and swaps together, as the domain asks them who is on duty.

use super::{Store, leaves, principals, rosters, swaps};
use gongdan_errors::Error;
use gongdan_routing_domain::{PersonEntry, duty::DutyBook};
use jiff::{
    Timestamp,
    civil::Date,
    tz::{Offset, TimeZone},
};
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashMap};

impl Store {
    /// Who is on duty in a unit at an instant, however long ago, and who handles tickets there.
    pub async fn unit_duty(
        &self,
        unit_id: &str,
        at: Timestamp,
    ) -> Result<(DutyBook, Vec<(String, PersonEntry, String)>), Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        let book = of_unit(&mut connection, unit_id, at).await?;
        let members = principals::members(&mut connection, unit_id).await?;
        Ok((book, members))
    }

    /// Who is on duty in units from an instant on.
    pub async fn duty_of(&self, unit_ids: &[String], at: Timestamp) -> Result<DutyBook, Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        since(&mut connection, unit_ids, at).await
    }

    /// Capacities that rosters of units give.
    pub async fn capacities(&self, unit_ids: &[String]) -> Result<DutyBook, Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        Ok(DutyBook::new(rosters::of_units(&mut connection, unit_ids).await?, Vec::new(), Vec::new()))
    }

    /// Persons by their ids.
    pub async fn persons(&self, ids: &[String]) -> Result<HashMap<String, PersonEntry>, Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        principals::persons(&mut connection, ids).await
    }

    /// What people are called.
    pub async fn names(&self, ids: &[String]) -> Result<HashMap<String, String>, Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        principals::names(&mut connection, ids).await
    }
}

/// Of one unit, from an instant on: nothing is read of people who have nothing to do with it.
pub(super) async fn of_unit(
    connection: &mut PgConnection,
    unit_id: &str,
    at: Timestamp,
) -> Result<DutyBook, Error> {
    let units = [unit_id.to_owned()];
    let people = principals::of_units(connection, &units).await?;
    let rosters = rosters::of_units(connection, &units).await?;
    let ids: Vec<String> = rosters.iter().map(|roster| roster.id.clone()).collect();
    let swaps = match ids.is_empty() {
        true => Vec::new(),
        false => swaps::of_rosters(connection, &ids, Offset::UTC.to_datetime(at).date()).await?,
    };
    let mut named: BTreeSet<String> = people.keys().cloned().collect();
    named.extend(rosters.iter().flat_map(|roster| roster.people().map(ToOwned::to_owned)));
    named.extend(swaps.iter().map(|swap| swap.stand_in_id.clone()));
    // Whoever stands in may be away too, and hand it on.
    let (mut leaves, mut asked) = (Vec::new(), Vec::from_iter(named.clone()));
    while !asked.is_empty() {
        let away = leaves::since_of(connection, &asked, at).await?;
        let stand_ins: BTreeSet<String> = away.iter().filter_map(|leave| leave.stand_in_id.clone()).collect();
        asked = stand_ins.difference(&named).cloned().collect();
        named.extend(asked.iter().cloned());
        leaves.extend(away);
    }
    Ok(DutyBook::new(rosters, leaves, swaps).with_people(people))
}

/// Of these units, from an instant on.
pub(super) async fn since(
    connection: &mut PgConnection,
    units: &[String],
    at: Timestamp,
) -> Result<DutyBook, Error> {
    let people = principals::of_units(connection, units).await?;
    since_with(connection, units, people, at).await
}

/// The same, where it is known who belongs to these units.
pub(super) async fn since_with(
    connection: &mut PgConnection,
    units: &[String],
    people: HashMap<String, PersonEntry>,
    at: Timestamp,
) -> Result<DutyBook, Error> {
    let rosters = rosters::of_units(connection, units).await?;
    let leaves = leaves::current(connection, at).await?;
    let day = Offset::UTC.to_datetime(at).date();
    let swaps = swaps::since(connection, day).await?;
    Ok(DutyBook::new(rosters, leaves, swaps).with_people(people))
}

/// Of these units, from a day on.
pub(super) async fn since_day(
    connection: &mut PgConnection,
    units: &[String],
    day: Date,
) -> Result<DutyBook, Error> {
    let start = day.yesterday().unwrap_or(day).to_zoned(TimeZone::UTC).map_err(Error::internal)?;
    since(connection, units, start.timestamp()).await
}
