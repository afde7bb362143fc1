//! R4, R5, R6, R10: a sensitive ticket goes only to people who may see it.

use crate::{
    r10_reassign::{named, of, start, to_person},
    support::{Suite, TestTicket, id, person},
};
use gongdan_bus::Origin;
use gongdan_proto::routing::v1::{
    self as pb, PersonOutcome, ReassignedTicketState, ResponsibleOutcome, TrialOutcome,
    decision_event::Target, rule_action,
};
use std::collections::BTreeMap;

impl Suite {
    /// `chen` may see sensitive tickets, the others of `roads` may not.
    async fn trusts_chen(&self) {
        let trusted = pb::PrincipalRow { rights: vec!["sensitive".into()], ..person("chen", "roads") };
        let principals = vec![trusted];
        self.import(pb::ImportOrganisationRequest { request_id: id(), principals, ..Default::default() })
            .await;
    }
}

fn sensitive() -> TestTicket {
    let mut ticket = TestTicket::new("道路");
    ticket.state.sensitive = true;
    ticket
}

fn outcomes(people: &[pb::PersonTrial]) -> BTreeMap<&str, PersonOutcome> {
    people.iter().map(|one| (one.person_id.as_str(), one.outcome())).collect()
}

#[tokio::test]
async fn r10_a_sensitive_ticket_is_handed_only_to_who_may_see_it() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.trusts_chen().await;
    let held = suite.has_in_hand("an", "roads", vec![sensitive(), TestTicket::new("道路")]).await;
    let (secret, other) = match held[0].state.sensitive {
        true => (&held[0], &held[1]),
        false => (&held[1], &held[0]),
    };
    let to_bo = pb::PreviewReassignmentRequest { to: named("bo"), ..of("an") };
    let preview = suite.preview("admin", to_bo.clone()).await.unwrap();
    let of_secret = |tickets: &[pb::ReassignedTicket]| {
        tickets.iter().find(|ticket| ticket.ticket_id == secret.id.to_string()).unwrap().clone()
    };
    let foreseen = of_secret(&preview.tickets);
    assert_eq!(foreseen.state(), ReassignedTicketState::NobodyAble);
    assert_eq!(foreseen.why, "nobody of `roads` can take it: bo: 1 may not see sensitive tickets");
    assert_eq!(preview.summary.unwrap().to_people, 1);

    let begun =
        suite.begin("admin", pb::StartReassignmentRequest { to: to_bo.to, ..start("an") }).await.unwrap();
    assert_eq!(to_person(&suite.handed_over(other).await), "bo");
    let stayed = suite.tickets_of(&begun.id, ReassignedTicketState::NobodyAble).await;
    assert_eq!(of_secret(&stayed).why, foreseen.why);
    assert_eq!(outcomes(&stayed[0].courses[0].people)["bo"], PersonOutcome::MayNotSeeIt);
    let stop = pb::StopReassignmentRequest { request_id: id(), id: begun.id };
    suite.reassignments("admin").stop_reassignment(stop).await.unwrap();
    suite.applies(&mut other.clone(), &suite.handed_over(other).await).await;

    // Whoever makes sense: the one who may, however much they have.
    suite.in_hand("chen", "roads", 3).await;
    gongdan_testkit::eventually("the first is over", async || {
        suite.begin("admin", start("an")).await.is_ok()
    })
    .await;
    assert_eq!(to_person(&suite.handed_over(secret).await), "chen");
}

