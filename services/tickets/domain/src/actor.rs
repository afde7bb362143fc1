//! Who acts.

use crate::{
    names::{PrincipalId, UnitId},
    refusal::Refusal,
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
    /// The roles; empty in what the timeline keeps.
    pub roles: Vec<String>,
    /// The units the principal belongs to.
    pub unit_ids: Vec<UnitId>,
}

impl Actor {
    /// Whether the actor has the role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|r| r == role)
    }

    /// Whether the actor may act where a member of the unit may: members, administrators and services.
    #[must_use]
    pub fn may_act_for(&self, unit: &UnitId) -> bool {
        self.unit_ids.contains(unit) || self.is_administrator() || self.kind == PrincipalKind::Service
    }

    /// Whether the actor may dispatch: dispatchers, administrators and services.
    #[must_use]
    pub fn may_dispatch(&self) -> bool {
        self.has_role("dispatcher") || self.is_administrator() || self.kind == PrincipalKind::Service
    }

    /// Refuses who may not dispatch.
    pub(crate) fn require_dispatcher(&self) -> Result<(), Refusal> {
        if self.may_dispatch() { Ok(()) } else { Err(Refusal::NotDispatcher) }
    }

    fn is_administrator(&self) -> bool {
        self.has_role("administrator")
    }
}
