//! `CallbackService.GetTask`

use super::{decode::task_name, show::show, touched};
use crate::Rooms;
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::callback::v1::{CallbackTask, GetTaskRequest};

pub(super) async fn get_task(
    rooms: &Rooms,
    caller: &Caller,
    request: GetTaskRequest,
) -> Result<CallbackTask, Error> {
    let mut violations = Violations::new();
    let Some(name) = violations.field("task", task_name(&request.task)) else {
        return Err(violations.into_error());
    };
    let task = rooms.store.get_within(&name, &caller.scope()).await?;
    touched(&task);
    Ok(show(caller, &task))
}
