//! Who may be told of a sensitive ticket.

use crate::{facts::Facts, policies::Policies, roles::Rights};

/// Whether somebody may see a sensitive ticket that is otherwise theirs to see, by these policies.
#[must_use]
pub fn sees_sensitive(policies: &Policies, roles: &[String], rights: &[String]) -> bool {
    let has = |right: &str| rights.iter().any(|one| one == right);
    let theirs =
        Facts { in_region: true, takes_part: true, holds: true, sensitive: true, ..Facts::default() };
    policies.table(Rights::new(roles, has("sensitive"), has("personal")), "tickets.read").allows(theirs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staff_need_the_right_whatever_their_role() {
        let policies = Policies::shared().unwrap();
        let sees = |role: &str, rights: &[String]| sees_sensitive(&policies, &[role.to_owned()], rights);
        for role in ["agent", "handler", "unit_leader", "dispatcher", "administrator"] {
            assert!(!sees(role, &[]), "{role}");
            assert!(sees(role, &["sensitive".to_owned()]), "{role}");
        }
        assert!(!sees("", &["sensitive".to_owned()]), "who sees no ticket at all");
    }
}
