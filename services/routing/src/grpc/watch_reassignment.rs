//! `ReassignmentService.WatchReassignment`

use super::reassignments::{shown_one, visible};
use crate::Rooms;
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use gongdan_access::Caller;
use gongdan_errors::Error;
use gongdan_proto::routing::v1::{self as pb, WatchReassignmentRequest, WatchReassignmentResponse};
use jiff::SignedDuration;
use std::sync::Arc;
use tonic::Status;

pub(super) type Answers = BoxStream<'static, Result<WatchReassignmentResponse, Status>>;

/// How often is looked whether it has got further: any replica may be at it.
const LOOK_EVERY: SignedDuration = SignedDuration::from_millis(250);

pub(super) async fn watch_reassignment(
    rooms: Arc<Rooms>,
    caller: &Caller,
    request: WatchReassignmentRequest,
) -> Result<Answers, Error> {
    let first = shown_one(&rooms, visible(&rooms, caller, &request.id).await?).await?;
    let watching = Watching {
        rooms,
        caller: caller.clone(),
        id: request.id,
        last: None,
        next: Some(first),
        ended: false,
    };
    Ok(stream::unfold(watching, Watching::next).boxed())
}

struct Watching {
    rooms: Arc<Rooms>,
    caller: Caller,
    id: String,
    last: Option<pb::Reassignment>,
    next: Option<pb::Reassignment>,
    ended: bool,
}

impl Watching {
    /// The next time it is further; nothing after it is over.
    async fn next(mut self) -> Option<(Result<WatchReassignmentResponse, Status>, Self)> {
        if self.ended {
            return None;
        }
        let found = match self.next.take() {
            Some(first) => Ok(first),
            None => self.further().await?,
        };
        self.ended = found.as_ref().map_or(true, is_over);
        self.last = found.as_ref().ok().cloned();
        let answer = found.map(|now| WatchReassignmentResponse { reassignment: Some(now) });
        Some((answer.map_err(Status::from), self))
    }

    async fn further(&mut self) -> Option<Result<pb::Reassignment, Error>> {
        loop {
            let now = self.rooms.clock.now();
            let then = now.saturating_add(LOOK_EVERY).unwrap_or(now);
            tokio::select! {
                () = self.rooms.clock.sleep_until(then) => {}
                () = self.rooms.shutdown.cancelled() => return None,
            }
            match self.look().await {
                Ok(found) if Some(&found) == self.last.as_ref() => {}
                other => return Some(other),
            }
        }
    }

    async fn look(&mut self) -> Result<pb::Reassignment, Error> {
        self.caller = self.caller.again().await?;
        let found = visible(&self.rooms, &self.caller, &self.id).await?;
        shown_one(&self.rooms, found).await
    }
}

fn is_over(reassignment: &pb::Reassignment) -> bool {
    matches!(reassignment.state(), pb::ReassignmentState::Finished | pb::ReassignmentState::Stopped)
}
