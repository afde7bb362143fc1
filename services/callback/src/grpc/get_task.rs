//! `CallbackService.GetTask`

use super::{decode::task_name, show::show};
use crate::Rooms;
use gongdan_auth::Actor;
use gongdan_errors::{Error, Violations};
use gongdan_proto::callback::v1::{CallbackTask, GetTaskRequest};

pub(super) async fn get_task(
    rooms: &Rooms,
    actor: &Actor,
    request: GetTaskRequest,
) -> Result<CallbackTask, Error> {
    let mut violations = Violations::new();
    let Some(name) = violations.field("task", task_name(&request.task)) else {
        return Err(violations.into_error());
    };
    Ok(show(actor, &rooms.store.get(&name).await?))
}
