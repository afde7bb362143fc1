//! Who acts. What a role may do is the policies' business and decided before; that a unit's work is its members' is a
//! ticket's own rule.

use crate::{
    names::{PrincipalId, UnitId},
    vocabulary::PrincipalKind,
};

/// Who acts, as far as a ticket needs to know; also what the timeline keeps of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The principal.
    pub id: PrincipalId,
    /// The name people read.
    pub name: String,
    /// What kind of caller.
    pub kind: PrincipalKind,
    /// Whether it was found to be permitted to do this whichever unit has the ticket; false in what the timeline keeps.
    pub any_unit: bool,
    /// The units the principal belongs to.
    pub unit_ids: Vec<UnitId>,
}

impl Actor {
    /// Somebody of this kind, whoever it was.
    #[must_use]
    pub const fn somebody(kind: PrincipalKind) -> Self {
        Self { id: PrincipalId::nobody(), name: String::new(), kind, any_unit: false, unit_ids: Vec::new() }
    }

    /// Of a citizen, that it was one is all that stays. Source: X11.
    pub(crate) fn forget_citizen(&mut self) {
        if self.kind == PrincipalKind::Citizen {
            *self = Self::somebody(self.kind);
        }
    }

    /// Whether the actor may act where a member of the unit may.
    #[must_use]
    pub fn may_act_for(&self, unit: &UnitId) -> bool {
        self.unit_ids.contains(unit) || self.any_unit
    }
}
