//! Rules tried on past tickets. Source: R4.

use crate::support::{Suite, TestTicket, id, refusal, rule};
use gongdan_bus::Origin;
use gongdan_proto::routing::v1::{self as pb, simulate_rules_response::Step};
use gongdan_testkit::{PrincipalSpec, eventually};
use tonic::Code;
use uuid::Uuid;

/// What a simulation told: how far it was each time, and what came out.
async fn simulate(
    suite: &Suite,
    request: pb::SimulateRulesRequest,
) -> (Vec<pb::SimulationProgress>, pb::SimulationOutcome) {
    simulate_as(suite, "admin", request).await
}

async fn simulate_as(
    suite: &Suite,
    who: &str,
    request: pb::SimulateRulesRequest,
) -> (Vec<pb::SimulationProgress>, pb::SimulationOutcome) {
    suite.log_settled().await;
    let mut steps = suite.rule_sets(who).simulate_rules(request).await.unwrap().into_inner();
    let mut progress = Vec::new();
    while let Some(answer) = steps.message().await.unwrap() {
        match answer.step.unwrap() {
            Step::Progress(step) => progress.push(step),
            Step::Outcome(outcome) => return (progress, outcome),
        }
    }
    panic!("it ended without an outcome");
}

fn place(place: &Option<pb::SimulationPlace>) -> String {
    let place = place.as_ref().unwrap();
    format!("{}{}{}", place.unit_id, place.person_id, if place.pool { "pool" } else { "" })
}

fn pairs(outcome: &pb::SimulationOutcome) -> Vec<String> {
    let said = |pair: &pb::SimulationPair| {
        format!(
            "{} → {}: {} ({} shown)",
            place(&pair.from),
            place(&pair.to),
            pair.tickets,
            pair.examples.len()
        )
    };
    outcome.pairs.iter().map(said).collect()
}

#[tokio::test]
async fn r4_the_draft_is_tried_on_past_tickets_and_the_difference_told() {
    let suite = Suite::in_guangzhou().await;
    let mut tickets = Vec::new();
    for (item, subject) in [
        ("环境/噪音", "夜间施工噪音"),
        ("环境/噪音", "广场舞噪音"),
        ("环境/油烟", "油烟扰民"),
        ("道路/坑洼", "路面坑洼"),
        ("其他/咨询", "办事咨询"),
    ] {
        let ticket = suite.submitted(item, subject).await;
        suite.decision(&ticket).await;
        tickets.push(ticket);
    }
    let past = TestTicket::new("环境/噪音");
    suite.submit(&past, "去年的噪音", Origin::Import).await;
    eventually("the past is known", async || {
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM ticket_scopes")
            .fetch_one(suite.env.pool())
            .await
            .unwrap()
            == 6
    })
    .await;

    suite.draft("noise", "ticket.subject.contains('噪音')", "city").await;
    suite.draft("odd", "ticket.item_path[5] == 'x'", "city").await;
    suite.draft("never", "ticket.priority == 5", "city").await;
    let mut marks = rule("marks", "ticket.item.startsWith('道路')", "");
    marks.action = Some(pb::RuleAction { set_priority: 1, ..Default::default() });
    let put = pb::PutRuleRequest { request_id: id(), rule: Some(marks), draft: true, ..Default::default() };
    suite.rules("admin").put_rule(put).await.unwrap();
    let events = async || {
        let events = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM events");
        events.fetch_one(suite.env.pool()).await.unwrap()
    };
    let told = events().await;

    let request = pb::SimulateRulesRequest { examples: 2, ..Default::default() };
    let (progress, outcome) = simulate(&suite, request).await;
    assert_eq!((progress[0].tickets, progress[0].of), (0, 6));
    assert_eq!((outcome.tickets, outcome.elsewhere, outcome.other_marks, outcome.unreadable), (6, 3, 1, 0));
    assert_eq!(pairs(&outcome), ["env → city: 3 (2 shown)"]);
    let example = &outcome.pairs[0].examples[0];
    assert_eq!(example.ticket_number, past.state.number, "the newest first");
    assert_eq!(example.before, "area 440106000000, 环境 → env");
    assert_eq!(example.after, "rule `noise` (规则 noise) → city");
    let rules: Vec<_> = outcome
        .rules
        .iter()
        .map(|r| format!("{}: {} {} {} {}", r.rule_id, r.tried, r.decided, r.marked, r.failed))
        .collect();
    assert_eq!(rules, ["noise: 6 3 0 0", "odd: 3 0 0 3", "never: 3 0 0 0", "marks: 3 0 1 0"]);
    assert_eq!(outcome.rules[1].failure, "no element of this number in the list");
    assert_eq!((outcome.number, outcome.in_force), (0, 1));

    let draft = suite.the_draft().await;
    assert_eq!(outcome.draft_etag, draft.etag);
    assert_eq!(events().await, told, "nothing was decided");
    let publish =
        pb::PublishRuleDraftRequest { request_id: id(), etag: outcome.draft_etag, note: String::new() };
    suite.rule_sets("admin").publish_rule_draft(publish).await.unwrap();

    let back = pb::SimulateRulesRequest { number: 1, tickets: 2, ..Default::default() };
    let (_, outcome) = simulate(&suite, back).await;
    assert_eq!((outcome.tickets, pairs(&outcome)), (2, vec!["city → env: 1 (1 shown)".to_owned()]));
    let none = suite.rule_sets("admin").simulate_rules(request).await.unwrap_err();
    assert_eq!((none.code(), refusal(&none).1.as_str()), (Code::FailedPrecondition, "NO_RULE_DRAFT"));
}

