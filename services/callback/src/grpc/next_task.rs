//! `CallbackService.NextTask`

use super::{
    decode::{request_id, request_key, text},
    show::show,
    touched,
};
use crate::Rooms;
use gongdan_access::Caller;
use gongdan_callback_domain::Task;
use gongdan_errors::{Error, Violations};
use gongdan_pg::RequestKey;
use gongdan_proto::{
    callback::v1::{NextTaskRequest, NextTaskResponse},
    to_timestamp,
};

struct Take {
    unit_id: String,
    key: RequestKey,
}

pub(super) async fn next_task(
    rooms: &Rooms,
    caller: &Caller,
    request: NextTaskRequest,
) -> Result<NextTaskResponse, Error> {
    let command = decode(caller, request)?;
    let now = rooms.clock.now();
    let (agent, scope) = (&caller.principal_id, caller.scope());
    if let Some(task) =
        rooms.store.take(agent, &scope, &command.unit_id, &rooms.policy, &command.key, now).await?
    {
        touched(&task);
        return Ok(taken(caller, &task));
    }
    let next = rooms.store.next_at(&scope, &command.unit_id).await?;
    Ok(NextTaskResponse { task: None, held_until: None, next_task_at: next.map(to_timestamp) })
}

fn decode(caller: &Caller, mut request: NextTaskRequest) -> Result<Take, Error> {
    let mut violations = Violations::new();
    let id = violations.field("request_id", request_id(&request.request_id));
    let unit_id = violations.field("unit_id", text(&request.unit_id, 64));
    let (Some(id), Some(unit_id)) = (id, unit_id) else { return Err(violations.into_error()) };
    request.request_id.clear();
    Ok(Take { unit_id, key: request_key(&caller.principal_id, "NextTask", id, &request) })
}

fn taken(caller: &Caller, task: &Task) -> NextTaskResponse {
    NextTaskResponse {
        task: Some(show(caller, task)),
        held_until: task.hold.as_ref().map(|hold| to_timestamp(hold.until)),
        next_task_at: None,
    }
}
