//! Table `assisting`: units that owe their help with a ticket in flight, for their lists. Source: T14, T27.

use super::save::Save;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{Changed, UnitId};
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet};
use tracing::Instrument as _;
use uuid::Uuid;

/// A unit, and whether it owes its help from now on.
pub(super) type Assisting = (String, bool);

/// What an act changed.
pub(super) fn touched(changed: &Changed) -> Vec<Assisting> {
    let before = changed.before.as_deref().map(|ticket| ticket.assisting()).unwrap_or_default();
    let after = changed.ticket.assisting();
    let units = |from: &BTreeSet<&UnitId>, other: &BTreeSet<&UnitId>, owes| {
        from.difference(other).map(|unit| (unit.to_string(), owes)).collect::<Vec<_>>()
    };
    [units(&before, &after, false), units(&after, &before, true)].concat()
}

/// Writes and takes away those of acts that were written.
pub(super) async fn write(connection: &mut PgConnection, saves: &[&Save]) -> Result<(), sqlx::Error> {
    let rows: BTreeMap<(&str, Uuid), bool> = saves
        .iter()
        .flat_map(|save| {
            save.extras.assisting.iter().map(|(unit, owes)| ((unit.as_str(), save.row.id), *owes))
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let units: Vec<String> = rows.keys().map(|(unit, _)| (*unit).to_owned()).collect();
    let tickets: Vec<Uuid> = rows.keys().map(|(_, ticket)| *ticket).collect();
    let owes: Vec<bool> = rows.into_values().collect();
    sqlx::query!(
        "WITH input AS (SELECT * FROM UNNEST($1::text[], $2::uuid[], $3::boolean[]) AS i(unit, ticket_id, owes)),
         gone AS (
           DELETE FROM assisting a USING input i WHERE a.unit = i.unit AND a.ticket_id = i.ticket_id AND NOT i.owes)
         INSERT INTO assisting (unit, ticket_id, received_at)
         SELECT unit, ticket_id, received_at FROM input JOIN tickets ON id = ticket_id WHERE owes
         ON CONFLICT DO NOTHING",
        &units,
        &tickets,
        &owes
    )
    .execute(connection)
    .instrument(sql_span!("assisting.write", "INSERT"))
    .await?;
    Ok(())
}
