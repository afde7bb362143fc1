//! Tables `places`, `ticket_grids`, `ticket_assets`: where and what a ticket is about, and where somebody was who checked in.
//! Source: R5, T15, T37, DESIGN rule 15.

use super::{
    key_rotations::Rotation,
    save::Save,
    seal::{Sealed, Sealer, Unsealable},
};
use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{Change, Changed, CoordinateSystem, Point};
use prost::Message;
use sqlx::{PgConnection, PgPool};
use std::collections::HashMap;
use tracing::Instrument as _;
use uuid::Uuid;

/// A place in clear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KeptPlace {
    /// In words; empty if not given.
    pub address: String,
    /// The point and what it was given in, if given.
    pub point: Option<(Point, CoordinateSystem)>,
}

/// What is inside a sealed place.
#[derive(Clone, PartialEq, Message)]
struct Plain {
    #[prost(string, tag = "1")]
    address: String,
    /// North and east in ten-millionths of a degree; two numbers or none.
    #[prost(sint32, repeated, tag = "2")]
    point: Vec<i32>,
    #[prost(int32, tag = "3")]
    given_in: i32,
}

/// A place that an act brought.
#[derive(Debug, Clone)]
pub(crate) struct NewPlace {
    record: Uuid,
    sealed: Sealed,
}

impl NewPlace {
    /// Of a record: the ticket itself, or the report of a check-in.
    pub(crate) fn seal(sealer: &Sealer, record: Uuid, place: &KeptPlace) -> Result<Self, Error> {
        let point = place.point.map(|(point, _)| point.to_e7());
        let plain = Plain {
            address: place.address.clone(),
            point: point.map(|(north, east)| vec![north, east]).unwrap_or_default(),
            given_in: place.point.map_or(0, |(_, given_in)| given_in.number()),
        };
        let sealed = sealer.seal_bytes(record, &plain.encode_to_vec()).map_err(Error::internal)?;
        Ok(Self { record, sealed })
    }
}

fn open(sealer: &Sealer, record: Uuid, sealed: &Sealed) -> Result<KeptPlace, Unsealable> {
    let bytes = sealer.open_bytes(record, sealed)?;
    let plain = Plain::decode(bytes.as_slice()).map_err(|_| Unsealable::Damaged)?;
    let point = match plain.point.as_slice() {
        [] => None,
        [north, east] => {
            let point = Point::from_e7(*north, *east).map_err(|_| Unsealable::Damaged)?;
            let given_in = CoordinateSystem::from_number(plain.given_in).ok_or(Unsealable::Damaged)?;
            Some((point, given_in))
        }
        _ => return Err(Unsealable::Damaged),
    };
    Ok(KeptPlace { address: plain.address, point })
}

/// The grid of a ticket that an act begins, or brings to another place; empty: none any more.
pub(super) fn grid(changed: &Changed) -> Option<String> {
    let grid = changed.ticket.groups.place.grid.as_ref().map(ToString::to_string);
    if changed.from_version == 0 {
        return grid;
    }
    let moved = changed.events().any(|event| matches!(event.change, Change::Place(_)));
    moved.then(|| grid.unwrap_or_default())
}

/// The asset of a ticket that an act begins, or says to be about another; empty: none any more.
pub(super) fn asset(changed: &Changed) -> Option<String> {
    let asset = changed.ticket.groups.place.asset.as_ref().map(ToString::to_string);
    if changed.from_version == 0 {
        return asset;
    }
    let moved = changed.events().any(|event| matches!(event.change, Change::Place(_)));
    moved.then(|| asset.unwrap_or_default())
}

