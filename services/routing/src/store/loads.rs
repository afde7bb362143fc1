//! Table `loads`: what people have in hand. Written in the transaction of what it counts, rows in the order of ids.

use super::Store;
use gongdan_errors::Error;
use gongdan_routing_domain::strategy::Load;
use gongdan_telemetry::sql_span;
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};
use tracing::Instrument as _;

/// What changes in a person's load.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LoadChange {
    /// Tickets held, more or less.
    pub held: i32,
    /// Reservations, more or less.
    pub reserved: i32,
    /// The highest load after it; none: there is no limit.
    pub most: Option<i32>,
}

/// Changes by person.
pub type LoadChanges = BTreeMap<String, LoadChange>;

impl Store {
    /// Loads of people; who is not named has nothing.
    pub async fn loads(&self, people: &[String]) -> Result<HashMap<String, Load>, Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        read(&mut connection, people).await.map_err(gongdan_pg::error)
    }
}

/// Loads of people; who is not named has nothing.
pub async fn read(
    connection: &mut PgConnection,
    people: &[String],
) -> Result<HashMap<String, Load>, sqlx::Error> {
    let rows = sqlx::query!("SELECT person_id, held, reserved FROM loads WHERE person_id = ANY ($1)", people)
        .fetch_all(connection)
        .instrument(sql_span!("loads.read", "SELECT"))
        .await?;
    let count = |number: i32| u32::try_from(number).unwrap_or(0);
    Ok(rows
        .into_iter()
        .map(|row| (row.person_id, Load { held: count(row.held), reserved: count(row.reserved) }))
        .collect())
}

/// Waits for whoever changes the loads of these people at this moment, and keeps others from it until the end of the
/// transaction or savepoint.
pub async fn lock(connection: &mut PgConnection, people: &[String]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "SELECT person_id FROM loads WHERE person_id = ANY ($1) ORDER BY person_id FOR UPDATE",
        people
    )
    .fetch_all(connection)
    .instrument(sql_span!("loads.lock", "SELECT"))
    .await?;
    Ok(())
}

/// Changes loads, but none above its limit: false when one would have been, and then the transaction or savepoint has to
/// be given up. The limit is judged on the row as it is once it is locked, whatever was read before. What is proposed for
/// insertion is checked by the table's constraints even where the row is there: it must not be negative.
pub async fn change(connection: &mut PgConnection, changes: &LoadChanges) -> Result<bool, sqlx::Error> {
    let changes: Vec<(&String, &LoadChange)> = changes
        .iter()
        .filter(|(_, change)| change.held != 0 || change.reserved != 0 || change.most.is_some())
        .collect();
    if changes.is_empty() {
        return Ok(true);
    }
    let changed = sqlx::query!(
        "WITH n AS MATERIALIZED (
             SELECT * FROM unnest($1::text[], $2::int4[], $3::int4[], $4::int4[]) AS n (person_id, held, reserved, most)
         )
         INSERT INTO loads (person_id, held, reserved)
         SELECT n.person_id, greatest(n.held, 0), greatest(n.reserved, 0) FROM n ORDER BY n.person_id
         ON CONFLICT (person_id) DO UPDATE
             SET (held, reserved) = (SELECT loads.held + n.held, loads.reserved + n.reserved
                                     FROM n WHERE n.person_id = loads.person_id)
         WHERE (SELECT loads.held + loads.reserved + n.held + n.reserved <= n.most
                FROM n WHERE n.person_id = loads.person_id)",
        &changes.iter().map(|(person, _)| (*person).clone()).collect::<Vec<_>>(),
        &changes.iter().map(|(_, change)| change.held).collect::<Vec<_>>(),
        &changes.iter().map(|(_, change)| change.reserved).collect::<Vec<_>>(),
        &changes.iter().map(|(_, change)| change.most.unwrap_or(i32::MAX)).collect::<Vec<_>>(),
    )
    .execute(connection)
    .instrument(sql_span!("loads.change", "INSERT"))
    .await?;
    Ok(usize::try_from(changed.rows_affected()) == Ok(changes.len()))
}
