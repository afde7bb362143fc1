//! What else brings a ticket back to routing, or takes it away: escalation, quarantine, merges. Source: T11, T12, T13.

use crate::support::{Suite, TestTicket, area, dispatched_to, id, unit};
use gongdan_bus::Origin;
use gongdan_proto::{
    CHANGES,
    routing::v1::{self as pb, DecisionState},
    tickets::v1::{self as tickets, Phase, ticket_event::Change},
};
use gongdan_testkit::{eventually, filled_event};
use uuid::Uuid;

impl Suite {
    async fn next(&self, ticket: &mut TestTicket, phase: Phase, change: Change) {
        ticket.next(phase);
        let name = change.name();
        self.tell(ticket, name, Origin::Live, change).await;
    }
}

#[tokio::test]
async fn an_escalated_ticket_without_a_unit_is_routed_again_by_its_tier() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    suite.rule("second-line", "ticket.tier >= 2", "city").await;
    let mut ticket = suite.submitted("环境/噪音", "噪音").await;
    let first = suite.decision(&ticket).await;
    assert_eq!(dispatched_to(&first), "env");
    suite.dispatched(&mut ticket, &first, "env").await;
    ticket.state.tier = 2;
    let escalated =
        tickets::Escalated { tier: 2, from_tier: 1, from_unit_id: "env".to_owned(), ..Default::default() };
    suite.next(&mut ticket, Phase::PendingDispatch, Change::Escalated(escalated.clone())).await;
    assert_eq!(dispatched_to(&suite.decision(&ticket).await), "city");
    // To a unit it went without being asked.
    ticket.state.tier = 3;
    let to = tickets::Escalated { tier: 3, to_unit_id: "roads".to_owned(), ..escalated };
    suite.next(&mut ticket, Phase::Dispatched, Change::Escalated(to)).await;
    suite.heard(&ticket).await;
    assert_eq!(suite.told(&ticket).await.len(), 2);
}

#[tokio::test]
async fn a_rule_that_does_not_ask_for_the_tier_does_not_send_an_escalated_ticket_back() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    suite.rule("noise", "'环境' in ticket.item_path", "env").await;
    let mut ticket = suite.submitted("环境/噪音", "噪音").await;
    let first = suite.decision(&ticket).await;
    assert_eq!(dispatched_to(&first), "env");
    suite.dispatched(&mut ticket, &first, "env").await;
    ticket.state.tier = 2;
    let escalated =
        tickets::Escalated { tier: 2, from_tier: 1, from_unit_id: "env".to_owned(), ..Default::default() };
    suite.next(&mut ticket, Phase::PendingDispatch, Change::Escalated(escalated.clone())).await;
    let second = suite.decision(&ticket).await;
    assert_eq!(dispatched_to(&second), "city", "who answers for the region around it");
    let tried = &suite.explain(&ticket).await.rules[0];
    assert_eq!((tried.outcome(), tried.detail.as_str()), (pb::TrialOutcome::EscalatedFrom, "env"));
    // From `city`, everything below it has had its turn: a person decides.
    suite.dispatched(&mut ticket, &second, "city").await;
    ticket.state.tier = 3;
    let further = tickets::Escalated { tier: 3, from_tier: 2, from_unit_id: "city".to_owned(), ..escalated };
    suite.next(&mut ticket, Phase::PendingDispatch, Change::Escalated(further)).await;
    let third = suite.decision(&ticket).await;
    let reason = "it was escalated, and no other unit is named for it that has not returned it";
    assert_eq!(crate::support::pool_reason(&third), reason);
}

