//! The way of every act on a task: load, decide, save; a retry gets its answer.

use super::{
    show::{masked, show},
    touched,
};
use crate::{
    Rooms,
    error::refused,
    events::new_event,
    store::{NewAttempt, Opened, TaskName},
};
use gongdan_access::Caller;
use gongdan_callback_domain::{Changed, Refusal, Task};
use gongdan_errors::{Error, Reason};
use gongdan_pg::RequestKey;
use gongdan_proto::callback::v1::CallbackTask;
use jiff::Timestamp;

/// What an act needs beside its decision.
#[derive(Debug)]
pub struct Act<'a> {
    /// The task.
    pub name: TaskName,
    /// The caller's guard; empty: none.
    pub etag: String,
    /// What the request is remembered by.
    pub key: RequestKey,
    /// The call that is written down with it.
    pub attempt: Option<NewAttempt<'a>>,
}

impl Act<'_> {
    /// Does it.
    pub async fn run(
        self,
        rooms: &Rooms,
        caller: &Caller,
        decide: impl FnOnce(Task, Timestamp) -> Result<Changed, Refusal>,
    ) -> Result<CallbackTask, Error> {
        let task = match rooms.store.open(&self.name, &self.etag, &self.key, caller).await? {
            Opened::Answered(task, answer) => return Ok(answered(caller, &task, *answer)),
            Opened::Fresh(task) => *task,
        };
        touched(&task);
        let now = rooms.clock.now();
        let changed = decide(task, now).map_err(refused)?;
        let event = new_event(&changed, &caller.to_ref(), now);
        match rooms.store.save(&changed, self.attempt, event, &self.key).await {
            Ok(()) => {}
            Err(lost) if lost.reason() == Reason::WriteConflict => {
                // Perhaps lost to the same request, sent twice at once.
                return match rooms.store.open(&self.name, "", &self.key, caller).await? {
                    Opened::Answered(task, answer) => Ok(answered(caller, &task, *answer)),
                    Opened::Fresh(_) => Err(lost),
                };
            }
            Err(error) => return Err(error),
        }
        rooms.relay.wake();
        rooms.metrics.changed(&changed);
        Ok(show(caller, &changed.task))
    }
}

/// The answer a retry gets.
fn answered(caller: &Caller, task: &Task, answer: CallbackTask) -> CallbackTask {
    touched(task);
    masked(caller, task, answer)
}
