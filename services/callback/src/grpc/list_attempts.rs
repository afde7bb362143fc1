//! `CallbackService.ListAttempts`

use super::{decode::task_name, show::knows_reporter, touched};
use crate::Rooms;
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::callback::v1::{ListAttemptsRequest, ListAttemptsResponse};

pub(super) async fn list_attempts(
    rooms: &Rooms,
    caller: &Caller,
    request: ListAttemptsRequest,
) -> Result<ListAttemptsResponse, Error> {
    let mut violations = Violations::new();
    let Some(name) = violations.field("task", task_name(&request.task)) else {
        return Err(violations.into_error());
    };
    let task = rooms.store.get_within(&name, &caller.scope()).await?;
    touched(&task);
    let mut attempts = rooms.store.attempts(task.id).await?;
    if !knows_reporter(caller, &task) {
        attempts.iter_mut().for_each(|attempt| attempt.note.clear());
    }
    Ok(ListAttemptsResponse { attempts })
}