#[tokio::test]
async fn without_a_rule_an_escalated_ticket_does_not_go_back_to_where_it_was_escalated_from() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let request = pb::ImportOrganisationRequest {
        request_id: id(),
        units: vec![pb::UnitRow { kind: pb::UnitKind::Desk.into(), ..unit("desk", "", "440106") }],
        areas: vec![area("440106", "", "env")],
        ..Default::default()
    };
    suite.import(request).await;
    let lamp = pb::Responsibility { asset: "LAMP-7".into(), person_id: "an".into(), ..Default::default() };
    let put =
        pb::PutResponsibilityRequest { request_id: id(), responsibility: Some(lamp), ..Default::default() };
    suite.responsible("admin").put_responsibility(put).await.unwrap();
    let mut ticket = TestTicket::new("道路/路灯");
    ticket.state.asset = "LAMP-7".into();
    suite.submit(&ticket, "路灯不亮", Origin::Live).await;
    let escalate = async |ticket: &mut TestTicket, from: &str| {
        let from_tier = ticket.state.tier;
        ticket.state.tier += 1;
        let escalated = tickets::Escalated {
            tier: ticket.state.tier,
            from_tier,
            from_unit_id: from.to_owned(),
            ..Default::default()
        };
        suite.next(ticket, Phase::PendingDispatch, Change::Escalated(escalated)).await;
    };
    for (unit, person) in [("roads", "an"), ("env", "")] {
        let decision = suite.decision(&ticket).await;
        assert_eq!((dispatched_to(&decision), person_of(&decision)), (unit, person));
        suite.dispatched(&mut ticket, &decision, unit).await;
        escalate(&mut ticket, unit).await;
    }
    let third = suite.decision(&ticket).await;
    assert_eq!(dispatched_to(&third), "desk");
    let explained = suite.explain(&ticket).await;
    assert_eq!(explained.responsible[0].outcome(), pb::ResponsibleOutcome::EscalatedFrom);
    assert_eq!(explained.areas[0].outcome(), pb::TrialOutcome::EscalatedFrom);
    // A refused decision is made anew by the same.
    suite.refused(&mut ticket, &third, "no unit `desk`").await;
    let again = suite.decision(&ticket).await;
    assert_eq!(dispatched_to(&again), "desk");
    suite.dispatched(&mut ticket, &again, "desk").await;
    // In the next round it starts anew.
    ticket.state.round += 1;
    let reopened = Change::Reopened(tickets::Reopened::default());
    suite.next(&mut ticket, Phase::PendingDispatch, reopened).await;
    assert_eq!(person_of(&suite.decision(&ticket).await), "an");
}

fn person_of(decision: &pb::DecisionEvent) -> &str {
    match &decision.target {
        Some(pb::decision_event::Target::Dispatch(to)) => &to.person_id,
        _ => "",
    }
}

#[tokio::test]
async fn a_quarantined_ticket_is_routed_once_it_is_verified_with_the_words_it_came_with() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    suite.rule("noise", "ticket.subject.contains('噪音')", "roads").await;
    let quarantined = Change::Quarantined(tickets::Quarantined {
        subject: "夜间噪音".to_owned(),
        ..Default::default()
    });
    let mut ticket = TestTicket::new("环境/噪音");
    ticket.state.phase = Phase::Quarantined.into();
    suite.tell(&ticket, "quarantined", Origin::Live, quarantined.clone()).await;
    suite.next(&mut ticket, Phase::PendingDispatch, Change::Verified(tickets::Verified::default())).await;
    assert_eq!(dispatched_to(&suite.decision(&ticket).await), "roads");
    assert_eq!(suite.told(&ticket).await.len(), 1, "nothing was decided in the quarantine");
    // With a designated unit nobody is asked.
    let mut designated = TestTicket::new("环境/噪音");
    designated.state.phase = Phase::Quarantined.into();
    suite.tell(&designated, "quarantined", Origin::Live, quarantined).await;
    let verified = tickets::Verified { unit_id: "city".to_owned() };
    suite.next(&mut designated, Phase::PendingDispatch, Change::Verified(verified)).await;
    suite.heard(&designated).await;
    assert_eq!(suite.told(&designated).await.len(), 0);
}