#[tokio::test]
async fn r6_a_strategy_gives_sensitive_tickets_only_to_who_may_see_them() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.trusts_chen().await;
    suite.in_hand("chen", "roads", 1).await;
    let strategy = pb::StrategyAction {
        unit_id: "roads".into(),
        strategy: pb::AssignmentStrategy::LeastLoaded.into(),
        capacity: 2,
        ..Default::default()
    };
    let rule = |id: &str, when: &str, mark_sensitive| pb::Rule {
        id: id.into(),
        name: id.into(),
        when: when.into(),
        action: Some(pb::RuleAction {
            target: Some(rule_action::Target::Strategy(strategy.clone())),
            mark_sensitive,
            ..Default::default()
        }),
        ..Default::default()
    };
    for rule in [rule("marks", "ticket.item == '信访'", true), rule("others", "true", false)] {
        let put = pb::PutRuleRequest { request_id: id(), rule: Some(rule), ..Default::default() };
        suite.rules("admin").put_rule(put).await.unwrap();
    }
    let plain = suite.submitted("道路", "坑洼").await;
    assert_ne!(to_person(&suite.decision(&plain).await), "chen", "who has least to do");
    let secret = sensitive();
    suite.submit(&secret, "举报", Origin::Live).await;
    let decision = suite.decision(&secret).await;
    assert_eq!(to_person(&decision), "chen");
    let trials = suite.explain(&secret).await.rules;
    let considered = trials.iter().find(|trial| !trial.people.is_empty()).unwrap();
    let found = outcomes(&considered.people);
    assert_eq!((found["an"], found["bo"]), (PersonOutcome::MayNotSeeIt, PersonOutcome::MayNotSeeIt));
    // A rule that makes it sensitive chooses by that; `chen` is full by now.
    let marked = suite.submitted("信访", "举报").await;
    let decision = suite.decision(&marked).await;
    let Some(Target::Pool(pool)) = decision.target else { panic!("{decision:?}") };
    assert_eq!(pool.reason, "nobody of `roads` can take it: 1 full, 2 may not see sensitive tickets");
}

#[tokio::test]
async fn r4_a_rule_that_names_somebody_who_may_not_see_it_is_passed_over() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.trusts_chen().await;
    for (name, person) in [("a-first", "an"), ("b-second", "chen")] {
        let target = pb::PersonAction { person_id: person.into(), unit_id: "roads".into() };
        let target = Some(rule_action::Target::Person(target));
        let rule = pb::Rule {
            id: name.into(),
            name: name.into(),
            when: "true".into(),
            action: Some(pb::RuleAction { target, ..Default::default() }),
            ..Default::default()
        };
        let put = pb::PutRuleRequest { request_id: id(), rule: Some(rule), ..Default::default() };
        suite.rules("admin").put_rule(put).await.unwrap();
    }
    let plain = suite.submitted("道路", "坑洼").await;
    assert_eq!(to_person(&suite.decision(&plain).await), "an");
    let secret = sensitive();
    suite.submit(&secret, "举报", Origin::Live).await;
    assert_eq!(to_person(&suite.decision(&secret).await), "chen");
    let tried = suite.explain(&secret).await.rules;
    assert_eq!((tried[0].outcome(), tried[0].detail.as_str()), (TrialOutcome::MayNotSeeIt, "an"));
    assert_eq!(tried[1].outcome(), TrialOutcome::Chosen);
    // Who gets the right gets them from then on.
    let trusted = pb::PrincipalRow { rights: vec!["sensitive".into()], ..person("an", "roads") };
    suite
        .import(pb::ImportOrganisationRequest {
            request_id: id(),
            principals: vec![trusted],
            ..Default::default()
        })
        .await;
    let other = sensitive();
    suite.submit(&other, "举报", Origin::Live).await;
    assert_eq!(to_person(&suite.decision(&other).await), "an");
}

#[tokio::test]
async fn r5_who_answers_for_it_but_may_not_see_it_leaves_it_to_the_unit() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.trusts_chen().await;
    for (asset, person) in [("LAMP-1", "an"), ("LAMP-2", "chen")] {
        let one = pb::Responsibility { asset: asset.into(), person_id: person.into(), ..Default::default() };
        let put = pb::PutResponsibilityRequest {
            request_id: id(),
            responsibility: Some(one),
            ..Default::default()
        };
        suite.responsible("admin").put_responsibility(put).await.unwrap();
    }
    let of = async |asset: &str, sensitive: bool| {
        let mut ticket = TestTicket::new("道路");
        (ticket.state.asset, ticket.state.sensitive) = (asset.to_owned(), sensitive);
        suite.submit(&ticket, "举报", Origin::Live).await;
        let decision = suite.decision(&ticket).await;
        assert_eq!(crate::support::dispatched_to(&decision), "roads");
        (to_person(&decision).to_owned(), suite.explain(&ticket).await.responsible[0].outcome())
    };
    assert_eq!(of("LAMP-1", false).await, ("an".to_owned(), ResponsibleOutcome::Chosen));
    assert_eq!(of("LAMP-2", true).await, ("chen".to_owned(), ResponsibleOutcome::Chosen));
    assert_eq!(of("LAMP-1", true).await, (String::new(), ResponsibleOutcome::UnitMayNotSeeIt));
}
