//! Bad input: every violation with its field, nothing written.

use crate::suite::{
    Suite, accept, cancel, complaint, dispatch, fields, give_back, id, instant, reopen, resolve, transfer,
    urge, with_phone,
};
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
        to_pool: true,
    };
    let status = client.return_ticket(bad).await.unwrap_err();
    assert_eq!(fields(&status), ["ticket", "etag", "reason"]);
    let missing = pb::AcceptTicketRequest { ticket: id(), ..accept(&ticket) };
    assert_eq!(client.accept_ticket(missing).await.unwrap_err().code(), Code::NotFound);
    let missing = pb::GetTicketRequest { ticket: "GD991231000000000001".to_owned(), in_clear: false };
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

#[tokio::test]
async fn every_enumeration_refuses_what_it_does_not_know() {
    let suite = Suite::start().await;
    let filter = pb::TicketFilter {
        phases: vec![99],
        types: vec![1, -1],
        priorities: vec![6],
        channels: vec![99],
        origin: 99,
        ..Default::default()
    };
    let expected = [
        "filter.channels[0]",
        "filter.origin",
        "filter.phases[0]",
        "filter.priorities[0]",
        "filter.types[1]",
    ];
    let mut client = suite.tickets("admin");
    let list = pb::ListTicketsRequest { filter: Some(filter.clone()), ..Default::default() };
    let watch = pb::WatchTicketsRequest { filter: Some(filter), ..Default::default() };
    for status in [
        client.list_tickets(list).await.unwrap_err(),
        client.watch_tickets(watch).await.map(drop).unwrap_err(),
    ] {
        let mut named = fields(&status);
        named.sort_unstable();
        assert_eq!(named, expected);
    }
    let row = pb::CatalogueRow { path: vec!["a".to_owned()], urgency: 99, impact: -1, ..Default::default() };
    let import = pb::ImportCatalogueRequest { request_id: id(), rows: vec![row] };
    let status = suite.catalogue("admin").import_catalogue(import).await.unwrap_err();
    assert_eq!(fields(&status), ["rows[0].urgency", "rows[0].impact"]);
    let cells = vec![pb::PriorityCell { urgency: 99, impact: 99, priority: 99 }];
    let set = pb::SetPriorityMatrixRequest { request_id: id(), r#type: 99, cells };
    let status = suite.priorities("admin").set_priority_matrix(set).await.unwrap_err();
    assert_eq!(
        fields(&status),
        ["type", "cells[0].urgency", "cells[0].impact", "cells[0].priority", "cells"]
    );
    let get = pb::GetPriorityMatrixRequest { r#type: 99 };
    assert_eq!(fields(&suite.priorities("admin").get_priority_matrix(get).await.unwrap_err()), ["type"]);
}

#[tokio::test]
async fn texts_of_acts_and_contacts_have_their_lengths() {
    let suite = Suite::start().await;
    let ticket = suite.accepted().await;
    let over = |most: usize| "字".repeat(most + 1);
    let mut client = suite.tickets("admin");
    for (field, text) in [("solution", over(10_000)), ("reply", over(10_000)), ("root_cause", over(2_000))] {
        let mut request = resolve(&ticket);
        match field {
            "solution" => request.solution = text,
            "reply" => request.reply = text,
            _ => request.root_cause = text,
        }
        assert_eq!(fields(&client.resolve_ticket(request).await.unwrap_err()), [field]);
    }
    for reason in [String::new(), " \n ".to_owned(), over(2_000)] {
        let request = pb::ReturnTicketRequest { reason: reason.clone(), ..give_back(&ticket) };
        assert_eq!(fields(&client.return_ticket(request).await.unwrap_err()), ["reason"]);
        let request = pb::TransferTicketRequest { reason: reason.clone(), ..transfer(&ticket, "yuexiu-env") };
        assert_eq!(fields(&client.transfer_ticket(request).await.unwrap_err()), ["reason"]);
        let request = pb::CancelTicketRequest { reason: reason.clone(), ..cancel(&ticket) };
        assert_eq!(fields(&client.cancel_ticket(request).await.unwrap_err()), ["reason"]);
        let request = pb::ReopenTicketRequest { reason, ..reopen(&ticket, false) };
        assert_eq!(fields(&client.reopen_ticket(request).await.unwrap_err()), ["reason"]);
    }
    let request = pb::UrgeTicketRequest { note: over(2_000), ..urge(&ticket) };
    assert_eq!(fields(&client.urge_ticket(request).await.unwrap_err()), ["note"]);
    let request = pb::DispatchTicketRequest { note: over(2_000), ..dispatch(&ticket, "yuexiu-env") };
    assert_eq!(fields(&client.dispatch_ticket(request).await.unwrap_err()), ["note"]);
    assert_eq!(suite.get(&ticket.id).await, ticket, "nothing is written");

    for (contact, field) in [
        (pb::ContactInput { name: over(100), ..Default::default() }, "contact.name"),
        (pb::ContactInput { identity_number: over(64), ..Default::default() }, "contact.identity_number"),
        (pb::ContactInput { address: over(500), ..Default::default() }, "contact.address"),
    ] {
        let request = pb::CreateTicketRequest { contact: Some(contact), ..complaint() };
        assert_eq!(refused(&suite, request).await, [field]);
    }
    let request = pb::CreateTicketRequest { priority: 1, priority_reason: over(500), ..complaint() };
    assert_eq!(refused(&suite, request).await, ["priority_reason"]);
}
