//! Table `reminders`: who is to be reminded of a ticket, and when. Source: T24.

use super::save::Save;
use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{Change, Changed, PrincipalId, groups::track::Change as Tracked};
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::{PgConnection, PgPool};
use std::collections::BTreeMap;
use tracing::Instrument as _;
use uuid::Uuid;

/// Somebody's mark that an act changed, and when it is to remind now.
pub(super) type Reminder = (PrincipalId, Option<Timestamp>);

/// What an act changed.
pub(super) fn touched(changed: &Changed) -> Vec<Reminder> {
    let person = |change: &Change| match change {
        Change::Track(
            Tracked::Tracked { person, .. } | Tracked::Untracked { person } | Tracked::Reminded { person },
        ) => Some(person.clone()),
        _ => None,
    };
    let tracks = &changed.ticket.groups.tracks;
    changed
        .events()
        .filter_map(|event| person(&event.change))
        .map(|person| {
            let remind_at = tracks.of(&person).and_then(|track| track.remind_at);
            (person, remind_at)
        })
        .collect()
}

/// Writes and takes away those of acts that were written.
pub(super) async fn write(connection: &mut PgConnection, saves: &[&Save]) -> Result<(), sqlx::Error> {
    let rows: BTreeMap<(Uuid, &str), Option<Timestamp>> = saves
        .iter()
        .flat_map(|save| save.extras.reminders.iter().map(|(who, at)| ((save.row.id, who.as_str()), *at)))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let tickets: Vec<Uuid> = rows.keys().map(|(ticket, _)| *ticket).collect();
    let people: Vec<String> = rows.keys().map(|(_, person)| (*person).to_owned()).collect();
    let times: Vec<Option<SqlTimestamp>> = rows.values().map(|at| at.map(|at| at.to_sqlx())).collect();
    sqlx::query!(
        "WITH input AS (
           SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::timestamptz[]) AS i(ticket_id, person_id, remind_at)),
         gone AS (
           DELETE FROM reminders r USING input i
           WHERE r.ticket_id = i.ticket_id AND r.person_id = i.person_id AND i.remind_at IS NULL)
         INSERT INTO reminders (ticket_id, person_id, remind_at)
         SELECT ticket_id, person_id, remind_at FROM input WHERE remind_at IS NOT NULL
         ON CONFLICT (ticket_id, person_id) DO UPDATE SET remind_at = EXCLUDED.remind_at",
        &tickets,
        &people,
        &times as &[Option<SqlTimestamp>]
    )
    .execute(connection)
    .instrument(sql_span!("reminders.write", "INSERT"))
    .await?;
    Ok(())
}

/// At most `limit` tickets that somebody is to be reminded of by now, each once, after one of an earlier page.
pub(crate) async fn due(pool: &PgPool, now: Timestamp, after: Uuid, limit: i64) -> Result<Vec<Uuid>, Error> {
    sqlx::query_scalar!(
        "SELECT DISTINCT ticket_id FROM reminders WHERE remind_at <= $1 AND ticket_id > $2 ORDER BY ticket_id LIMIT $3",
        now.to_sqlx() as _,
        after,
        limit
    )
    .fetch_all(pool)
    .instrument(sql_span!("reminders.due", "SELECT"))
    .await
    .map_err(error)
}
