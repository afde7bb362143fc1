//! `SuggestService.TrainSuggester`

use super::suggest_get::get_suggester;
use crate::{
    Rooms,
    jobs::train::{Far, Progress},
};
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use gongdan_auth::Actor;
use gongdan_errors::Error;
use gongdan_proto::routing::v1::{TrainSuggesterResponse, TrainingState};
use gongdan_routing_domain::TrainingPart;
use std::sync::Arc;
use tonic::Status;

pub(super) type Answers = BoxStream<'static, Result<TrainSuggesterResponse, Status>>;

pub(super) async fn train_suggester(rooms: Arc<Rooms>, actor: &Actor) -> Result<Answers, Error> {
    let progress = rooms.trainer.start(rooms.clone(), actor.principal_id.clone()).await?;
    Ok(stream::unfold(Watching { rooms, progress, ended: false }, Watching::next).boxed())
}

struct Watching {
    rooms: Arc<Rooms>,
    progress: Progress,
    ended: bool,
}

impl Watching {
    /// The next time it is further; the training goes on when nobody watches.
    async fn next(mut self) -> Option<(Result<TrainSuggesterResponse, Status>, Self)> {
        if self.ended {
            return None;
        }
        let stop = self.rooms.trainer.shutdown();
        tokio::select! {
            changed = self.progress.changed() => changed.ok()?,
            () = stop.cancelled() => return None,
        }
        let far = self.progress.borrow_and_update().clone();
        self.ended = matches!(far, Err(_) | Ok(Far::Done(_)));
        let answer = match far {
            Ok(far) => self.answer(far).await.map_err(Status::from),
            Err(status) => Err(status),
        };
        Some((answer, self))
    }

    async fn answer(&self, far: Far) -> Result<TrainSuggesterResponse, Error> {
        let mut answer = TrainSuggesterResponse::default();
        let state = match far {
            Far::Finding(found) => {
                answer.found = count(found);
                TrainingState::Finding
            }
            Far::Reading(found, read) => {
                (answer.found, answer.read) = (count(found), count(read));
                answer.share = if found == 0 { 0.0 } else { read as f64 / found as f64 };
                TrainingState::Reading
            }
            Far::Learning(tickets, part, share) => {
                (answer.found, answer.read, answer.share) = (count(tickets), count(tickets), share);
                match part {
                    TrainingPart::Items => TrainingState::Items,
                    TrainingPart::Units => TrainingState::Units,
                }
            }
            Far::Done(tickets) => {
                (answer.found, answer.read, answer.share) = (count(tickets), count(tickets), 1.0);
                answer.suggester = Some(get_suggester(&self.rooms).await?);
                TrainingState::Done
            }
        };
        answer.state = state.into();
        Ok(answer)
    }
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
