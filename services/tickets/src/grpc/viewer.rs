//! What a caller may see of those who report. Source: T36, DESIGN rule 15.

use crate::store::ticket_views::Viewer;
use gongdan_auth::{Actor, role};

/// The right to see what is personal in clear.
const PERSONAL: &str = "personal";

/// Roles that know who reports confidentially: intake and callback, dispatch, oversight, and programs.
const KNOW_REPORTERS: [&str; 5] =
    [role::SERVICE, role::AGENT, role::DISPATCHER, role::AUDITOR, role::ADMINISTRATOR];

/// The caller as the one who looks.
pub(super) fn viewer(actor: &Actor) -> Viewer {
    Viewer { clear_personal: actor.has_right(PERSONAL), see_reporter: actor.has_any_role(&KNOW_REPORTERS) }
}
