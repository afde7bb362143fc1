//! Table `trackers`: whose own marks a ticket has, for their lists. Source: T24, T27.

use super::save::Save;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{Changed, Ticket};
use sqlx::PgConnection;
use std::collections::BTreeMap;
use tracing::Instrument as _;
use uuid::Uuid;

/// Somebody's mark, with the unit through which they see the ticket; none: it is gone.
pub(super) type Tracker = (String, Option<Option<String>>);

/// What an act changed.
pub(super) fn touched(changed: &Changed) -> Vec<Tracker> {
    let before = changed.before.as_deref().map(marks).unwrap_or_default();
    let after = marks(&changed.ticket);
    let gone =
        before.keys().filter(|person| !after.contains_key(*person)).map(|person| (person.clone(), None));
    let new = after.iter().filter(|(person, unit)| before.get(*person) != Some(unit));
    gone.chain(new.map(|(person, unit)| (person.clone(), Some(unit.clone())))).collect()
}

fn marks(ticket: &Ticket) -> BTreeMap<String, Option<String>> {
    let unit = |track| ticket.sees_through(track).map(ToString::to_string);
    ticket.groups.tracks.all.iter().map(|t| (t.person.to_string(), unit(&t.person))).collect()
}

/// Writes and takes away those of acts that were written.
pub(super) async fn write(connection: &mut PgConnection, saves: &[&Save]) -> Result<(), sqlx::Error> {
    let rows: BTreeMap<(&str, Uuid), &Option<Option<String>>> = saves
        .iter()
        .flat_map(|save| save.extras.trackers.iter().map(|(who, mark)| ((who.as_str(), save.row.id), mark)))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let people: Vec<String> = rows.keys().map(|(person, _)| (*person).to_owned()).collect();
    let tickets: Vec<Uuid> = rows.keys().map(|(_, ticket)| *ticket).collect();
    let there: Vec<bool> = rows.values().map(|mark| mark.is_some()).collect();
    let units: Vec<Option<String>> = rows.values().map(|mark| (*mark).clone().flatten()).collect();
    sqlx::query!(
        "WITH input AS (
           SELECT * FROM UNNEST($1::text[], $2::uuid[], $3::boolean[], $4::text[]) AS i(person, ticket_id, there, unit)),
         gone AS (
           DELETE FROM trackers t USING input i
           WHERE t.person = i.person AND t.ticket_id = i.ticket_id AND NOT i.there)
         INSERT INTO trackers (person, ticket_id, unit, received_at)
         SELECT person, ticket_id, unit, received_at FROM input JOIN tickets ON id = ticket_id WHERE there
         ON CONFLICT (person, ticket_id) DO UPDATE SET unit = EXCLUDED.unit",
        &people,
        &tickets,
        &there,
        &units as &[Option<String>]
    )
    .execute(connection)
    .instrument(sql_span!("trackers.write", "INSERT"))
    .await?;
    Ok(())
}
