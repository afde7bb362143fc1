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

/// The set of rules is not there.
pub fn rule_set_not_found() -> Error {
    Error::not_found(Reason::RuleSetNotFound, "no set of rules of this number")
}

/// Nothing was changed in a draft.
pub fn no_rule_draft() -> Error {
    Error::precondition(Reason::NoRuleDraft, "there is no draft of rules: a write with `draft` opens one")
}

/// Rules were changed in the draft and, later, in force.
pub fn rule_draft_behind(rules: &str) -> Error {
    Error::precondition(
        Reason::RuleDraftBehind,
        "rules of the draft were changed in force since: put them into the draft anew, or take them out of it",
    )
    .with("rules", rules)
}

/// The draft or the rules in force are not as the caller read them.
pub fn draft_etag_mismatch() -> Error {
    Error::aborted(
        Reason::EtagMismatch,
        "the draft or the rules in force changed since it was read: read it again",
    )
}

/// Another set is in force than the caller read.
pub fn rule_set_changed() -> Error {
    Error::aborted(Reason::EtagMismatch, "another set of rules is in force by now: look at the sets again")
}

/// The decision is not there.
pub fn decision_not_found() -> Error {
    Error::not_found(Reason::DecisionNotFound, "no decision of this id, or none for this ticket yet")
}

/// The caller's etag is not the present one.
pub fn etag_mismatch() -> Error {
    Error::aborted(Reason::EtagMismatch, "the rule changed since it was read: read it again")
}

/// The roster is not there.
pub fn roster_not_found() -> Error {
    Error::not_found(Reason::RosterNotFound, "no roster of this id")
}

/// The leave is not there.
pub fn leave_not_found() -> Error {
    Error::not_found(Reason::LeaveNotFound, "no leave of this id")
}

/// The responsibility is not there.
pub fn responsibility_not_found() -> Error {
    Error::not_found(Reason::ResponsibilityNotFound, "no responsibility of this id")
}

/// The caller's etag is not the present one.
pub fn responsibility_etag_mismatch() -> Error {
    Error::aborted(Reason::EtagMismatch, "the responsibility changed since it was read: read it again")
}

/// The unit is not one in which the caller says who answers for what.
pub fn unit_out_of_scope(unit_id: &str) -> Error {
    let message = "no policy permits the caller to say who answers for what in this unit: its region is not one of theirs";
    Error::permission_denied(Reason::PermissionDenied, message).with("unit", unit_id)
}

/// The caller may see this responsibility, and not change it.
pub fn responsibility_out_of_scope(id: uuid::Uuid) -> Error {
    let message = "no policy permits the caller to change this responsibility: its unit is of another region, or it \
                   counts for tickets of every region";
    Error::permission_denied(Reason::PermissionDenied, message).with("id", id)
}

/// The caller's etag is not the present one.
pub fn roster_etag_mismatch() -> Error {
    Error::aborted(Reason::EtagMismatch, "the roster changed since it was read: read it again")
}

/// The reassignment is not there.
pub fn reassignment_not_found() -> Error {
    Error::not_found(Reason::ReassignmentNotFound, "no reassignment of this id")
}

/// The person has nothing to hand over.
pub fn no_tickets_in_hand() -> Error {
    Error::precondition(Reason::NoTicketsInHand, "the person has no tickets in hand")
}

/// The person has tickets in hand, and the caller may reassign none of them.
pub fn reassigns_none_of(tickets: i64) -> Error {
    let message = "no policy permits the caller to reassign any ticket that the person has in hand";
    Error::permission_denied(Reason::PermissionDenied, message).with("left_out", tickets)
}

/// The reassignment gives away tickets that the caller could not.
pub fn stops_for_others(unit_ids: &[String]) -> Error {
    let message = "the reassignment is also of tickets that no policy permits the caller to reassign";
    Error::permission_denied(Reason::PermissionDenied, message).with("unit_ids", unit_ids.join(","))
}

/// The person has another number of tickets in hand than the preview found.
pub fn reassignment_changed(expected: i64, found: i64) -> Error {
    let message = "the person has another number of tickets in hand by now: look at the preview again";
    Error::precondition(Reason::ReassignmentChanged, message).with("expected", expected).with("found", found)
}

/// Another reassignment of the same person goes on.
pub fn reassignment_running() -> Error {
    let message = "another reassignment of this person's tickets goes on: wait for it, or stop it";
    Error::precondition(Reason::ReassignmentRunning, message)
}

/// What the domain found wrong.
pub fn invalid(found: Vec<gongdan_routing_domain::Violation>) -> Error {
    Error::invalid(found.into_iter().map(|v| Violation { field: v.field, rule: v.rule }).collect())
}

/// Nothing can be suggested yet.
pub fn suggester_untrained() -> Error {
    let message = "nothing was learnt yet from which items and units could be suggested: train first";
    Error::precondition(Reason::SuggesterUntrained, message)
}

/// Another training runs.
pub fn training_running() -> Error {
    Error::precondition(Reason::TrainingRunning, "another training runs")
}

/// Nothing came of a training.
pub fn not_learnt(why: &gongdan_routing_domain::TooLittle) -> Error {
    use gongdan_routing_domain::TooLittle;
    let error = |why: &TooLittle| Error::precondition(Reason::TooLittleToLearn, why.to_string());
    match why {
        TooLittle::Items { tickets, classes } => error(why).with("tickets", tickets).with("classes", classes),
        TooLittle::Texts => error(why),
        TooLittle::Stopped => Error::unavailable("the service stopped", std::time::Duration::from_secs(5)),
    }
}
