//! How table and state of a ticket spell what scopes ask. Source: DESIGN rule 16.

use super::ticket_views::TicketView;
use crate::error::ticket_not_found;
use gongdan_access::{Caller, Columns, Item, Scope};
use gongdan_errors::Error;
use gongdan_proto::tickets::v1 as pb;
use gongdan_region::RegionCode;
use prost::Message as _;
use sqlx::{Postgres, QueryBuilder};

/// To see a ticket, whatever else is done with it.
pub(crate) const READ: &str = "tickets.read";

/// To submit one, which is also to see drafts of others.
const SUBMIT: &str = "tickets.submit";

/// What a caller sees: what the policies let it, and of drafts only those that it saved or could submit. Source: T2.
#[derive(Debug, Clone)]
pub(crate) struct Sight {
    read: Scope,
    submit: Scope,
    person: String,
}

impl Sight {
    pub(crate) fn of(caller: &Caller) -> Self {
        Self {
            read: caller.scope_of(READ),
            submit: caller.scope_of(SUBMIT),
            person: caller.principal_id.clone(),
        }
    }

    /// Whether it sees a ticket in this state.
    pub(crate) fn allows(&self, state: &pb::Ticket) -> bool {
        let item = item(state);
        self.read.allows(&item) && (state.phase() != pb::Phase::Draft || self.sees_draft(state, &item))
    }

    fn sees_draft(&self, state: &pb::Ticket, item: &Item<'_>) -> bool {
        let saved = state.created_by.as_ref().is_some_and(|by| by.id == self.person);
        saved || self.submit.allows(item)
    }

    /// Adds the condition to a statement over view `ticket_views`.
    pub(super) fn push(&self, sql: &mut QueryBuilder<Postgres>) {
        self.read.push(sql, &COLUMNS);
        if !self.submit.covers(&self.read) {
            sql.push(" AND (phase <> 1 OR EXISTS (SELECT 1 FROM tickets d WHERE d.id = ticket_views.id AND d.created_by = ");
            sql.push_bind(self.person.clone()).push(") OR ");
            self.submit.push(sql, &COLUMNS);
            sql.push(")");
        }
    }
}
/// To link it to another, which a request that is a repeat does where it is taken down.
const LINK: &str = "tickets.link";

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
        if Sight::of(caller).allows(&state) { Ok(()) } else { Err(ticket_not_found()) }
    }

    /// Refuses a ticket that the caller may see, but not link to another.
    ///
    /// # Errors
    /// PERMISSION_DENIED.
    pub(crate) fn check_linked(&self, caller: &Caller) -> Result<(), Error> {
        let state = pb::Ticket::decode(self.state.as_slice()).map_err(Error::internal)?;
        if caller.scope_of(LINK).allows(&item(&state)) {
            return Ok(());
        }
        let why = "no policy permits the caller to link to this ticket";
        Err(Error::permission_denied(gongdan_errors::Reason::PermissionDenied, why).with("action", LINK))
    }

    /// Refuses a ticket that the caller may see, but not do with what it called for. Answers whether it may do it
    /// whichever unit has the ticket: not because its own unit does.
    ///
    /// # Errors
    /// NOT_FOUND, PERMISSION_DENIED.
    pub(crate) fn check_acted_on(&self, caller: &Caller) -> Result<bool, Error> {
        acted_on(caller, &pb::Ticket::decode(self.state.as_slice()).map_err(Error::internal)?)
    }
}

/// As [`TicketView::check_acted_on`], of a state.
///
/// # Errors
/// NOT_FOUND, PERMISSION_DENIED.
pub(crate) fn acted_on(caller: &Caller, state: &pb::Ticket) -> Result<bool, Error> {
    let item = item(state);
    if !Sight::of(caller).allows(state) {
        return Err(ticket_not_found());
    }
    caller.check(&item)?;
    Ok(caller.scope().allows(&Item { units: &[], lead_unit: "", pool_unit: "", ..item }))
}

#[cfg(test)]
mod tests;
