//! `PrivacyService.WatchRotation`

use super::decode::uuid;
use crate::{
    Rooms,
    store::key_rotations::{self, RUNNING, Rotation},
};
use futures::{StreamExt as _, stream};
use gongdan_errors::{Error, Reason};
use gongdan_pg::error;
use gongdan_proto::tickets::v1 as pb;
use std::{pin::Pin, sync::Arc, time::Duration};
use tokio_stream::Stream;
use tonic::Status;

/// What the RPC answers with.
pub(super) type Progress = Pin<Box<dyn Stream<Item = Result<pb::Rotation, Status>> + Send>>;

/// Replicas share the work, and not all of it happens here: between two looks.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

pub(super) async fn watch_rotation(
    rooms: &Arc<Rooms>,
    request: pb::WatchRotationRequest,
) -> Result<Progress, Error> {
    let id = match request.id.as_str() {
        "" => None,
        id => Some(uuid(id).map_err(|rule| Error::invalid_field("id", rule))?),
    };
    let first = key_rotations::find(&rooms.pool, id).await.map_err(error)?;
    let first = first.ok_or_else(|| Error::not_found(Reason::RotationNotFound, "no such rotation"))?;
    let watching = Watching { rooms: rooms.clone(), next: Some(first.clone()), last: first };
    Ok(stream::unfold(watching, Watching::next).boxed())
}

struct Watching {
    rooms: Arc<Rooms>,
    /// To be sent now.
    next: Option<Rotation>,
    last: Rotation,
}

impl Watching {
    async fn next(mut self) -> Option<(Result<pb::Rotation, Status>, Self)> {
        let rotation = match self.next.take() {
            Some(rotation) => rotation,
            None => match self.change().await? {
                Ok(rotation) => rotation,
                Err(failed) => return Some((Err(error(failed).into()), self)),
            },
        };
        self.last = rotation.clone();
        Some((Ok(rotation.into()), self))
    }

    /// The next state that differs from the last; none after the end of the rotation or of the service.
    async fn change(&mut self) -> Option<Result<Rotation, sqlx::Error>> {
        if self.last.state != RUNNING {
            return None;
        }
        loop {
            tokio::select! {
                () = self.rooms.rotated.notified() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                () = self.rooms.shutdown.cancelled() => return None,
            }
            match key_rotations::find(&self.rooms.pool, Some(self.last.id)).await {
                Ok(Some(rotation)) if rotation != self.last => return Some(Ok(rotation)),
                Ok(_) => {}
                Err(failed) => return Some(Err(failed)),
            }
        }
    }
}
