//! `CallbackService.SkipTask`

use super::{
    act::Act,
    decode::{request_id, request_key, required_text, task_name},
};
use crate::Rooms;
use gongdan_access::Caller;
use gongdan_callback_domain::mask_numbers;
use gongdan_errors::{Error, Violations};
use gongdan_proto::callback::v1::{CallbackTask, SkipTaskRequest};

const REASON_MAX: usize = 500;

pub(super) async fn skip_task(
    rooms: &Rooms,
    caller: &Caller,
    request: SkipTaskRequest,
) -> Result<CallbackTask, Error> {
    let mut violations = Violations::new();
    let id = violations.field("request_id", request_id(&request.request_id));
    let name = violations.field("task", task_name(&request.task));
    let reason = violations.field("reason", required_text(&request.reason, REASON_MAX));
    let (Some(id), Some(name), Some(reason)) = (id, name, reason) else {
        return Err(violations.into_error());
    };
    let agent = caller.principal_id.as_str();
    let etag = request.etag.clone();
    let canonical = SkipTaskRequest { request_id: String::new(), etag: String::new(), ..request };
    let key = request_key(agent, "SkipTask", id, &canonical);
    Act { name, etag, key, attempt: None }
        .run(rooms, caller, |task, now| task.skip(agent, mask_numbers(&reason), now))
        .await
}
