use crate::support::{Suite, TestTicket, dispatched_to, pool_reason};
use gongdan_bus::Origin;
use gongdan_proto::{
    routing::v1::{self as pb, DecisionState},
    tickets::v1::{Cancelled, DecisionRefused, Dispatched, Phase, ticket_event::Change},
};
use gongdan_testkit::{eventually, eventually_some};

const SOON: &str = "[decisions]\nresend_after = \"200ms\"\nresend_at_most = \"400ms\"\n";

#[tokio::test]
async fn a_decision_nobody_answers_is_sent_again_as_a_new_version_until_somebody_does() {
    let suite = Suite::with(SOON).await;
    suite.import_guangzhou().await;
    let mut ticket = suite.submitted("环境/噪音", "噪音").await;
    let told = eventually_some("three sendings", async || {
        Some(suite.told(&ticket).await).filter(|told| told.len() >= 3)
    })
    .await;
    let versions: Vec<_> = told.iter().take(3).map(|decision| decision.version).collect();
    assert_eq!(versions, [1, 2, 3]);
    assert!(told.iter().all(|d| d.decision_id == told[0].decision_id && dispatched_to(d) == "env"));

    suite.dispatched(&mut ticket, &told[0], "env").await;
    let answered = suite.answered(&told[0]).await;
    assert_eq!(answered.state(), DecisionState::Dispatched);
    // Another one is still sent again: the job lives, and leaves the answered one alone.
    let sent = suite.told(&ticket).await.len();
    assert!(sent <= usize::try_from(answered.sent).unwrap());
    let other = suite.submitted("环境/噪音", "噪音").await;
    eventually("the other one is sent again", async || suite.told(&other).await.len() >= 3).await;
    assert_eq!(suite.told(&ticket).await.len(), usize::try_from(answered.sent).unwrap());
}

impl Suite {
    /// Tickets has answered; the event was set aside here and discarded.
    async fn loses(&self, ticket: &mut TestTicket, phase: Phase, kind: &str, answer: Change) {
        ticket.next(phase);
        self.log_only(ticket, kind, Origin::Live, answer).await;
        self.log_settled().await;
        let passed = sqlx::query("UPDATE inbox_versions SET version = $2 WHERE aggregate_id = $1")
            .bind(ticket.id)
            .bind(ticket.state.version)
            .execute(self.env.pool())
            .await
            .unwrap();
        assert_eq!(passed.rows_affected(), 1);
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_is_found_in_tickets_log() {
    let suite = Suite::with("[decisions]\nresend_after = \"50ms\"\nresend_at_most = \"100ms\"\n").await;
    suite.import_guangzhou().await;
    let mut ticket = suite.submitted("环境/噪音", "噪音").await;
    let decision = suite.decision(&ticket).await;
    let decision_id = decision.decision_id.clone();
    let answer = Dispatched { unit_id: "env".into(), decision_id, ..Default::default() };
    suite.loses(&mut ticket, Phase::Dispatched, "dispatched", Change::Dispatched(answer)).await;
    assert_eq!(suite.answered(&decision).await.state(), DecisionState::Dispatched);
    // A refused one is made anew.
    let mut other = suite.submitted("环境/噪音", "噪音").await;
    let first = suite.decision(&other).await;
    let answer = DecisionRefused { decision_id: first.decision_id.clone(), reason: "no unit `env`".into() };
    suite
        .loses(&mut other, Phase::PendingDispatch, "decision_refused", Change::DecisionRefused(answer))
        .await;
    let second = suite.decision(&other).await;
    assert_eq!((second.ticket_version, dispatched_to(&second)), (2, "env"));
    assert_eq!(suite.answered(&first).await.state(), DecisionState::Refused);
    // What this service has yet to hear of comes by itself, with what came before it.
    let mut slow = suite.submitted("环境/噪音", "噪音").await;
    let third = suite.decision(&slow).await;
    slow.next(Phase::PendingDispatch);
    slow.next(Phase::Dispatched);
    let answer = Dispatched { unit_id: "env".into(), decision_id: third.decision_id, ..Default::default() };
    suite.log_only(&slow, "dispatched", Origin::Live, Change::Dispatched(answer)).await;
    suite.log_settled().await;
    eventually("it was looked for", async || suite.told(&slow).await.len() >= 6).await;
    let state = DecisionState::Unanswered.into();
    let list = pb::ListDecisionsRequest { ticket: slow.state.number, state, ..Default::default() };
    assert_eq!(suite.decisions().list_decisions(list).await.unwrap().into_inner().decisions.len(), 1);
}

#[tokio::test]
async fn a_ticket_that_goes_on_by_another_way_needs_no_answer() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    let mut ticket = suite.submitted("环境/噪音", "噪音").await;
    let decision = suite.decision(&ticket).await;
    ticket.next(Phase::Cancelled);
    suite
        .tell(&ticket, "cancelled", Origin::Live, Change::Cancelled(Cancelled { reason: "撤单".into() }))
        .await;
    assert_eq!(suite.answered(&decision).await.state(), DecisionState::Superseded);
}

#[tokio::test]
async fn a_refused_decision_is_made_anew_and_after_three_a_person_looks_at_it() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    let mut ticket = suite.submitted("环境/噪音", "噪音").await;
    for _ in 0..3 {
        let decision = suite.decision(&ticket).await;
        assert_eq!(dispatched_to(&decision), "env");
        suite.refused(&mut ticket, &decision, "no unit `env`").await;
        let answered = suite.answered(&decision).await;
        assert_eq!((answered.state(), answered.refusal.as_str()), (DecisionState::Refused, "no unit `env`"));
    }
    let pooled = suite.decision(&ticket).await;
    assert_eq!(pool_reason(&pooled), "3 decisions were refused, the last: no unit `env`");
    suite.refused(&mut ticket, &pooled, "again").await;
    assert_eq!(suite.answered(&pooled).await.state(), DecisionState::Refused);
    assert_eq!(suite.told(&ticket).await.len(), 4, "nothing is decided after the pool was refused");
}

#[tokio::test]
async fn decisions_are_listed_by_ticket_and_by_state() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    let mut first = suite.submitted("环境/噪音", "噪音").await;
    let decision = suite.decision(&first).await;
    suite.dispatched_and_returned(&mut first, &decision, "env").await;
    suite.decision(&first).await;
    let second = suite.submitted("教育", "择校").await;
    suite.decision(&second).await;
    let list = async |request: pb::ListDecisionsRequest| {
        suite.decisions().list_decisions(request).await.unwrap().into_inner()
    };
    let page = list(pb::ListDecisionsRequest { page_size: 2, ..Default::default() }).await;
    assert_eq!(page.decisions[0].ticket_id, second.id.to_string(), "newest first");
    let request =
        pb::ListDecisionsRequest { page_token: page.next_page_token, page_size: 2, ..Default::default() };
    assert_eq!(list(request).await.decisions[0].id, decision.decision_id);
    let of_first = pb::ListDecisionsRequest { ticket: first.state.number.clone(), ..Default::default() };
    assert_eq!(list(of_first).await.decisions.len(), 2);
    let state = DecisionState::Dispatched.into();
    assert_eq!(list(pb::ListDecisionsRequest { state, ..Default::default() }).await.decisions.len(), 1);
    let state = DecisionState::Unanswered.into();
    assert_eq!(list(pb::ListDecisionsRequest { state, ..Default::default() }).await.decisions.len(), 2);
}
