use crate::support::{Suite, area, dispatched_to, id, refusal, unit};
use gongdan_proto::routing::v1::{self as pb, TrialOutcome};
use tonic::Code;

#[tokio::test]
async fn every_rule_and_area_that_was_tried_says_what_came_of_it() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    suite.rule("urgent", "ticket.type == 'complaint' && ticket.priority == 1", "city").await;
    suite.rule("odd", "ticket.item_path[7] == 'x'", "city").await;
    let ticket = suite.submitted("环境/噪音", "噪音").await;
    suite.decision(&ticket).await;
    // What is changed afterwards does not change what is said about then.
    suite.rule("urgent", "ticket.priority == 5", "roads").await;
    suite
        .import(pb::ImportOrganisationRequest {
            request_id: id(),
            areas: vec![area("440106", "环境", "roads")],
            ..Default::default()
        })
        .await;

    let explained = suite.explain(&ticket).await;
    let decision = explained.decision.as_ref().unwrap();
    assert_eq!((decision.ticket_number.as_str(), decision.area_id > 0), (ticket.state.number.as_str(), true));
    let rules: Vec<_> = explained
        .rules
        .iter()
        .map(|trial| (trial.rule_id.as_str(), trial.outcome(), trial.detail.as_str()))
        .collect();
    assert_eq!(
        rules,
        [
            ("urgent", TrialOutcome::NotMatched, "ticket.priority == 1"),
            ("odd", TrialOutcome::Failed, "no element of this number in the list"),
        ]
    );
    let areas: Vec<_> = explained
        .areas
        .iter()
        .map(|trial| {
            (trial.area.as_ref().unwrap().unit_id.as_str(), trial.outcome(), trial.region_name.as_str())
        })
        .collect();
    assert_eq!(
        areas,
        [
            ("env", TrialOutcome::Chosen, "广东省/广州市/天河区"),
            ("city", TrialOutcome::LessSpecific, "广东省/广州市"),
        ]
    );
    assert_eq!((explained.areas_of_other_items, explained.rules_in_force), (1, 2));
}

#[tokio::test]
async fn a_unit_outside_its_dates_is_passed_over_and_the_reason_kept() {
    let suite = Suite::start().await;
    let closed = pb::UnitRow {
        valid_to: Some(prost_types::Timestamp { seconds: 1_500_000_000, nanos: 0 }),
        ..unit("closed", "", "440106")
    };
    suite
        .import(pb::ImportOrganisationRequest {
            request_id: id(),
            units: vec![unit("closed", "", "440106"), unit("city", "", "4401")],
            areas: vec![area("440106", "", "closed"), area("4401", "", "city")],
            ..Default::default()
        })
        .await;
    suite.rule("to-closed", "true", "closed").await;
    // A rule that names a unit stays when the unit ends.
    let ends = pb::ImportOrganisationRequest { request_id: id(), units: vec![closed], ..Default::default() };
    suite.import(ends).await;
    let ticket = suite.submitted("环境/噪音", "噪音").await;
    assert_eq!(dispatched_to(&suite.decision(&ticket).await), "city");
    let explained = suite.explain(&ticket).await;
    assert_eq!(
        (explained.rules[0].outcome(), explained.rules[0].detail.as_str()),
        (TrialOutcome::TargetGone, "closed")
    );
    assert_eq!(explained.areas[0].outcome(), TrialOutcome::TargetGone);
}

#[tokio::test]
async fn a_decision_is_found_by_ticket_id_number_and_its_own_id() {
    let suite = Suite::start().await;
    let ticket = suite.submitted("环境/噪音", "噪音").await;
    let decision_id = suite.decision(&ticket).await.decision_id;
    let ask = async |ticket: &str, decision_id: &str| {
        let request = pb::ExplainDecisionRequest { ticket: ticket.into(), decision_id: decision_id.into() };
        suite.decisions().explain_decision(request).await
    };
    for (ticket, decision) in [
        (ticket.id.to_string().as_str(), ""),
        (ticket.state.number.to_lowercase().as_str(), ""),
        ("", decision_id.as_str()),
    ] {
        let explained = ask(ticket, decision).await.unwrap().into_inner();
        assert_eq!(explained.decision.unwrap().id, decision_id);
    }
    let unknown = ask("GD9999999999", "").await.unwrap_err();
    assert_eq!((unknown.code(), refusal(&unknown).1.as_str()), (Code::NotFound, "DECISION_NOT_FOUND"));
    for (ticket, decision) in [("", ""), ("x", "y"), ("", "no-uuid"), ("工单", "")] {
        assert_eq!(ask(ticket, decision).await.unwrap_err().code(), Code::InvalidArgument);
    }
}
