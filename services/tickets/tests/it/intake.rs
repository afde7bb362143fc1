//! T4, T8: requests become tickets.

use crate::suite::{Suite, complaint, fields, id};
use gongdan_proto::tickets::v1 as pb;
use gongdan_testkit::eventually;
use prost::Message as _;

#[tokio::test]
async fn t04_a_request_becomes_a_ticket_with_number_priority_and_event() {
    let suite = Suite::start().await;
    let ticket = suite.submitted().await;
    assert_eq!(ticket.phase(), pb::Phase::PendingDispatch);
    assert_eq!((ticket.version, ticket.etag.as_str(), ticket.round), (1, "1", 1));
    assert!(ticket.number.starts_with("GD") && ticket.number.len() >= 18, "{}", ticket.number);
    assert_eq!(ticket.region, "440106000000");
    assert_eq!((ticket.item.as_str(), ticket.catalogue_version), ("unclassified", 1));
    assert_eq!((ticket.urgency(), ticket.impact()), (pb::Urgency::Medium, pb::Impact::Low));
    assert_eq!((ticket.priority(), ticket.priority_matrix_version), (pb::Priority::P4, 1));
    assert_eq!(ticket.body, "楼下工地凌晨仍在施工，请回电138****1234。", "numbers are masked");
    assert_eq!(ticket.created_by.as_ref().unwrap().id, "zhao.min");
    assert_eq!(suite.get(&ticket.id).await, ticket);
    assert_eq!(suite.get(&ticket.number).await, ticket, "a number names it too");

    eventually("the event is on the bus", async || !suite.env.events("tickets").await.is_empty()).await;
    let event = suite.env.events("tickets").await.remove(0);
    assert_eq!((event.kind.as_str(), event.version), ("submitted", 1));
    assert!(event.subject.starts_with("tickets.v1.submitted.44.01.06."));
    let payload = pb::TicketEvent::decode(event.payload).unwrap();
    let state = payload.state.unwrap();
    assert_eq!((state.subject.as_str(), state.body.as_str(), &state.contact), ("", "", &None));
    let Some(pb::ticket_event::Change::Submitted(submitted)) = payload.change else {
        panic!("not submitted")
    };
    assert_eq!(submitted.body, ticket.body);
}

#[tokio::test]
async fn a_draft_waits_until_it_is_submitted() {
    let suite = Suite::start().await;
    let mut client = suite.tickets("zhao.min");
    let draft = client
        .create_ticket(pb::CreateTicketRequest { draft: true, ..complaint() })
        .await
        .unwrap()
        .into_inner();
    assert_eq!((draft.phase(), draft.submitted_at), (pb::Phase::Draft, None));
    let submit = pb::SubmitTicketRequest { request_id: id(), ticket: draft.id.clone(), etag: draft.etag };
    let ticket = client.submit_ticket(submit).await.unwrap().into_inner();
    assert_eq!((ticket.phase(), ticket.version), (pb::Phase::PendingDispatch, 2));
    assert!(ticket.submitted_at.is_some());
    let timeline = suite.timeline(&draft.id).await;
    let Some(pb::ticket_event::Change::Submitted(submitted)) = &timeline[1].change else {
        panic!("not submitted")
    };
    assert_eq!(submitted.subject, "夜间施工噪音", "a draft's texts travel when it is submitted");
}

#[tokio::test]
async fn a_request_that_is_only_checked_is_held_to_all_and_leaves_nothing_behind() {
    let suite = Suite::start().await;
    let mut client = suite.tickets("zhao.min");
    let checked = pb::CreateTicketRequest { validate_only: true, ..complaint() };
    let answer = client.create_ticket(checked.clone()).await.unwrap().into_inner();
    assert_eq!(answer, pb::Ticket::default());
    let bad = pb::CreateTicketRequest {
        region: "999999".to_owned(),
        item: "no/such".to_owned(),
        subject: String::new(),
        ..checked.clone()
    };
    let status = client.create_ticket(bad).await.unwrap_err();
    assert_eq!(fields(&status), ["subject", "region", "item"]);
    assert_eq!((suite.count("tickets").await, suite.count("requests").await), (0, 0));

    // the id is as good as new
    let request = pb::CreateTicketRequest { validate_only: false, ..checked };
    let ticket = client.create_ticket(request).await.unwrap().into_inner();
    assert!(ticket.number.starts_with("GD"));
}

#[tokio::test]
async fn an_overridden_priority_keeps_its_reason() {
    let suite = Suite::start().await;
    let request = pb::CreateTicketRequest {
        priority: pb::Priority::P1.into(),
        priority_reason: "燃气泄漏".to_owned(),
        ..complaint()
    };
    let ticket = suite.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner();
    assert_eq!((ticket.priority(), ticket.priority_matrix_version), (pb::Priority::P1, 0));
    assert_eq!(ticket.priority_reason, "燃气泄漏");
}

#[tokio::test]
async fn nobody_unknown_and_no_citizen_comes_in() {
    let suite = Suite::start().await;
    let refused = suite.tickets("nobody").create_ticket(complaint()).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::PermissionDenied);
    assert_eq!(suite.count("tickets").await, 0);
}
