//! No RPC without a policy: asked when a service starts.

use crate::policies::Policies;
use gongdan_proto::METHODS;

/// An RPC that nobody decides about.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Uncovered {
    /// A service that is in no contract.
    #[error("service {0} is in no contract of the suite")]
    Service(String),
    /// No option.
    #[error("{0} names no action (option gongdan.common.v1.access)")]
    NoAction(&'static str),
    /// An action that policies do not know.
    #[error("{0}: action {1:?} is not in the Cedar schema")]
    UnknownAction(&'static str, &'static str),
}

/// Whether each RPC of these services names an action that the policies know.
///
/// # Errors
/// The first that does not.
pub fn check_coverage(services: &[&str], policies: &Policies) -> Result<(), Uncovered> {
    for service in services {
        let mut methods = METHODS.iter().filter(|method| method.service == *service).peekable();
        if methods.peek().is_none() {
            return Err(Uncovered::Service((*service).to_owned()));
        }
        for method in methods {
            if method.action.is_empty() {
                return Err(Uncovered::NoAction(method.path));
            }
            if !policies.knows(method.action) {
                return Err(Uncovered::UnknownAction(method.path, method.action));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_services_of_the_contracts_are_covered() {
        let policies = Policies::shipped().unwrap();
        let mut services: Vec<_> = METHODS.iter().map(|method| method.service).collect();
        services.dedup();
        assert_eq!(check_coverage(&services, &policies), Ok(()));
    }

    #[test]
    fn a_service_without_a_contract_is_refused() {
        let refused = check_coverage(&["gongdan.tickets.v1.Nothing"], &Policies::shipped().unwrap());
        assert_eq!(refused, Err(Uncovered::Service("gongdan.tickets.v1.Nothing".into())));
    }
}
