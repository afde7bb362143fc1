//! What a caller may see of those who report, by the policies. Source: T36, DESIGN rule 15.

use crate::store::{
    scope::{READ, item},
    ticket_views::{TicketView, Viewer, who},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Reason};
use gongdan_proto::{common::v1::PrincipalKind, tickets::v1 as pb};
use prost::Message as _;

/// To see phone and name in clear.
pub(super) const PERSONAL: &str = "personal.read";
/// To see whose request it is where the reporter asked for confidence.
const REPORTER: &str = "reporter.read";

/// The caller as the one who looks at many tickets: nothing in clear, and confidential reporters only for those who may
/// know all of them.
pub(super) fn viewer(caller: &Caller) -> Viewer {
    Viewer {
        clear_personal: false,
        see_reporter: caller.covers_confidential(REPORTER, READ),
        person: Some(who(&caller.principal_id)),
        public_only: public_only(caller),
    }
}

/// The caller as the one who looks at this ticket.
pub(super) fn viewer_of(caller: &Caller, view: &TicketView) -> Result<Viewer, Error> {
    let state = pb::Ticket::decode(view.state.as_slice()).map_err(Error::internal)?;
    let may = |action| caller.scope_of(action).allows(&item(&state));
    Ok(Viewer {
        clear_personal: may(PERSONAL),
        see_reporter: !state.confidential || may(REPORTER),
        person: Some(who(&caller.principal_id)),
        public_only: public_only(caller),
    })
}

/// To who asks for something in clear without the right.
pub(super) fn no_clear() -> Error {
    Error::permission_denied(Reason::PermissionDenied, "the caller may not see what is personal in clear")
}

/// What staff note among themselves is not for citizens.
fn public_only(caller: &Caller) -> bool {
    caller.kind == PrincipalKind::Citizen
}
