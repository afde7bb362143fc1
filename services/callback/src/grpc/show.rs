//! Tasks as callers see them. Source: T36.

use crate::events::to_proto;
use gongdan_auth::{Actor, role};
use gongdan_callback_domain::Task;
use gongdan_proto::callback::v1::CallbackTask;

/// Roles that know who reports confidentially: intake and callback, dispatch, oversight, and programs.
const KNOW_REPORTERS: [&str; 5] =
    [role::SERVICE, role::AGENT, role::DISPATCHER, role::AUDITOR, role::ADMINISTRATOR];

/// Whether the caller may know whom a task asks.
pub(super) fn knows_reporter(actor: &Actor, task: &Task) -> bool {
    !task.ticket.confidential || actor.has_any_role(&KNOW_REPORTERS)
}

/// A task for a caller.
pub(super) fn show(actor: &Actor, task: &Task) -> CallbackTask {
    let mut shown = to_proto(task);
    if !knows_reporter(actor, task) {
        shown.customer_id.clear();
    }
    shown
}