#[tokio::test]
async fn r4_a_simulation_knows_no_more_than_the_caller() {
    let suite = Suite::in_guangzhou().await;
    let mut secret = TestTicket::new("环境/噪音");
    secret.state.sensitive = true;
    suite.submit(&secret, "某某的举报", Origin::Live).await;
    suite.decision(&secret).await;
    let open = suite.submitted("环境/噪音", "某某的噪音").await;
    suite.decision(&open).await;
    suite.draft("named", "ticket.subject.contains('某某')", "city").await;
    let staff = |id: &str| PrincipalSpec::new(id).role("administrator").region("44");
    for (spec, tickets) in [(staff("wu"), 1), (staff("xu").right("sensitive"), 2)] {
        let who = spec.message().id;
        suite.env.principal(spec).await;
        let (progress, outcome) = simulate_as(&suite, &who, pb::SimulateRulesRequest::default()).await;
        assert_eq!(progress[0].of, tickets, "{who}");
        assert_eq!((outcome.tickets, outcome.elsewhere), (tickets, tickets), "{who}");
        let shown: Vec<_> = outcome.pairs[0].examples.iter().map(|e| e.ticket_number.clone()).collect();
        assert_eq!(shown.contains(&secret.state.number), tickets == 2, "{who}");
    }
}

#[tokio::test]
async fn r4_a_bad_simulation_is_refused() {
    let suite = Suite::start().await;
    let bad = pb::SimulateRulesRequest { number: -1, tickets: 100_001, examples: 21, at: None };
    let status = suite.rule_sets("admin").simulate_rules(bad).await.unwrap_err();
    assert_eq!(
        refusal(&status).2,
        ["number: from 1, or 0 for the draft", "tickets: 1 to 100000", "examples: 1 to 20"]
    );
    let unknown = pb::SimulateRulesRequest { number: 7, ..Default::default() };
    let status = suite.rule_sets("admin").simulate_rules(unknown).await.unwrap_err();
    assert_eq!((status.code(), refusal(&status).1.as_str()), (Code::NotFound, "RULE_SET_NOT_FOUND"));
}

#[tokio::test]
async fn r4_one_simulation_at_a_time_and_ending_the_call_ends_it() {
    let suite = Suite::in_guangzhou().await;
    suite.draft("a", "true", "env").await;
    // Many that were never submitted: each page of them is asked for, and there is always another.
    let fill = "INSERT INTO ticket_scopes SELECT gen_random_uuid(), 1, 440106000000, '{}', '', '', NULL, false, false
                FROM generate_series(1, 200000)";
    sqlx::query(fill).execute(suite.env.pool()).await.unwrap();
    let request = pb::SimulateRulesRequest { tickets: 100_000, ..Default::default() };
    let mut client = suite.rule_sets("admin");
    let mut steps = client.simulate_rules(request).await.unwrap().into_inner();
    assert!(matches!(steps.message().await.unwrap().unwrap().step, Some(Step::Progress(_))));
    let busy = client.simulate_rules(request).await.unwrap_err();
    assert_eq!((busy.code(), refusal(&busy).1.as_str()), (Code::ResourceExhausted, "SERVER_BUSY"));
    drop(steps);
    eventually("the place is free", async || client.clone().simulate_rules(request).await.is_ok()).await;
}

#[tokio::test]
async fn r4_a_simulation_says_when_tickets_is_away() {
    let suite = Suite::in_guangzhou().await;
    suite.draft("a", "true", "env").await;
    let row = "INSERT INTO ticket_scopes VALUES ($1, 1, 440106000000, '{}', '', '', NULL, false, false)";
    sqlx::query(row).bind(Uuid::max()).execute(suite.env.pool()).await.unwrap();
    let (_, outcome) = simulate(&suite, pb::SimulateRulesRequest::default()).await;
    assert_eq!(outcome.tickets, 0, "the greatest id of all is none's");
    let ticket = suite.submitted("环境/噪音", "噪音").await;
    suite.decision(&ticket).await;
    suite.close_log().await;
    let mut steps = suite
        .rule_sets("admin")
        .simulate_rules(pb::SimulateRulesRequest::default())
        .await
        .unwrap()
        .into_inner();
    let ended = loop {
        match steps.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ended as if it were done"),
            Err(status) => break status,
        }
    };
    assert_eq!(ended.code(), Code::Unavailable);
}
