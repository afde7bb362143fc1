//! DESIGN rule 16: whose decisions a caller sees.

use crate::support::{Suite, TestTicket};
use gongdan_bus::Origin;
use gongdan_proto::routing::v1::{self as pb, decision_service_client::DecisionServiceClient};
use gongdan_testkit::PrincipalSpec;
use std::collections::BTreeSet;
use tonic::Code;

const PART: &str = "sibling county, own unit takes part";

/// What somebody of Tianhe whose unit is `tianhe-desk` sees, without the right.
const SEEN: [&str; 2] = ["own county", PART];

fn ticket(region: &str) -> TestTicket {
    let mut ticket = TestTicket::new("噪音");
    ticket.state.region = format!("{region:0<12}");
    ticket
}

#[tokio::test]
async fn decisions_are_listed_and_explained_within_the_scope() {
    let suite = Suite::start().await;
    let mut tickets = [
        ("own county", ticket("440106")),
        (PART, ticket("440104")),
        ("sibling county", ticket("440104")),
        ("parent city", ticket("4401")),
        ("other province", ticket("430102")),
        ("sensitive", ticket("440106")),
    ];
    tickets[1].1.state.participant_unit_ids = vec!["tianhe-desk".into()];
    tickets[5].1.state.sensitive = true;
    let mut decisions = Vec::new();
    for (_, ticket) in &tickets {
        suite.submit(ticket, "噪音扰民", Origin::Live).await;
        decisions.push(suite.decision(ticket).await.decision_id);
    }
    let staff = |id: &str| PrincipalSpec::new(id).role("supervisor").unit("tianhe-desk").region("440106");
    for (spec, sensitive) in [(staff("wu"), false), (staff("xu").right("sensitive"), true)] {
        let who = spec.message().id;
        suite.env.principal(spec).await;
        let expected: BTreeSet<_> = SEEN.into_iter().chain(sensitive.then_some("sensitive")).collect();
        let mut client = DecisionServiceClient::new(suite.env.channel(&suite.service, &who));
        let listed = client.list_decisions(pb::ListDecisionsRequest::default()).await.unwrap().into_inner();
        let listed: BTreeSet<_> = listed.decisions.into_iter().map(|decision| decision.id).collect();
        for ((standing, ticket), decision_id) in tickets.iter().zip(decisions.clone()) {
            let seen = expected.contains(standing);
            assert_eq!(listed.contains(&decision_id), seen, "{who}: {standing}");
            let by_ticket =
                pb::ExplainDecisionRequest { ticket: ticket.id.to_string(), ..Default::default() };
            let by_id = pb::ExplainDecisionRequest { decision_id, ..Default::default() };
            for request in [by_ticket, by_id] {
                let code = client.explain_decision(request).await.map_or_else(|s| s.code(), |_| Code::Ok);
                assert_eq!(code, if seen { Code::Ok } else { Code::NotFound }, "{who}: {standing}");
            }
        }
        assert_eq!(listed.len(), expected.len());
    }
}
