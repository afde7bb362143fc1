//! What the acts on two tickets share.

use super::decode::ticket_ref;
use crate::store::tickets::TicketRef;
use gongdan_errors::Violations;

/// The second ticket of an act, and the version that the caller believes it has.
pub(super) struct Other {
    pub ticket: TicketRef,
    pub etag: Option<i64>,
}

/// Decodes it; `field` is how the request calls it.
pub(super) fn other(field: &str, ticket: &str, etag: &str, violations: &mut Violations) -> Option<Other> {
    let known = ticket_ref(ticket, &mut Violations::new()).ok_or("the id or number of a ticket");
    let known = violations.field(field, known);
    let etag = match etag {
        "" => None,
        etag => {
            let parsed = etag.parse::<i64>().map_err(|_| "an etag of an earlier answer");
            Some(violations.field(format!("{field}_etag"), parsed)?)
        }
    };
    Some(Other { ticket: known?, etag })
}
