//! `RebuildService.WatchRebuild`

use crate::{
    Rooms,
    store::rebuilds::{self, RUNNING, RebuildRow},
};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use gongdan_errors::Error;
use gongdan_proto::reporting::v1::{Rebuild, WatchRebuildRequest};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;
use tonic::Status;

/// When another replica rebuilds, nobody here hears of it: between two looks.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

pub(super) async fn watch_rebuild(
    rooms: Arc<Rooms>,
    request: WatchRebuildRequest,
) -> Result<BoxStream<'static, Result<Rebuild, Status>>, Error> {
    let noted = rooms.rebuilder.noted();
    let first = super::find(&rooms, &request.id).await?;
    let watching = Watching { rooms, noted, next: Some(first.clone()), last: first };
    Ok(stream::unfold(watching, Watching::next).boxed())
}

struct Watching {
    rooms: Arc<Rooms>,
    noted: watch::Receiver<u64>,
    /// To be sent now.
    next: Option<RebuildRow>,
    last: RebuildRow,
}

impl Watching {
    async fn next(mut self) -> Option<(Result<Rebuild, Status>, Self)> {
        let row = match self.next.take() {
            Some(row) => row,
            None => match self.change().await? {
                Ok(row) => row,
                Err(error) => return Some((Err(gongdan_pg::error(error).into()), self)),
            },
        };
        self.last = row.clone();
        Some((Ok(row.into()), self))
    }

    /// The next state that differs from the last; none after the end of the rebuild or of the service.
    async fn change(&mut self) -> Option<Result<RebuildRow, sqlx::Error>> {
        let stop = self.rooms.rebuilder.shutdown();
        while self.last.state == RUNNING {
            tokio::select! {
                _ = self.noted.changed() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                () = stop.cancelled() => return None,
            }
            match rebuilds::find(&self.rooms.pool, Some(self.last.id)).await {
                Ok(Some(row)) if row != self.last => return Some(Ok(row)),
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
        }
        None
    }
}
