//! 抢单

use crate::{
    action::Action,
    actor::Actor,
    change::{Change, Changed},
    names::UnitId,
    refusal::Refusal,
    ticket::Ticket,
};
use jiff::Timestamp;

impl Ticket {
    /// Takes a waiting ticket without being asked. Source: T13.
    ///
    /// Members claim from their unit's pool, and whoever may act for any unit from any; what waits for dispatchers only is
    /// claimed for the first unit of who claims it.
    ///
    /// # Errors
    /// Outside `pending_dispatch`, when `by` may not claim from this pool, and when there is no unit to claim for.
    pub fn claim(self, by: &Actor, at: Timestamp) -> Result<Changed, Refusal> {
        self.require(Action::Claim)?;
        let unit = self.claimed_for(by)?;
        let handler = self.holder(by);
        Ok(self.after(by, at, Change::Claimed { unit, handler }))
    }

    fn claimed_for(&self, by: &Actor) -> Result<UnitId, Refusal> {
        match self.pool.as_ref().and_then(|pool| pool.unit.as_ref()) {
            Some(unit) if by.may_act_for(unit) => Ok(unit.clone()),
            Some(_) => Err(Refusal::NotRecipient),
            None => by.unit_ids.first().cloned().ok_or(Refusal::NoUnitToClaimFor),
        }
    }
}
