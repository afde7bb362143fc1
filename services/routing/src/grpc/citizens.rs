//! Who knows citizens by name: those who write them, administrators and services. Source: DESIGN rule 15.

use crate::{events, store::PrincipalAt};
use gongdan_access::Caller;
use gongdan_proto::{routing::v1 as pb, to_timestamp};

/// The action of who writes principals.
const WRITES: &str = "organisation.import";

/// Whether the caller is answered citizens too.
pub(super) fn knows_citizens(caller: &Caller) -> bool {
    caller.scope_of(WRITES).is_everything()
}

/// A principal at an instant for a caller; which customer it is, for who knows citizens.
pub(super) fn shown(caller: &Caller, at: &PrincipalAt) -> pb::Principal {
    let mut shown = pb::Principal {
        changes_at: at.changes_at.map(to_timestamp),
        ..events::principal(&at.principal, at.version)
    };
    if !knows_citizens(caller) {
        shown.customer_id.clear();
    }
    shown
}
