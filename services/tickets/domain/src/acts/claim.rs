//! 抢单

use crate::{
    action::Action,
    actor::Actor,
    change::{Change, Changed},
    names::UnitId,
    refusal::Refusal,
    ticket::Ticket,
    vocabulary::PrincipalKind,
};
use jiff::Timestamp;

impl Ticket {
    /// Takes a waiting ticket without being asked. Source: T13, R9.
    ///
    /// Members claim from their unit's pool, and whoever may act for any unit from any; what waits for dispatchers only is
    /// claimed for the first unit of who claims it. Whether `by` may have one more is asked where it is written, by
    /// [`Ticket::claim_limit`].
    ///
    /// # Errors
    /// Outside `pending_dispatch`, when `by` may not claim from this pool, and when there is no unit to claim for.
    pub fn claim(self, by: &Actor, at: Timestamp) -> Result<Changed, Refusal> {
        self.require(Action::Claim)?;
        let unit = self.claimed_for(by)?;
        let handler = self.holder(by);
        Ok(self.after(by, at, Change::Claimed { unit, handler }))
    }

    /// How many tickets from pools `by` may have in hand with this one, if that is limited. Programs have nothing in hand.
    #[must_use]
    pub fn claim_limit(&self, by: &Actor) -> Option<u32> {
        let limit = self.pool.as_ref().map_or(0, |pool| pool.claim_limit);
        (limit > 0 && by.kind == PrincipalKind::Person).then_some(limit)
    }

    fn claimed_for(&self, by: &Actor) -> Result<UnitId, Refusal> {
        match self.pool.as_ref().and_then(|pool| pool.unit.as_ref()) {
            Some(unit) if by.may_act_for(unit) => Ok(unit.clone()),
            Some(_) => Err(Refusal::NotRecipient),
            None => by.unit_ids.first().cloned().ok_or(Refusal::NoUnitToClaimFor),
        }
    }
}
