//! Who knows citizens by name: those who write them, administrators and services. Source: DESIGN rule 15.

use crate::events;
use gongdan_access::Caller;
use gongdan_proto::routing::v1 as pb;
use gongdan_routing_domain::Principal;

/// The action of who writes principals.
const WRITES: &str = "organisation.import";

/// Whether the caller is answered citizens too.
pub(super) fn knows_citizens(caller: &Caller) -> bool {
    caller.scope_of(WRITES).is_everything()
}

/// A principal for a caller; which customer it is, for who knows citizens.
pub(super) fn shown(caller: &Caller, principal: &Principal, version: i64) -> pb::Principal {
    let mut shown = events::principal(principal, version);
    if !knows_citizens(caller) {
        shown.customer_id.clear();
    }
    shown
}
