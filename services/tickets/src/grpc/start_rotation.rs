//! `PrivacyService.StartRotation`

use super::decode::uuid;
use crate::{
    Rooms,
    store::{key_holders, key_rotations},
};
use gongdan_auth::Actor;
use gongdan_clock::new_id;
use gongdan_errors::{Error, Reason};
use gongdan_pg::{constraint, error};
use gongdan_proto::tickets::v1 as pb;

pub(super) async fn start_rotation(
    rooms: &Rooms,
    actor: &Actor,
    request: pb::StartRotationRequest,
) -> Result<pb::Rotation, Error> {
    let request_id = uuid(&request.request_id).map_err(|rule| Error::invalid_field("request_id", rule))?;
    let caller = &actor.principal_id;
    if let Some(earlier) = key_rotations::of_request(&rooms.pool, caller, request_id).await.map_err(error)? {
        if earlier.forget_unknown != request.forget_unknown {
            return Err(Error::already_exists(
                Reason::RequestIdReused,
                "this request_id was used for another request",
            ));
        }
        return Ok(earlier.into());
    }
    let held = rooms.customers.sealer.held();
    let newest = |versions: &[i32]| versions.last().copied().unwrap_or_default();
    let (encryption, index) = (newest(&held.encryption), newest(&held.index));
    let holders = key_holders::all(&rooms.pool).await.map_err(error)?;
    let without = holders
        .iter()
        .filter(|holder| !holder.held.encryption.contains(&encryption) || !holder.held.index.contains(&index))
        .count();
    if without > 0 {
        return Err(Error::precondition(
            Reason::KeyNotEverywhere,
            "a replica does not hold the newest keys yet: give them to all, and try again",
        )
        .with("replicas", without)
        .with("encryption_version", encryption)
        .with("index_version", index));
    }
    let now = rooms.clock.now();
    let id = new_id(now);
    let inserted = key_rotations::insert(
        &rooms.pool,
        id,
        caller,
        request_id,
        (encryption, index),
        request.forget_unknown,
        now,
    );
    match inserted.await {
        Ok(()) => {}
        Err(failed) if constraint(&failed) == Some("key_rotations_running") => {
            return Err(Error::precondition(
                Reason::RotationRunning,
                "another rotation runs: watch that one",
            ));
        }
        Err(failed) if constraint(&failed) == Some("key_rotations_request_key") => {
            let twin = key_rotations::of_request(&rooms.pool, caller, request_id).await.map_err(error)?;
            return twin.map(Into::into).ok_or_else(|| error(failed));
        }
        Err(failed) => return Err(error(failed)),
    }
    tracing::info!(rotation = %id, by = caller, encryption, index, "rotation of keys begins");
    rooms.rotate.notify_one();
    let begun = key_rotations::find(&rooms.pool, Some(id)).await.map_err(error)?;
    begun.map(Into::into).ok_or_else(|| Error::internal("a rotation that was begun is not there"))
}