/// Writes those of acts that were written.
pub(super) async fn write(connection: &mut PgConnection, saves: &[&Save]) -> Result<(), sqlx::Error> {
    for save in saves {
        match save.extras.grid.as_deref() {
            None => {}
            Some("") => {
                sqlx::query!("DELETE FROM ticket_grids WHERE ticket_id = $1", save.row.id)
                    .execute(&mut *connection)
                    .instrument(sql_span!("ticket_grids.delete", "DELETE"))
                    .await?;
            }
            Some(grid) => {
                sqlx::query!(
                    "INSERT INTO ticket_grids (ticket_id, grid) VALUES ($1, $2)
                     ON CONFLICT (ticket_id) DO UPDATE SET grid = EXCLUDED.grid",
                    save.row.id,
                    grid
                )
                .execute(&mut *connection)
                .instrument(sql_span!("ticket_grids.write", "INSERT"))
                .await?;
            }
        }
        match save.extras.asset.as_deref() {
            None => {}
            Some("") => assets_gone(connection, &[save.row.id]).await?,
            Some(asset) => {
                sqlx::query!(
                    "INSERT INTO ticket_assets (ticket_id, asset) VALUES ($1, $2)
                     ON CONFLICT (ticket_id) DO UPDATE SET asset = EXCLUDED.asset",
                    save.row.id,
                    asset
                )
                .execute(&mut *connection)
                .instrument(sql_span!("ticket_assets.write", "INSERT"))
                .await?;
            }
        }
        for place in &save.extras.places {
            sqlx::query!(
                "INSERT INTO places (ticket_id, record_id, key_version, sealed) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (ticket_id, record_id) DO UPDATE
                   SET key_version = EXCLUDED.key_version, sealed = EXCLUDED.sealed",
                save.row.id,
                place.record,
                place.sealed.key_version,
                place.sealed.bytes
            )
            .execute(&mut *connection)
            .instrument(sql_span!("places.write", "INSERT"))
            .await?;
        }
    }
    Ok(())
}

/// All of a ticket, by their records.
pub(crate) async fn of_ticket(
    pool: &PgPool,
    sealer: &Sealer,
    ticket: Uuid,
) -> Result<HashMap<Uuid, KeptPlace>, Error> {
    let rows = sqlx::query!("SELECT record_id, key_version, sealed FROM places WHERE ticket_id = $1", ticket)
        .fetch_all(pool)
        .instrument(sql_span!("places.of_ticket", "SELECT"))
        .await
        .map_err(error)?;
    rows.into_iter()
        .map(|row| {
            let sealed = Sealed { key_version: row.key_version, bytes: row.sealed };
            Ok((row.record_id, open(sealer, row.record_id, &sealed).map_err(Error::internal)?))
        })
        .collect()
}

async fn assets_gone(connection: &mut PgConnection, tickets: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM ticket_assets WHERE ticket_id = ANY ($1)", tickets)
        .execute(connection)
        .instrument(sql_span!("ticket_assets.delete", "DELETE"))
        .await?;
    Ok(())
}

/// They go with the contact.
pub(super) async fn erase(connection: &mut PgConnection, tickets: &[Uuid]) -> Result<(), sqlx::Error> {
    assets_gone(connection, tickets).await?;
    sqlx::query!("DELETE FROM places WHERE ticket_id = ANY ($1)", tickets)
        .execute(connection)
        .instrument(sql_span!("places.erase", "DELETE"))
        .await?;
    Ok(())
}

/// Seals the next ones anew; says how many. What cannot be opened stays, and the end of the rotation tells of it.
pub(crate) async fn rotate(
    pool: &PgPool,
    sealer: &Sealer,
    rotation: &Rotation,
    after: Uuid,
    limit: i64,
) -> Result<(Option<Uuid>, i64), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let rows = sqlx::query!(
        "SELECT ticket_id, record_id, key_version, sealed FROM places
         WHERE key_version < $1 AND record_id > $2 ORDER BY record_id LIMIT $3 FOR UPDATE SKIP LOCKED",
        rotation.encryption_version,
        after,
        limit
    )
    .fetch_all(&mut *transaction)
    .instrument(sql_span!("places.rotate", "SELECT"))
    .await?;
    let last = rows.last().map(|row| row.record_id);
    let mut done = 0;
    for row in rows {
        match sealer.reseal(row.record_id, &Sealed { key_version: row.key_version, bytes: row.sealed }) {
            Ok(sealed) => {
                sqlx::query!(
                    "UPDATE places SET key_version = $3, sealed = $4 WHERE ticket_id = $1 AND record_id = $2",
                    row.ticket_id,
                    row.record_id,
                    sealed.key_version,
                    sealed.bytes
                )
                .execute(&mut *transaction)
                .instrument(sql_span!("places.reseal", "UPDATE"))
                .await?;
                done += 1;
            }
            Err(error) => tracing::error!(ticket = %row.ticket_id, %error, "a place cannot be sealed anew"),
        }
    }
    transaction.commit().await?;
    Ok((last, done))
}
