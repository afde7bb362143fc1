//! Somebody hands their tickets over within the unit, by a decision of routing. Source: R10, DESIGN rule 14.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;

use gongdan_tickets_domain::{
    Answer, Change, Decision, HandoverCause, Marks, Named, Order, Phase, PrincipalId, Target, Ticket,
    workflow::{Acting, Place, govern, shipped},
};
use support::{administrator, at, reason, submitted, unit};
use uuid::Uuid;

const IN_HAND: [Phase; 4] = [Phase::Dispatched, Phase::InProgress, Phase::Suspended, Phase::InReview];

fn person(id: &str) -> PrincipalId {
    PrincipalId::parse(id).unwrap()
}

fn order() -> Order {
    let named = |id: &str, name: &str| Some(Named { id: person(id), name: name.to_owned() });
    let (started_by, from) = (named("chen.jing", "陈静"), named("li.wei", "李伟"));
    Order { started_by, from, cause: Some(HandoverCause::OnLeave) }
}

/// With `li.wei` of `tianhe-env`.
fn in_phase(phase: Phase) -> Ticket {
    let mut ticket = submitted();
    ticket.phase = phase;
    ticket.lead_unit = Some(unit("tianhe-env"));
    ticket.handler = Some(person("li.wei"));
    ticket.accepted_at = (phase != Phase::Dispatched).then(|| at(0));
    ticket
}

fn decision(to: Option<&str>) -> Decision {
    let target = Target::Handover {
        from: person("li.wei"),
        unit: unit("tianhe-env"),
        person: to.map(person),
        reason: reason("请假"),
        order: order(),
    };
    Decision { id: Uuid::from_u128(9), ticket_version: 1, target, marks: Marks::default() }
}

fn decide(ticket: &Ticket, to: Option<&str>) -> Answer {
    ticket.clone().decide(decision(to), &administrator(), at(5))
}

#[test]
fn it_goes_to_somebody_else_of_the_unit_and_stays_as_far_as_it_was() {
    for phase in IN_HAND {
        let before = in_phase(phase);
        let Answer::Applied(changed) = decide(&before, Some("wang.fang")) else { panic!("{phase}") };
        let after = &changed.ticket;
        assert_eq!((after.phase, after.handler.as_ref()), (phase, Some(&person("wang.fang"))));
        assert_eq!(
            (after.lead_unit.as_ref(), after.accepted_at),
            (before.lead_unit.as_ref(), before.accepted_at)
        );
        assert_eq!((after.decision_id, after.transfer_count), (Some(Uuid::from_u128(9)), 0));
        let told: Vec<_> = changed.events().map(|event| &event.change).collect();
        assert!(
            matches!(&told[..], [Change::Transferred { from, to, decision: Some(_), reason: why, order: by, .. }]
                if from == to && *why == reason("请假") && *by == Some(order())),
            "{told:?}"
        );
    }
}

#[test]
fn what_goes_to_the_unit_as_a_whole_is_accepted_anew() {
    for phase in [Phase::Dispatched, Phase::InProgress] {
        let Answer::Applied(changed) = decide(&in_phase(phase), None) else { panic!("{phase}") };
        assert_eq!((changed.ticket.phase, &changed.ticket.handler), (Phase::Dispatched, &None));
        assert_eq!(changed.ticket.accepted_at, None, "{phase}");
    }
}

#[test]
fn what_goes_on_as_in_progress_is_not_given_to_nobody() {
    for phase in [Phase::Suspended, Phase::InReview] {
        let before = in_phase(phase);
        let Answer::Refused(changed) = decide(&before, None) else { panic!("{phase}") };
        assert_eq!((changed.ticket.phase, &changed.ticket.handler), (phase, &before.handler));
        let told: Vec<_> = changed.events().map(|event| &event.change).collect();
        assert!(
            matches!(&told[..], [Change::DecisionRefused { reason, .. }]
                if reason.ends_with("only a person can have it in hand")),
            "{told:?}"
        );
    }
}

#[test]
fn what_has_moved_on_is_refused_with_why() {
    let other = Ticket { handler: Some(person("chen.jing")), ..in_phase(Phase::InProgress) };
    let nobody = Ticket { handler: None, ..in_phase(Phase::Dispatched) };
    let elsewhere = Ticket { lead_unit: Some(unit("yuexiu-env")), ..in_phase(Phase::InProgress) };
    for (ticket, to, why) in [
        (other, "wang.fang", "chen.jing has the ticket in hand"),
        (nobody, "wang.fang", "li.wei has the ticket in hand no longer"),
        (elsewhere, "wang.fang", "the ticket is with yuexiu-env"),
        (in_phase(Phase::InProgress), "li.wei", "li.wei has the ticket in hand already"),
        (in_phase(Phase::Resolved), "wang.fang", "the ticket is resolved"),
        (in_phase(Phase::Cancelled), "wang.fang", "the ticket is cancelled"),
        (submitted(), "wang.fang", "the ticket is pending_dispatch"),
    ] {
        let Answer::Refused(changed) = decide(&ticket, Some(to)) else { panic!("{why}") };
        assert_eq!((changed.ticket.phase, &changed.ticket.handler), (ticket.phase, &ticket.handler));
        let told: Vec<_> = changed.events().map(|event| event.change.clone()).collect();
        let refused = Change::DecisionRefused { decision: Uuid::from_u128(9), reason: why.to_owned() };
        assert_eq!(told, [refused]);
    }
}

#[test]
fn every_shipped_workflow_lets_it_pass_at_every_step() {
    for workflow in shipped() {
        for step in workflow.steps().iter().filter(|step| IN_HAND.contains(&step.phase)) {
            for to in [Some("wang.fang"), None] {
                let mut ticket = in_phase(step.phase);
                ticket.groups.workflow.place = Some(Place {
                    workflow: workflow.key().to_owned(),
                    version: workflow.version(),
                    step: step.key.clone(),
                    worked_at: String::new(),
                });
                let changed = decide(&ticket, to).into_changed();
                let changed = govern(workflow, changed, Acting::Program).unwrap();
                let place = changed.ticket.groups.workflow.place.unwrap();
                let stays = changed.ticket.phase == step.phase;
                assert_eq!(place.step == step.key, stays, "{}: {}", workflow.key(), step.key);
            }
        }
    }
}
