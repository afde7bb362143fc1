//! Requests that are refused, with personal values where they do not belong.

use super::{
    answers::Answers,
    values::{IN_A_BAD_ROW, NO_PHONE, REFUSED, REFUSED_TEXT},
};
use gongdan_clock::{Clock as _, SystemClock, new_id};
use gongdan_e2e::{
    desk::{Desk, complaint},
    organisation::request_id,
    suite::Suite,
};
use gongdan_proto::{
    callback::v1::{GetTaskContactRequest, RecordAttemptRequest},
    tickets::v1::{
        ContactInput, CreateTicketRequest, DispatchTicketRequest, GetTicketRequest, ListTicketsRequest,
        LookupCustomerRequest, RecordPastTicketRequest, ResolveTicketRequest, ReturnTicketRequest, Ticket,
        TicketFilter, customer_service_client::CustomerServiceClient, lookup_customer_request::Key,
        ticket_service_client::TicketServiceClient,
    },
};
use std::fmt::Debug;
use tonic::{Code, Request, Response, Status};

fn refused<T: Debug>(answers: &mut Answers, asked: &str, result: Result<Response<T>, Status>) -> Status {
    let status = result.expect_err(asked);
    answers.keep(asked, &status);
    status
}

/// A request with everything of the citizen in it, right as it is.
fn right() -> CreateTicketRequest {
    CreateTicketRequest {
        subject: REFUSED_TEXT.text(),
        body: REFUSED_TEXT.text(),
        contact: Some(ContactInput {
            phone: REFUSED.phone.to_owned(),
            name: REFUSED.name.to_owned(),
            identity_number: REFUSED.identity.to_owned(),
            address: REFUSED.address.to_owned(),
        }),
        ..complaint("")
    }
}

/// Bad values in every field of an intake.
async fn at_intake(suite: &Suite, answers: &mut Answers) {
    let mut desk = Desk::open(suite).await;
    type Spoil = fn(&mut CreateTicketRequest, &mut ContactInput);
    let spoilt: [Spoil; 14] = [
        |_, contact| contact.phone = NO_PHONE.to_owned(),
        |_, contact| contact.phone = format!("{} 转 8001", REFUSED.phone),
        |_, contact| contact.name = REFUSED.name.repeat(60),
        |_, contact| contact.identity_number = REFUSED.identity.repeat(5),
        |_, contact| contact.address = REFUSED.address.repeat(200),
        |_, contact| contact.name = format!("{}\0", REFUSED.name),
        |request, _| request.subject = format!("{}\n{}", REFUSED.name, REFUSED.phone),
        |request, _| request.subject = REFUSED_TEXT.text().repeat(9),
        |request, _| request.body = REFUSED.identity.repeat(2_000),
        |request, _| request.region = REFUSED.phone.to_owned(),
        |request, _| request.item = format!("{}/{}", REFUSED.name, REFUSED.phone),
        |request, _| request.request_id = REFUSED.phone.to_owned(),
        |request, _| request.priority_reason = REFUSED_TEXT.text(),
        |request, _| request.channel = 0,
    ];
    for (number, spoil) in spoilt.iter().enumerate() {
        let (mut request, mut contact) = (right(), right().contact.unwrap_or_default());
        spoil(&mut request, &mut contact);
        request.contact = Some(contact);
        // A reason without a priority is no mistake that intake knows; with a bad priority it is one.
        request.priority = if request.priority_reason.is_empty() { 0 } else { 99 };
        let status = refused(answers, "CreateTicket", desk.tickets.create_ticket(request).await);
        assert_eq!(status.code(), Code::InvalidArgument, "{number}: {status}");
    }
    let past = RecordPastTicketRequest {
        external_source: REFUSED.phone.to_owned(),
        external_id: REFUSED.name.repeat(99),
        subject: REFUSED_TEXT.text(),
        customer_key: REFUSED.identity.repeat(9),
        ..RecordPastTicketRequest::default()
    };
    refused(answers, "RecordPastTicket", desk.tickets.record_past_ticket(past).await);
}

