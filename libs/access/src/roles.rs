//! The roles and rights of a caller as one small number.

use gongdan_auth::{Actor, role};

/// All roles that policies may name.
pub const ROLES: [&str; 10] = [
    role::CITIZEN,
    role::AGENT,
    role::HANDLER,
    role::UNIT_LEADER,
    role::DISPATCHER,
    role::AUDITOR,
    role::SUPERVISOR,
    role::ANALYST,
    role::ADMINISTRATOR,
    role::SERVICE,
];
const SENSITIVE: u16 = 1 << 10;
const PERSONAL: u16 = 1 << 11;

/// The roles and rights of a caller. Roles that policies do not know count for nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Rights(u16);

impl Rights {
    /// Those of a caller.
    #[must_use]
    pub fn of(actor: &Actor) -> Self {
        Self::new(&actor.roles, actor.has_right("sensitive"), actor.has_right("personal"))
    }

    /// From names.
    pub fn new(roles: &[impl AsRef<str>], sensitive: bool, personal: bool) -> Self {
        let mut bits = 0;
        for (at, known) in ROLES.iter().enumerate() {
            if roles.iter().any(|role| role.as_ref() == *known) {
                bits |= 1 << at;
            }
        }
        Self(bits | if sensitive { SENSITIVE } else { 0 } | if personal { PERSONAL } else { 0 })
    }

    pub(crate) fn roles(self) -> impl Iterator<Item = &'static str> {
        ROLES.into_iter().enumerate().filter(move |(at, _)| self.0 >> at & 1 == 1).map(|(_, role)| role)
    }

    pub(crate) fn sensitive(self) -> bool {
        self.0 & SENSITIVE != 0
    }

    pub(crate) fn personal(self) -> bool {
        self.0 & PERSONAL != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_rights_survive() {
        let rights = Rights::new(&["handler", "unknown", "agent"], true, false);
        assert_eq!(rights.roles().collect::<Vec<_>>(), ["agent", "handler"]);
        assert!(rights.sensitive() && !rights.personal());
    }
}
