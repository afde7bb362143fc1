//! What routing refuses, as callers see it. Broken rules of input are built where they are found.

use gongdan_errors::{Error, Reason, Violation};

/// The unit is not there.
pub fn unit_not_found() -> Error {
    Error::not_found(Reason::UnitNotFound, "no unit of this id")
}

/// The principal is not there.
pub fn principal_not_found() -> Error {
    Error::not_found(Reason::PrincipalNotFound, "no principal of this id")
}

/// The rule is not there.
pub fn rule_not_found() -> Error {
    Error::not_found(Reason::RuleNotFound, "no rule of this id")
}

/// The decision is not there.
pub fn decision_not_found() -> Error {
    Error::not_found(Reason::DecisionNotFound, "no decision of this id, or none for this ticket yet")
}

/// The caller's etag is not the present one.
pub fn etag_mismatch() -> Error {
    Error::aborted(Reason::EtagMismatch, "the rule changed since it was read: read it again")
}

/// What the domain found wrong.
pub fn invalid(found: Vec<gongdan_routing_domain::Violation>) -> Error {
    Error::invalid(found.into_iter().map(|v| Violation { field: v.field, rule: v.rule }).collect())
}
