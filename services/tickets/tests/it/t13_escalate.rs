//! T13: escalation climbs tier 1 → 2 → 3.

use crate::{
    suite::{Suite, accept, dispatch, fields, reason},
    supervised::escalate,
};
use gongdan_proto::tickets::v1::{self as pb, Phase, ticket_event::Change};
use tonic::Code;

#[tokio::test]
async fn t13_escalation_climbs_to_a_recipient_or_back_to_routing_and_ends_at_tier_3() {
    let suite = Suite::start().await;
    let ticket = suite.accepted().await;
    assert_eq!(ticket.tier, 1);
    let mut li = suite.supervision("li.wei");

    let nowhere = li.escalate_ticket(escalate(&ticket, "no-such-unit")).await.unwrap_err();
    assert_eq!((nowhere.code(), fields(&nowhere)), (Code::InvalidArgument, vec!["unit_id".to_owned()]));
    let alone = pb::EscalateTicketRequest { person_id: "chen.jing".to_owned(), ..escalate(&ticket, "") };
    let alone = li.escalate_ticket(alone).await.unwrap_err();
    assert_eq!((alone.code(), fields(&alone)), (Code::InvalidArgument, vec!["unit_id".to_owned()]));
    let silent = pb::EscalateTicketRequest { reason: " ".to_owned(), ..escalate(&ticket, "") };
    assert_eq!(fields(&li.escalate_ticket(silent).await.unwrap_err()), ["reason"]);
    let stranger = suite.supervision("wang.fang").escalate_ticket(escalate(&ticket, "")).await.unwrap_err();
    assert_eq!(stranger.code(), Code::NotFound, "who may not see it does not learn of it");

    let request = escalate(&ticket, "centre");
    let second = li.escalate_ticket(request.clone()).await.unwrap().into_inner();
    assert_eq!((second.tier, second.phase(), second.lead_unit_id.as_str()), (2, Phase::Dispatched, "centre"));
    assert_eq!((second.escalation_count, second.handler_id.as_str()), (1, ""));
    let again = li.escalate_ticket(request).await.unwrap().into_inner();
    assert_eq!(again.version, second.version, "a retry gets its answer");
    let gone = li.escalate_ticket(escalate(&ticket, "")).await.unwrap_err();
    assert_eq!(gone.code(), Code::PermissionDenied, "the unit no longer has it");

    let mut chen = suite.supervision("chen.jing");
    let third = chen.escalate_ticket(escalate(&ticket, "")).await.unwrap().into_inner();
    assert_eq!((third.tier, third.phase(), third.lead_unit_id.as_str()), (3, Phase::PendingDispatch, ""));
    assert_eq!(third.pending_version, third.version, "it is routed again");
    let beyond = chen.escalate_ticket(escalate(&ticket, "")).await.unwrap_err();
    assert_eq!((beyond.code(), reason(&beyond)), (Code::FailedPrecondition, "HIGHEST_TIER".to_owned()));

    let back = dispatch(&ticket, "tianhe-env");
    suite.tickets("chen.jing").dispatch_ticket(back).await.unwrap();
    suite.tickets("li.wei").accept_ticket(accept(&ticket)).await.unwrap();
    let timeline = suite.timeline(&ticket.id).await;
    let told: Vec<_> = timeline
        .iter()
        .filter_map(|entry| match &entry.change {
            Some(Change::Escalated(escalated)) => Some(escalated.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(told.len(), 2);
    assert_eq!((told[0].from_tier, told[0].tier), (1, 2));
    assert_eq!((told[0].from_unit_id.as_str(), told[0].to_unit_id.as_str()), ("tianhe-env", "centre"));
    assert_eq!(told[0].reason, "超出本级权限，联系138****1234", "numbers travel masked");
    assert_eq!((told[1].from_unit_id.as_str(), told[1].to_unit_id.as_str()), ("centre", ""));
}
