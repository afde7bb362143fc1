//! Tasks as callers see them, by the policies. Source: T36.

use crate::events::to_proto;
use gongdan_access::Caller;
use gongdan_callback_domain::Task;
use gongdan_proto::callback::v1::CallbackTask;

/// Whether the caller may know whom a task asks.
pub(super) fn knows_reporter(caller: &Caller, task: &Task) -> bool {
    !task.ticket.confidential || caller.covers_confidential("reporter.read", "callbacks.read")
}

/// A task for a caller.
pub(super) fn show(caller: &Caller, task: &Task) -> CallbackTask {
    let mut shown = to_proto(task);
    if !knows_reporter(caller, task) {
        shown.customer_id.clear();
    }
    shown
}
