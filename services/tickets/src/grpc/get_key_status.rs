//! `PrivacyService.GetKeyStatus`

use crate::{
    Rooms,
    store::{key_holders, key_rotations, key_uses},
};
use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_proto::{tickets::v1 as pb, to_timestamp};
use std::collections::{BTreeMap, BTreeSet};

pub(super) async fn get_key_status(rooms: &Rooms) -> Result<pb::KeyStatus, Error> {
    // Before what is held: what is used then is held by everybody now.
    let used = rooms.customers.sealer.in_use();
    let holders = key_holders::all(&rooms.pool).await.map_err(error)?;
    let uses = key_uses::count(&rooms.pool).await.map_err(error)?;
    let rotation = key_rotations::find(&rooms.pool, None).await.map_err(error)?;
    let encryption: Vec<&Vec<i32>> = holders.iter().map(|holder| &holder.held.encryption).collect();
    let index: Vec<&Vec<i32>> = holders.iter().map(|holder| &holder.held.index).collect();
    // What any replica still writes with must stay.
    let sealing = holders.iter().map(|holder| holder.sealing).min().unwrap_or(used.encryption);
    let indexing = holders.iter().map(|holder| holder.indexing).min().unwrap_or(used.index_from);
    Ok(pb::KeyStatus {
        encryption: versions(&encryption, &uses.encryption, used.encryption, sealing),
        index: versions(&index, &uses.index, used.index, indexing),
        replicas: i32::try_from(holders.len()).unwrap_or(i32::MAX),
        unknown_customers: uses.unknown,
        rotation: rotation.map(Into::into),
    })
}

fn versions(
    held: &[&Vec<i32>],
    rows: &BTreeMap<i32, i64>,
    used: i32,
    written_from: i32,
) -> Vec<pb::KeyVersion> {
    let all: BTreeSet<i32> =
        held.iter().flat_map(|held| held.iter().copied()).chain(rows.keys().copied()).collect();
    all.into_iter()
        .rev()
        .map(|version| {
            let rows = rows.get(&version).copied().unwrap_or(0);
            pb::KeyVersion {
                version,
                in_use: version == used,
                held_by: i32::try_from(held.iter().filter(|held| held.contains(&version)).count())
                    .unwrap_or(i32::MAX),
                rows,
                removable: rows == 0 && version < written_from && version < used,
            }
        })
        .collect()
}

impl From<key_rotations::Rotation> for pb::Rotation {
    fn from(rotation: key_rotations::Rotation) -> Self {
        Self {
            id: rotation.id.to_string(),
            state: i32::from(rotation.state),
            encryption_version: rotation.encryption_version,
            index_version: rotation.index_version,
            contacts_done: rotation.contacts_done,
            contacts_total: rotation.contacts_total,
            customers_done: rotation.customers_done,
            customers_total: rotation.customers_total,
            customers_forgotten: rotation.customers_forgotten,
            started_at: Some(to_timestamp(rotation.started_at)),
            ended_at: rotation.ended_at.map(to_timestamp),
            started_by: rotation.caller,
            error: rotation.error,
        }
    }
}