/// Values in the place of names, tokens and ids; acts that the phase or the caller's rights refuse.
async fn at_acts(suite: &Suite, answers: &mut Answers, ticket: &Ticket) {
    let Desk { mut tickets, mut callback, .. } = Desk::open(suite).await;
    let mut customers = CustomerServiceClient::new(suite.channel("tickets").await);
    let phone = || REFUSED.phone.to_owned();
    for named in [REFUSED.phone, REFUSED.name, REFUSED.identity] {
        let request = GetTicketRequest { ticket: named.to_owned(), in_clear: true };
        refused(answers, "GetTicket", tickets.get_ticket(request).await);
        let request = GetTaskContactRequest { task: named.to_owned() };
        refused(answers, "GetTaskContact", callback.get_task_contact(request).await);
        let filter = TicketFilter {
            regions: vec![named.to_owned()],
            customer_id: named.to_owned(),
            tickets: vec![named.to_owned()],
            ..TicketFilter::default()
        };
        let request = ListTicketsRequest { filter: Some(filter), page_size: 0, page_token: named.to_owned() };
        refused(answers, "ListTickets", tickets.list_tickets(request).await);
        for key in [
            Key::Phone(format!("{named}0123456")),
            Key::PhoneLastFour(named.to_owned()),
            Key::CustomerId(named.to_owned()),
        ] {
            let request = LookupCustomerRequest { key: Some(key), in_clear: false };
            refused(answers, "LookupCustomer", customers.lookup_customer(request).await);
        }
    }
    let on = ticket.id.clone();
    let request = DispatchTicketRequest {
        request_id: request_id(),
        ticket: on.clone(),
        etag: phone(),
        unit_id: phone(),
        person_id: REFUSED.name.to_owned(),
        note: REFUSED_TEXT.text(),
    };
    refused(answers, "DispatchTicket", tickets.dispatch_ticket(request).await);
    // The ticket is over, so these are refused by its phase.
    let (request_id, etag) = (request_id(), String::new());
    let request = ReturnTicketRequest {
        request_id: request_id.clone(),
        ticket: on.clone(),
        etag,
        reason: REFUSED_TEXT.text(),
        to_pool: false,
    };
    refused(answers, "ReturnTicket", tickets.return_ticket(request).await);
    let request = ResolveTicketRequest {
        request_id,
        ticket: on.clone(),
        outcome: 1,
        solution: REFUSED_TEXT.text(),
        reply: REFUSED_TEXT.text(),
        responsible_unit_id: phone(),
        ..ResolveTicketRequest::default()
    };
    refused(answers, "ResolveTicket", tickets.resolve_ticket(request).await);
    let request = RecordAttemptRequest {
        task: on.clone(),
        outcome: 1,
        note: REFUSED_TEXT.text(),
        ..Default::default()
    };
    refused(answers, "RecordAttempt", callback.record_attempt(request).await);
    answers.refused(suite, &["ticket", "lookup", "--phone", NO_PHONE]).await;
    let cancel = ["ticket", "cancel", &on, "--reason", &REFUSED_TEXT.text(), "--as", "wang.fang"];
    answers.refused(suite, &cancel).await;
    answers
        .refused(suite, &["callback", "skip", &on, "--reason", &REFUSED_TEXT.text(), "--as", "wang.fang"])
        .await;
}

/// Values in headers, in a credential and in the name of a method.
async fn around_calls(suite: &Suite, answers: &mut Answers, ticket: &Ticket) {
    let mut tickets = Desk::open(suite).await.tickets;
    let get = || GetTicketRequest { ticket: ticket.id.clone(), in_clear: false };
    for header in [
        "traceparent",
        "tracestate",
        "baggage",
        "grpc-timeout",
        "gongdan-caller",
        "x-forwarded-for",
        "user-agent",
    ] {
        let mut request = Request::new(get());
        request.metadata_mut().insert(header, REFUSED.phone.parse().expect("ASCII"));
        // Some are obeyed, some passed over.
        answers.keep("GetTicket", &tickets.get_ticket(request).await.map(drop));
    }
    for token in [REFUSED.phone, "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxOTk3MzE1MDg3OSJ9."] {
        let mut strangers = TicketServiceClient::new(suite.channel_as("tickets", Some(token)).await);
        refused(answers, "GetTicket", strangers.get_ticket(get()).await);
    }
    for path in
        [format!("/gongdan.tickets.v1.TicketService/Get{}", REFUSED.phone), format!("/{}/x", REFUSED.phone)]
    {
        let mut client = tonic::client::Grpc::new(suite.channel("tickets").await);
        client.ready().await.expect("a connection");
        let codec = tonic_prost::ProstCodec::<GetTicketRequest, Ticket>::default();
        let answer = client.unary(Request::new(get()), path.parse().expect("a path"), codec).await;
        assert_eq!(refused(answers, "no method", answer).code(), Code::Unimplemented);
    }
}

/// A row that a constraint refuses, which the server names in its log.
async fn in_a_row(suite: &Suite) {
    let callback = suite.database("callback").await;
    let id = new_id(SystemClock.now());
    let refused = sqlx::query(
        "INSERT INTO tasks (id, ticket_id, ticket_number, round, state, origin, unit_id, region, version, opened_at)
         VALUES ($1, $1, $2, 0, 1, 1, $2, 0, 1, now())",
    )
    .bind(id)
    .bind(IN_A_BAD_ROW)
    .execute(&callback)
    .await;
    assert!(refused.is_err());
}

/// All of them.
pub(super) async fn all(suite: &Suite, answers: &mut Answers, ticket: &Ticket) {
    at_intake(suite, answers).await;
    at_acts(suite, answers, ticket).await;
    around_calls(suite, answers, ticket).await;
    in_a_row(suite).await;
}
