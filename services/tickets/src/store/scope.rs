//! How table and state of a ticket spell what scopes ask. Source: DESIGN rule 16.

use super::ticket_views::TicketView;
use crate::error::ticket_not_found;
use gongdan_access::{Caller, Columns, Item};
use gongdan_errors::Error;
use gongdan_proto::tickets::v1 as pb;
use gongdan_region::RegionCode;
use prost::Message as _;

/// To see a ticket, whatever else is done with it.
pub(crate) const READ: &str = "tickets.read";

/// Of view `ticket_views`.
pub(crate) const COLUMNS: Columns = Columns {
    region: "region",
    takes_part: "(pool_unit = ANY (?)) IS TRUE OR EXISTS (SELECT 1 FROM participants p \
                 WHERE p.ticket_id = ticket_views.id AND p.unit_id = ANY (?))",
    holds: "(lead_unit = ANY (?)) IS TRUE OR (pool_unit = ANY (?)) IS TRUE",
    own: "(customer_id = ?) IS TRUE",
    sensitive: "sensitive",
    confidential: "confidential",
};

/// The same of a state.
pub(crate) fn item(state: &pb::Ticket) -> Item<'_> {
    Item {
        region: RegionCode::parse(&state.region).ok(),
        units: &state.participant_unit_ids,
        lead_unit: &state.lead_unit_id,
        pool_unit: &state.pool_unit_id,
        customer: state.customer_id.parse().ok(),
        sensitive: state.sensitive,
        confidential: state.confidential,
    }
}

impl TicketView {
    /// Refuses a ticket that the caller may not see as one that is not there.
    ///
    /// # Errors
    /// NOT_FOUND.
    pub(crate) fn check_seen(&self, caller: &Caller) -> Result<(), Error> {
        let state = pb::Ticket::decode(self.state.as_slice()).map_err(Error::internal)?;
        if caller.scope_of(READ).allows(&item(&state)) { Ok(()) } else { Err(ticket_not_found()) }
    }

    /// Refuses a ticket that the caller may see, but not do with what it called for. Answers whether it may do it
    /// whichever unit has the ticket: not because its own unit does.
    ///
    /// # Errors
    /// NOT_FOUND, PERMISSION_DENIED.
    pub(crate) fn check_acted_on(&self, caller: &Caller) -> Result<bool, Error> {
        let state = pb::Ticket::decode(self.state.as_slice()).map_err(Error::internal)?;
        let item = item(&state);
        if !caller.scope_of(READ).allows(&item) {
            return Err(ticket_not_found());
        }
        caller.check(&item)?;
        Ok(caller.scope().allows(&Item { units: &[], lead_unit: "", pool_unit: "", ..item }))
    }
}

#[cfg(test)]
mod tests;
