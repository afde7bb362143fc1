//! Every RPC of the suite, with what its option `gongdan.common.v1.access` says.

use crate::common::v1::AuditLevel;

/// One RPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// For example `gongdan.tickets.v1.TicketService`.
    pub service: &'static str,
    /// For example `/gongdan.tickets.v1.TicketService/GetTicket`.
    pub path: &'static str,
    /// The action policies speak about, for example `tickets.read`; empty when the contract names none.
    pub action: &'static str,
    /// The number of an [`AuditLevel`].
    pub audit: i32,
    /// The full name of the request's message.
    pub request: &'static str,
    /// Whether the request is a stream.
    pub asks_in_stream: bool,
    /// Whether the answer is a stream.
    pub streams: bool,
    /// Fields of the request that name something: number, and what they name (`ticket`, `customer`, `request_id`).
    pub names: &'static [(u32, &'static str)],
}

impl Method {
    /// What the audit log keeps of its calls.
    #[must_use]
    pub fn audit(&self) -> AuditLevel {
        AuditLevel::try_from(self.audit).unwrap_or_default()
    }

    /// Its name alone, for example `GetTicket`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// In the order of the contracts.
pub static METHODS: &[Method] = include!(concat!(env!("OUT_DIR"), "/methods.rs"));

/// The RPC of a request's path.
#[must_use]
pub fn method(path: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.path == path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rpc_says_what_it_is() {
        assert!(METHODS.len() > 50);
        for method in METHODS {
            assert!(!method.action.is_empty(), "{} names no action", method.path);
            assert_ne!(
                method.audit(),
                AuditLevel::Unspecified,
                "{} says nothing to the audit log",
                method.path
            );
        }
    }

    #[test]
    fn an_rpc_is_found_by_its_path() {
        let get = method("/gongdan.tickets.v1.TicketService/GetTicket").unwrap();
        assert_eq!((get.action, get.audit(), get.streams), ("tickets.read", AuditLevel::Read, false));
        assert_eq!(get.name(), "GetTicket");
        assert_eq!(method("/gongdan.tickets.v1.TicketService/Nothing"), None);
    }

    #[test]
    fn fields_that_name_something_are_known() {
        let names = |path: &str| method(path).unwrap().names;
        let accept = "/gongdan.tickets.v1.TicketService/AcceptTicket";
        assert_eq!(names(accept), [(1, "request_id"), (2, "ticket")]);
        assert_eq!(names("/gongdan.tickets.v1.CustomerService/LookupCustomer"), [(3, "customer")]);
        assert_eq!(names("/gongdan.routing.v1.OrganisationService/GetUnit"), [(1, "unit")]);
    }
}