#[tokio::test]
async fn a_merged_ticket_is_left_alone_until_the_merge_is_undone() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    let mut ticket = suite.submitted("环境/噪音", "噪音").await;
    let first = suite.decision(&ticket).await;
    ticket.state.merged_into_id = Uuid::from_u128(1).to_string();
    suite.next(&mut ticket, Phase::Closed, Change::Merged(tickets::Merged::default())).await;
    assert_eq!(suite.answered(&first).await.state(), DecisionState::Superseded);
    ticket.state.merged_into_id.clear();
    suite
        .next(&mut ticket, Phase::PendingDispatch, Change::MergeUndone(tickets::MergeUndone::default()))
        .await;
    assert_eq!(dispatched_to(&suite.decision(&ticket).await), "env");
    // In a pool it waits for people again.
    let mut pooled = suite.submitted("环境/噪音", "噪音").await;
    suite.decision(&pooled).await;
    pooled.state.pool_reason = "no rule".to_owned();
    suite.next(&mut pooled, Phase::Closed, Change::Merged(tickets::Merged::default())).await;
    suite
        .next(&mut pooled, Phase::PendingDispatch, Change::MergeUndone(tickets::MergeUndone::default()))
        .await;
    suite.heard(&pooled).await;
    assert_eq!(suite.told(&pooled).await.len(), 1);
}

#[tokio::test]
async fn a_ticket_whose_decision_was_refused_while_it_was_merged_is_decided_about_again() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    // The merge is heard before tickets' answer, or with it; the last one was asked about three times already.
    for refusals in [0, 3] {
        let mut ticket = suite.submitted("环境/噪音", "噪音").await;
        for _ in 0..refusals {
            let decision = suite.decision(&ticket).await;
            suite.refused(&mut ticket, &decision, "no unit `env`").await;
        }
        let last = suite.decision(&ticket).await;
        ticket.state.merged_into_id = Uuid::from_u128(1).to_string();
        suite.next(&mut ticket, Phase::Closed, Change::Merged(tickets::Merged::default())).await;
        let refused = tickets::DecisionRefused {
            decision_id: last.decision_id.clone(),
            reason: "the ticket is closed".to_owned(),
        };
        suite.next(&mut ticket, Phase::Closed, Change::DecisionRefused(refused)).await;
        suite.heard(&ticket).await;
        assert_eq!(suite.answered(&last).await.state(), DecisionState::Refused);
        let told = suite.told(&ticket).await.len();
        ticket.state.merged_into_id.clear();
        suite
            .next(&mut ticket, Phase::PendingDispatch, Change::MergeUndone(tickets::MergeUndone::default()))
            .await;
        assert_eq!(dispatched_to(&suite.decision(&ticket).await), "env", "after {refusals} refusals");
        assert_eq!(suite.told(&ticket).await.len(), told + 1);
    }
}

/// A fact that routing does not know must not hold back those it does.
#[tokio::test]
async fn every_kind_of_event_is_taken_in() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    let id = |_: &str| Some(Uuid::from_u128(5).to_string());
    for (_, name) in CHANGES {
        let change = filled_event(name, &id).change.unwrap();
        let mut ticket = suite.submitted("环境/噪音", "噪音").await;
        suite.next(&mut ticket, Phase::InProgress, change).await;
        let reopened = Change::Reopened(tickets::Reopened::default());
        suite.next(&mut ticket, Phase::PendingDispatch, reopened).await;
        assert_eq!(dispatched_to(&suite.decision(&ticket).await), "env", "after {name}");
    }
}

impl Suite {
    /// Waits until routing has heard of the last event of the ticket.
    async fn heard(&self, ticket: &TestTicket) {
        eventually("routing has heard it", async || {
            let version: Option<i64> =
                sqlx::query_scalar("SELECT max(version) FROM inbox_versions WHERE aggregate_id = $1")
                    .bind(ticket.id)
                    .fetch_one(self.env.pool())
                    .await
                    .unwrap();
            version >= Some(ticket.state.version)
        })
        .await;
    }
}
