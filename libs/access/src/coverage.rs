//! No RPC without a policy: asked when a service starts.

use crate::policies::Policies;
use gongdan_proto::{METHODS, Method, common::v1::AuditLevel};

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
    /// An option without `audit`, or with a level that there is not.
    #[error("{0} does not say what the audit log keeps of it (audit in option gongdan.common.v1.access)")]
    NoAuditLevel(&'static str),
}

/// Whether each RPC of these services names an action that the policies know, and what the audit log keeps.
///
/// # Errors
/// The first that does not.
pub fn check_coverage(services: &[&str], policies: &Policies) -> Result<(), Uncovered> {
    check(METHODS, services, policies)
}

fn check(contracts: &[Method], services: &[&str], policies: &Policies) -> Result<(), Uncovered> {
    for service in services {
        let mut methods = contracts.iter().filter(|method| method.service == *service).peekable();
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
            if method.audit() == AuditLevel::Unspecified {
                return Err(Uncovered::NoAuditLevel(method.path));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = "gongdan.tickets.v1.TicketService";
    const PATH: &str = "/gongdan.tickets.v1.TicketService/GetTicket";

    /// Of a contract with this RPC behind a good one.
    fn refusal(bad: Method) -> Uncovered {
        let good = method();
        let policies = Policies::shipped().unwrap();
        assert_eq!(check(&[good], &[SERVICE], &policies), Ok(()));
        check(&[good, bad], &[SERVICE], &policies).unwrap_err()
    }

    fn method() -> Method {
        *gongdan_proto::method(PATH).unwrap()
    }

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

    #[test]
    fn an_rpc_without_an_action_is_refused() {
        assert_eq!(refusal(Method { action: "", ..method() }), Uncovered::NoAction(PATH));
    }

    #[test]
    fn an_rpc_with_an_action_that_policies_do_not_know_is_refused() {
        let refused = refusal(Method { action: "tickets.burn", ..method() });
        assert_eq!(refused, Uncovered::UnknownAction(PATH, "tickets.burn"));
        assert!(refused.to_string().contains("tickets.burn"), "{refused}");
    }

    #[test]
    fn a_group_of_actions_is_no_action() {
        assert_eq!(refusal(Method { action: "see", ..method() }), Uncovered::UnknownAction(PATH, "see"));
    }

    #[test]
    fn an_rpc_that_says_nothing_to_the_audit_log_is_refused() {
        for audit in [AuditLevel::Unspecified as i32, 99] {
            assert_eq!(refusal(Method { audit, ..method() }), Uncovered::NoAuditLevel(PATH));
        }
    }

    #[test]
    fn what_another_service_lacks_is_no_reason() {
        let other = Method { service: "gongdan.tickets.v1.Other", action: "", ..method() };
        assert_eq!(check(&[method(), other], &[SERVICE], &Policies::shipped().unwrap()), Ok(()));
    }
}
