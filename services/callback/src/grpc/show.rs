//! Tasks as callers see them, by the policies. Source: T36.

use crate::{events::to_proto, store::SEEN};
use gongdan_access::Caller;
use gongdan_callback_domain::Task;
use gongdan_proto::callback::v1::{CallbackTask, TaskState};

/// Whether the caller may know whom a task asks.
pub(super) fn knows_reporter(caller: &Caller, task: &Task) -> bool {
    !task.ticket.confidential || caller.covers_confidential("reporter.read", SEEN)
}

/// A task for a caller.
pub(super) fn show(caller: &Caller, task: &Task) -> CallbackTask {
    masked(caller, task, to_proto(task))
}

/// What is told of a task, without what the caller may not know: whom it asks, and an agent's own words, which may name
/// them. The other reasons are ours.
pub(super) fn masked(caller: &Caller, task: &Task, mut told: CallbackTask) -> CallbackTask {
    if !knows_reporter(caller, task) {
        told.customer_id.clear();
        if told.state() == TaskState::Skipped {
            told.reason.clear();
        }
    }
    told
}
