//! Table `rounds`.

use gongdan_reporting_domain::{Joined, Round};
use gongdan_telemetry::sql_span;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use tracing::Instrument;
use uuid::Uuid;

/// Writes rounds as they are now; a row that already stands for a later event stays. One statement for all.
pub(crate) async fn put(connection: &mut PgConnection, rounds: &[&Round]) -> Result<(), sqlx::Error> {
    let mut rows = Columns::default();
    for round in rounds {
        rows.push(round);
    }
    sqlx::query!(
        r#"INSERT INTO rounds AS r (ticket_id, round, version, origin, type, item, region, province, city, county,
                                    unit_id, began_at, first_dispatched_at, resolved_at, urged_at, open, cancelled,
                                    merged, first_contact, repeats)
           SELECT * FROM UNNEST($1::uuid[], $2::int[], $3::bigint[], $4::smallint[], $5::smallint[], $6::text[],
                                $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[],
                                $12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[],
                                $16::bool[], $17::bool[], $18::bool[], $19::bool[], $20::bool[])
           ON CONFLICT (ticket_id, round) DO UPDATE SET
               version = excluded.version, origin = excluded.origin, type = excluded.type, item = excluded.item,
               region = excluded.region, province = excluded.province, city = excluded.city,
               county = excluded.county, unit_id = excluded.unit_id,
               first_dispatched_at = excluded.first_dispatched_at, resolved_at = excluded.resolved_at,
               urged_at = COALESCE(r.urged_at, excluded.urged_at),
               open = excluded.open, cancelled = r.cancelled OR excluded.cancelled,
               merged = excluded.merged, first_contact = excluded.first_contact, repeats = excluded.repeats
           WHERE r.version < excluded.version"#,
        &rows.ticket,
        &rows.round,
        &rows.version,
        &rows.origin,
        &rows.kind,
        &rows.item,
        &rows.region,
        &rows.province,
        &rows.city,
        &rows.county,
        &rows.unit,
        &rows.began as _,
        &rows.dispatched as _,
        &rows.resolved as _,
        &rows.urged as _,
        &rows.open,
        &rows.cancelled,
        &rows.merged,
        &rows.first_contact,
        &rows.repeats
    )
    .execute(connection)
    .instrument(sql_span!("rounds.upsert", "INSERT"))
    .await?;
    Ok(())
}

/// All rounds of these tickets leave the rates.
pub(crate) async fn cancel(connection: &mut PgConnection, tickets: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE rounds SET cancelled = true WHERE ticket_id = ANY($1) AND NOT cancelled", tickets)
        .execute(connection)
        .instrument(sql_span!("rounds.cancel", "UPDATE"))
        .await?;
    Ok(())
}

/// Writes of all rounds of these tickets what they count for.
pub(crate) async fn join(
    connection: &mut PgConnection,
    tickets: &[(Uuid, Joined)],
) -> Result<(), sqlx::Error> {
    if tickets.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = tickets.iter().map(|(ticket, _)| *ticket).collect();
    let merged: Vec<_> = tickets.iter().map(|(_, joined)| joined.merged).collect();
    let repeats: Vec<_> = tickets.iter().map(|(_, joined)| joined.repeats).collect();
    sqlx::query!(
        "UPDATE rounds r SET merged = j.merged, repeats = j.repeats
         FROM UNNEST($1::uuid[], $2::bool[], $3::bool[]) AS j (ticket_id, merged, repeats)
         WHERE r.ticket_id = j.ticket_id AND (r.merged, r.repeats) IS DISTINCT FROM (j.merged, j.repeats)",
        &ids,
        &merged,
        &repeats
    )
    .execute(connection)
    .instrument(sql_span!("rounds.join", "UPDATE"))
    .await?;
    Ok(())
}

#[derive(Default)]
struct Columns {
    ticket: Vec<Uuid>,
    round: Vec<i32>,
    version: Vec<i64>,
    origin: Vec<i16>,
    kind: Vec<i16>,
    item: Vec<String>,
    region: Vec<i64>,
    province: Vec<i64>,
    city: Vec<i64>,
    county: Vec<i64>,
    unit: Vec<String>,
    began: Vec<jiff_sqlx::Timestamp>,
    dispatched: Vec<Option<jiff_sqlx::Timestamp>>,
    resolved: Vec<Option<jiff_sqlx::Timestamp>>,
    urged: Vec<Option<jiff_sqlx::Timestamp>>,
    open: Vec<bool>,
    cancelled: Vec<bool>,
    merged: Vec<bool>,
    first_contact: Vec<bool>,
    repeats: Vec<bool>,
}

impl Columns {
    fn push(&mut self, round: &Round) {
        let ticket = &round.snapshot;
        self.ticket.push(ticket.ticket);
        self.round.push(ticket.round);
        self.version.push(ticket.version);
        self.origin.push(if ticket.imported { 2 } else { 1 });
        self.kind.push(ticket.kind);
        self.item.push(ticket.item.clone());
        self.region.push(ticket.region.as_i64());
        self.province.push(round.areas.province.as_i64());
        self.city.push(round.areas.city.as_i64());
        self.county.push(round.areas.county.as_i64());
        self.unit.push(ticket.unit.clone());
        self.began.push(round.began_at.to_sqlx());
        self.dispatched.push(ticket.first_dispatched_at.map(ToSqlx::to_sqlx));
        self.resolved.push(ticket.resolved_at.map(ToSqlx::to_sqlx));
        self.urged.push(round.urged_at.map(ToSqlx::to_sqlx));
        self.open.push(ticket.open);
        self.cancelled.push(ticket.cancelled);
        self.merged.push(ticket.merged);
        self.first_contact.push(ticket.first_contact);
        self.repeats.push(ticket.repeats);
    }
}
