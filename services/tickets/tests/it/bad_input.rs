//! Bad input: every violation with its field, nothing written.

use crate::suite::{Suite, accept, complaint, dispatch, fields, id, instant, resolve, with_phone};
use gongdan_proto::tickets::v1 as pb;
use tonic::Code;

async fn refused(suite: &Suite, request: pb::CreateTicketRequest) -> Vec<String> {
    let status = suite.tickets("zhao.min").create_ticket(request).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    fields(&status)
}

#[tokio::test]
async fn all_violations_of_a_request_are_listed_at_once() {
    let suite = Suite::start().await;
    let request = pb::CreateTicketRequest {
        request_id: "x".to_owned(),
        r#type: 99,
        subject: String::new(),
        body: " \n ".to_owned(),
        region: "4x".to_owned(),
        channel: 99,
        urgency: 9,
        impact: -1,
        priority: 9,
        contact: Some(pb::ContactInput {
            phone: "12".to_owned(),
            name: "名".repeat(101),
            ..Default::default()
        }),
        received_at: Some(instant("2999-01-01T00:00:00Z")),
        ..Default::default()
    };
    let mut named = refused(&suite, request).await;
    named.sort_unstable();
    assert_eq!(
        named,
        [
            "body",
            "channel",
            "contact.name",
            "contact.phone",
            "impact",
            "priority",
            "priority_reason",
            "received_at",
            "region",
            "request_id",
            "subject",
            "type",
            "urgency",
        ]
    );
    assert_eq!((suite.count("tickets").await, suite.count("requests").await), (0, 0));
}

#[tokio::test]
async fn texts_have_their_lengths_and_no_control_characters() {
    let suite = Suite::start().await;
    for (request, field) in [
        (pb::CreateTicketRequest { subject: "字".repeat(201), ..complaint() }, "subject"),
        (pb::CreateTicketRequest { subject: "a\nb".to_owned(), ..complaint() }, "subject"),
        (pb::CreateTicketRequest { body: "字".repeat(20_001), ..complaint() }, "body"),
        (pb::CreateTicketRequest { body: "a\0b".to_owned(), ..complaint() }, "body"),
        (pb::CreateTicketRequest { region: "999999".to_owned(), ..complaint() }, "region"),
        (pb::CreateTicketRequest { item: "无此事项".to_owned(), ..complaint() }, "item"),
        (pb::CreateTicketRequest { r#type: 0, ..complaint() }, "type"),
        (pb::CreateTicketRequest { channel: 0, ..complaint() }, "channel"),
        (pb::CreateTicketRequest { priority: 1, ..complaint() }, "priority_reason"),
        (pb::CreateTicketRequest { priority_reason: "急".to_owned(), ..complaint() }, "priority_reason"),
        (with_phone("not a phone"), "contact.phone"),
    ] {
        assert_eq!(refused(&suite, request).await, [field]);
    }
    let longest =
        pb::CreateTicketRequest { subject: "字".repeat(200), body: "字".repeat(20_000), ..complaint() };
    suite.tickets("zhao.min").create_ticket(longest).await.expect("the longest that is allowed");
}

#[tokio::test]
async fn acts_check_their_fields() {
    let suite = Suite::start().await;
    let ticket = suite.submitted().await;
    let mut client = suite.tickets("admin");
    let status = client.dispatch_ticket(dispatch(&ticket, "Not A Unit")).await.unwrap_err();
    assert_eq!(fields(&status), ["unit_id"]);
    let bad = pb::ResolveTicketRequest {
        outcome: 9,
        solution: String::new(),
        reply: String::new(),
        ..resolve(&ticket)
    };
    let status = client.resolve_ticket(bad).await.unwrap_err();
    assert_eq!(fields(&status), ["outcome", "solution", "reply"]);
    let bad = pb::ReturnTicketRequest {
        request_id: id(),
        ticket: "GDx".to_owned(),
        etag: "e".to_owned(),
        reason: String::new(),
    };
    let status = client.return_ticket(bad).await.unwrap_err();
    assert_eq!(fields(&status), ["ticket", "etag", "reason"]);
    let missing = pb::AcceptTicketRequest { ticket: id(), ..accept(&ticket) };
    assert_eq!(client.accept_ticket(missing).await.unwrap_err().code(), Code::NotFound);
    let missing = pb::GetTicketRequest { ticket: "GD991231000000000001".to_owned() };
    assert_eq!(client.get_ticket(missing).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn lists_refuse_what_is_no_filter_and_no_token() {
    let suite = Suite::start().await;
    let filter = pb::TicketFilter {
        phases: vec![1, 99],
        regions: vec!["44".to_owned(), "x".to_owned()],
        customer_id: "c".to_owned(),
        tickets: vec!["t".to_owned()],
        ..Default::default()
    };
    let request = pb::ListTicketsRequest { filter: Some(filter), page_size: 501, page_token: "!".to_owned() };
    let status = suite.tickets("admin").list_tickets(request).await.unwrap_err();
    let mut named = fields(&status);
    named.sort_unstable();
    assert_eq!(
        named,
        [
            "filter.customer_id",
            "filter.phases[1]",
            "filter.regions[1]",
            "filter.tickets[0]",
            "page_size",
            "page_token"
        ]
    );
}
