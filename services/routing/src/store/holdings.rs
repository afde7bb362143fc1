//! Table `holdings`: who holds a ticket, as tickets' events say.

use super::{About, in_hand::about};
use gongdan_errors::Error;
use gongdan_telemetry::sql_span;
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};
use tracing::Instrument as _;
use uuid::Uuid;

/// Who holds a ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holding {
    /// The version of the ticket that says so.
    pub version: i64,
    /// The ticket's round.
    pub round: i32,
    /// The person; none: no person does.
    pub person_id: Option<String>,
    /// The unit that has it in hand, or in whose pool it waits; none: no unit does.
    pub unit_id: Option<String>,
    /// People who returned it in this round.
    pub returned_by: Vec<String>,
    /// People who claimed it in this round and put it back.
    pub put_back_by: Vec<String>,
    /// What the ticket is called, where it is and what about; none: not known yet.
    pub about: Option<About>,
}

/// How many tickets these units have in hand and in their pools; those without any are left out.
pub(super) async fn of_units(
    connection: &mut PgConnection,
    units: &[String],
) -> Result<HashMap<String, i64>, sqlx::Error> {
    if units.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        r#"SELECT unit_id AS "unit_id!", count(*) AS "held!" FROM holdings WHERE unit_id = ANY ($1) GROUP BY unit_id"#,
        units,
    )
    .fetch_all(connection)
    .instrument(sql_span!("holdings.of_units", "SELECT"))
    .await?;
    Ok(rows.into_iter().map(|row| (row.unit_id, row.held)).collect())
}

/// How many tickets people hold who are not active or do not belong to the unit any more, by person and unit; of these people,
/// or of all.
pub(super) async fn of_gone(
    connection: &mut PgConnection,
    people: Option<&[String]>,
) -> Result<BTreeMap<(String, String), i64>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT h.person_id AS "person_id!", coalesce(h.unit_id, '') AS "unit_id!", count(*) AS "held!"
           FROM holdings h JOIN principals p ON p.id = h.person_id
           WHERE h.person_id IS NOT NULL AND ($1::text[] IS NULL OR h.person_id = ANY ($1))
             AND NOT (p.active AND coalesce(h.unit_id, '') = ANY (p.unit_ids))
           GROUP BY 1, 2"#,
        people as _,
    )
    .fetch_all(connection)
    .instrument(sql_span!("holdings.of_gone", "SELECT"))
    .await?;
    Ok(rows.into_iter().map(|row| ((row.person_id, row.unit_id), row.held)).collect())
}

/// Of these tickets, as far as a unit or person ever had them, locked.
pub async fn read(connection: &mut PgConnection, tickets: &[Uuid]) -> Result<HashMap<Uuid, Holding>, Error> {
    if tickets.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        "SELECT ticket_id, version, round, person_id, unit_id, returned_by, put_back_by, ticket_number, region, item
         FROM holdings WHERE ticket_id = ANY ($1) ORDER BY ticket_id FOR UPDATE",
        tickets,
    )
    .fetch_all(connection)
    .instrument(sql_span!("holdings.read", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    rows.into_iter()
        .map(|row| {
            let about = about(row.ticket_number, row.region, row.item)?;
            let (person_id, unit_id, returned_by) = (row.person_id, row.unit_id, row.returned_by);
            let (version, round, put_back_by) = (row.version, row.round, row.put_back_by);
            let holding = Holding { version, round, person_id, unit_id, returned_by, put_back_by, about };
            Ok((row.ticket_id, holding))
        })
        .collect()
}

/// Writes the newest state of each.
pub async fn write(connection: &mut PgConnection, holdings: &[(Uuid, Holding)]) -> Result<(), sqlx::Error> {
    if holdings.is_empty() {
        return Ok(());
    }
    let about: Vec<Option<&About>> = holdings.iter().map(|(_, holding)| holding.about.as_ref()).collect();
    // An array of arrays must be rectangular: lists of people travel joined, ids have no comma.
    sqlx::query!(
        "INSERT INTO holdings (ticket_id, version, round, person_id, unit_id, returned_by, put_back_by, ticket_number,
                               region, item)
         SELECT n.ticket_id, n.version, n.round, n.person_id, n.unit_id, string_to_array(n.returned, ','),
                string_to_array(n.put_back, ','), n.ticket_number, n.region, n.item
         FROM unnest($1::uuid[], $2::int8[], $3::int4[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::int8[], $10::text[])
              AS n (ticket_id, version, round, person_id, unit_id, returned, put_back, ticket_number, region, item)
         ORDER BY n.ticket_id
         ON CONFLICT (ticket_id) DO UPDATE SET version = excluded.version, round = excluded.round,
             person_id = excluded.person_id, unit_id = excluded.unit_id, returned_by = excluded.returned_by,
             put_back_by = excluded.put_back_by, ticket_number = excluded.ticket_number, region = excluded.region, item = excluded.item
         WHERE holdings.version < excluded.version",
        &holdings.iter().map(|(ticket, _)| *ticket).collect::<Vec<_>>(),
        &holdings.iter().map(|(_, holding)| holding.version).collect::<Vec<_>>(),
        &holdings.iter().map(|(_, holding)| holding.round).collect::<Vec<_>>(),
        &holdings.iter().map(|(_, holding)| holding.person_id.clone()).collect::<Vec<_>>() as _,
        &holdings.iter().map(|(_, holding)| holding.unit_id.clone()).collect::<Vec<_>>() as _,
        &holdings.iter().map(|(_, holding)| holding.returned_by.join(",")).collect::<Vec<_>>(),
        &holdings.iter().map(|(_, holding)| holding.put_back_by.join(",")).collect::<Vec<_>>(),
        &about.iter().map(|about| about.map(|about| about.number.clone())).collect::<Vec<_>>() as _,
        &about.iter().map(|about| about.map(|about| about.region.as_i64())).collect::<Vec<_>>() as _,
        &about.iter().map(|about| about.map(|about| about.item.clone())).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .instrument(sql_span!("holdings.write", "INSERT"))
    .await?;
    Ok(())
}
