//! T38: a hand-off to an emergency service is one act with a timeline entry of its own.

use crate::{
    suite::{Suite, fields, reason},
    supervised::hand_off,
};
use gongdan_proto::tickets::v1::{self as pb, EmergencyService, ticket_event::Change};
use tonic::Code;

#[tokio::test]
async fn t38_an_emergency_is_handed_off_in_one_act_that_leaves_the_ticket_where_it_is() {
    let suite = Suite::start().await;
    let ticket = suite.submitted().await;
    let mut agent = suite.supervision("zhao.min");
    let nobody = pb::HandOffTicketRequest { service: 0, note: String::new(), ..hand_off(&ticket) };
    let nobody = agent.hand_off_ticket(nobody).await.unwrap_err();
    assert_eq!(
        (nobody.code(), fields(&nobody)),
        (Code::InvalidArgument, vec!["service".to_owned(), "note".to_owned()])
    );
    let two_lines = pb::HandOffTicketRequest { reference: "a\nb".to_owned(), ..hand_off(&ticket) };
    assert_eq!(fields(&agent.hand_off_ticket(two_lines).await.unwrap_err()), ["reference"]);

    let request = hand_off(&ticket);
    let handed = agent.hand_off_ticket(request.clone()).await.unwrap().into_inner();
    assert_eq!(
        (handed.phase, handed.version),
        (ticket.phase, ticket.version + 1),
        "one act, the phase stays"
    );
    let record = &handed.emergency_handoffs[0];
    assert_eq!((record.service(), record.reference.as_str()), (EmergencyService::Fire, "119-0042"));
    assert_eq!(record.note, "工地起火，已转119，来电138****1234");
    assert_eq!(record.handed_off_by.as_ref().unwrap().id, "zhao.min");
    let again = agent.hand_off_ticket(request).await.unwrap().into_inner();
    assert_eq!(again.emergency_handoffs.len(), 1, "a retry gets its answer");
    let correction =
        pb::HandOffTicketRequest { service: EmergencyService::Ambulance.into(), ..hand_off(&ticket) };
    let corrected = agent.hand_off_ticket(correction).await.unwrap().into_inner();
    assert_eq!(corrected.emergency_handoffs.len(), 2, "what was wrong stays, and another stands beside it");
    let said: Vec<_> = suite
        .timeline(&ticket.id)
        .await
        .into_iter()
        .filter_map(|entry| match entry.change {
            Some(Change::HandedOff(handed)) => Some((handed.service, handed.note)),
            _ => None,
        })
        .collect();
    let note = "工地起火，已转119，来电138****1234".to_owned();
    assert_eq!(said, [(2, note.clone()), (3, note)]);

    let over = suite.resolved().await;
    let late = suite.supervision("zhao.min").hand_off_ticket(hand_off(&over)).await.unwrap_err();
    assert_eq!((late.code(), reason(&late)), (Code::FailedPrecondition, "PHASE_REFUSES".to_owned()));
    let stranger = suite.supervision("wang.fang").hand_off_ticket(hand_off(&ticket)).await.unwrap_err();
    assert_eq!(stranger.code(), Code::NotFound);
}
