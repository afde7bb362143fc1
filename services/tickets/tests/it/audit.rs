//! What calls leave in the audit log. Source: X9.

use crate::suite::{Suite, complaint, dispatch, past, with_phone};
use gongdan_auth::AuthChannel;
use gongdan_proto::{
    common::v1::{
        AuditEntry, AuditFilter, AuditLevel, AuditStage, ListAuditEntriesRequest, VerifyAuditChainRequest,
        audit_service_client::AuditServiceClient,
    },
    tickets::v1 as pb,
};
use gongdan_testkit::{PrincipalSpec, eventually_some};
use tonic::{Code, Request};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn log(suite: &Suite) -> AuditServiceClient<AuthChannel> {
    AuditServiceClient::new(suite.env.channel(&suite.service, "admin"))
}

async fn find(suite: &Suite, filter: AuditFilter) -> Vec<AuditEntry> {
    let request = ListAuditEntriesRequest { filter: Some(filter), ..Default::default() };
    let found = log(suite).list_audit_entries(request).await.unwrap().into_inner().entries;
    found.into_iter().map(|found| found.entry.unwrap()).collect()
}

/// The newest entry of a method, when there is one.
async fn entry(suite: &Suite, method: &str) -> AuditEntry {
    eventually_some(method, async || {
        let filter = AuditFilter { methods: vec![method.to_owned()], ..Default::default() };
        find(suite, filter).await.into_iter().next()
    })
    .await
}

fn traced<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    request.metadata_mut().insert("traceparent", parent.parse().unwrap());
    request
}

fn names(entry: &AuditEntry, kind: &str) -> Vec<String> {
    entry.resources.iter().filter(|named| named.kind == kind).map(|named| named.id.clone()).collect()
}

fn from_where(entry: &AuditEntry) -> (&str, &str, &str) {
    (&entry.principal_id, &entry.peer, &entry.trace_id)
}

#[tokio::test]
async fn a_change_a_read_a_personal_read_and_a_refusal_each_leave_their_entry() {
    let suite = Suite::start().await;
    suite.env.principal(PrincipalSpec::new("li.wei").unit("tianhe-env").role("handler").region("44")).await;
    let asked = with_phone("13800001234");
    let ticket = suite.tickets("zhao.min").create_ticket(traced(asked.clone())).await.unwrap().into_inner();
    let created = entry(&suite, "CreateTicket").await;
    assert_eq!(
        (created.level(), created.action.as_str(), created.code),
        (AuditLevel::Change, "tickets.create", 0)
    );
    assert_eq!(from_where(&created), ("zhao.min", "127.0.0.1", TRACE));
    assert_eq!(created.request_id, asked.request_id);
    assert_eq!(names(&created, "ticket"), [ticket.id.as_str()]);
    assert_eq!(names(&created, "number"), [ticket.number.as_str()]);
    assert_eq!(created.unit_ids, ["centre"]);

    let get = pb::GetTicketRequest { ticket: ticket.number.clone(), in_clear: false };
    suite.tickets("li.wei").get_ticket(traced(get)).await.unwrap();
    let read = entry(&suite, "GetTicket").await;
    assert_eq!((read.level(), read.code), (AuditLevel::Read, 0));
    assert_eq!(from_where(&read), ("li.wei", "127.0.0.1", TRACE));
    assert_eq!(names(&read, "ticket"), [ticket.number.as_str(), ticket.id.as_str()]);

    let get = pb::GetContactRequest {
        customer_id: ticket.customer_id.clone(),
        ticket_id: ticket.id.clone(),
        purpose: "callback".to_owned(),
    };
    suite.customers("service.callback").get_contact(traced(get)).await.unwrap();
    // It was there before the answer left.
    let filter = AuditFilter { levels: vec![AuditLevel::Personal.into()], ..Default::default() };
    let found = find(&suite, filter).await;
    let [personal] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(from_where(personal), ("service.callback", "127.0.0.1", TRACE));
    assert_eq!(names(personal, "customer"), [ticket.customer_id.as_str()]);
    assert_eq!(personal.detail["purpose"], "callback");

    let refused = suite.tickets("li.wei").dispatch_ticket(traced(dispatch(&ticket, "tianhe-env"))).await;
    assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
    let refused = entry(&suite, "DispatchTicket").await;
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (i32::from(Code::PermissionDenied), "PERMISSION_DENIED")
    );
    assert_eq!(from_where(&refused), ("li.wei", "127.0.0.1", TRACE));
    assert_eq!(names(&refused, "ticket")[0], ticket.id);
    assert_eq!(names(&refused, "unit"), ["tianhe-env"]);

    // All of it is found by the ticket.
    let filter = AuditFilter { resource_id: ticket.id.clone(), ..Default::default() };
    let mut found: Vec<String> = find(&suite, filter).await.into_iter().map(|entry| entry.action).collect();
    found.sort();
    assert_eq!(found, ["contacts.read", "tickets.create", "tickets.dispatch", "tickets.read"]);

    let mut answers =
        log(&suite).verify_audit_chain(VerifyAuditChainRequest::default()).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap();
    assert_eq!((answer.broken, answer.done), (None, true));
    assert!(answer.checked >= 4);
}

#[tokio::test]
async fn a_ticket_read_in_clear_is_a_personal_read() {
    let suite = Suite::start().await;
    suite.env.principal(PrincipalSpec::new("sun.li").role("agent").region("44").right("personal")).await;
    let ticket =
        suite.tickets("zhao.min").create_ticket(with_phone("13800001234")).await.unwrap().into_inner();
    let get = |in_clear| pb::GetTicketRequest { ticket: ticket.id.clone(), in_clear };
    suite.tickets("sun.li").get_ticket(get(false)).await.unwrap();
    suite.tickets("zhao.min").get_ticket(get(true)).await.unwrap_err();
    suite.tickets("sun.li").get_ticket(get(true)).await.unwrap();
    // It was there before the answer left.
    let personal = AuditFilter { levels: vec![AuditLevel::Personal.into()], ..Default::default() };
    let found = find(&suite, personal).await;
    let [read] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((read.principal_id.as_str(), read.code), ("sun.li", 0));
    assert!(read.method.ends_with("GetTicket"));
    assert_eq!(names(read, "ticket"), [ticket.id.as_str()]);
    // The refusal and the masked reading are reads like any other.
    let reads = eventually_some("both", async || {
        let filter = AuditFilter {
            methods: vec!["GetTicket".to_owned()],
            levels: vec![AuditLevel::Read.into()],
            ..Default::default()
        };
        let found = find(&suite, filter).await;
        (found.len() == 2).then_some(found)
    })
    .await;
    let mut codes: Vec<_> = reads.iter().map(|entry| (entry.principal_id.as_str(), entry.code)).collect();
    codes.sort_unstable();
    assert_eq!(codes, [("sun.li", 0), ("zhao.min", i32::from(Code::PermissionDenied))]);

    // And nothing is read in clear when that cannot be written down.
    let pool = suite.env.pool();
    sqlx::query("ALTER FUNCTION audit.append RENAME TO away").execute(pool).await.unwrap();
    for _ in 0..2 {
        let refused = suite.tickets("sun.li").get_ticket(get(true)).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable);
    }
    suite.tickets("sun.li").get_ticket(get(false)).await.unwrap();
    sqlx::query("ALTER FUNCTION audit.away RENAME TO append").execute(pool).await.unwrap();
}

#[tokio::test]
async fn a_list_names_its_page_and_a_watch_what_it_sent() {
    let suite = Suite::start().await;
    let mut ids = Vec::new();
    for n in 0..130 {
        let request = past(&format!("A{n}"));
        let ticket = suite.tickets("admin").record_past_ticket(request).await.unwrap().into_inner();
        ids.push(ticket.ticket.unwrap().id);
    }
    ids.sort();
    let all = pb::ListTicketsRequest { page_size: 500, ..Default::default() };
    assert_eq!(suite.tickets("admin").list_tickets(all).await.unwrap().into_inner().tickets.len(), 130);
    let mut named = names(&entry(&suite, "ListTickets").await, "ticket");
    named.sort();
    assert_eq!(named, ids);

    let request = pb::WatchTicketsRequest { include_current: true, ..Default::default() };
    let mut stream = suite.tickets("admin").watch_tickets(request).await.unwrap().into_inner();
    for _ in 0..130 {
        stream.message().await.unwrap().unwrap();
    }
    drop(stream);
    let ended = eventually_some("the end of the watch", async || {
        let filter = AuditFilter { methods: vec!["WatchTickets".to_owned()], ..Default::default() };
        find(&suite, filter).await.into_iter().find(|entry| entry.stage() == AuditStage::Ended)
    })
    .await;
    let mut named = names(&ended, "ticket");
    named.sort();
    assert_eq!(named, ids);
}

#[tokio::test]
async fn nothing_personal_and_no_text_of_a_request_is_kept() {
    let suite = Suite::start().await;
    let ticket =
        suite.tickets("zhao.min").create_ticket(with_phone("13800001234")).await.unwrap().into_inner();
    let by_phone = pb::lookup_customer_request::Key::Phone("13800001234".to_owned());
    let lookup = pb::LookupCustomerRequest { key: Some(by_phone), in_clear: false };
    suite.customers("zhao.min").lookup_customer(lookup).await.unwrap();
    let wrong = pb::GetTicketRequest { ticket: "13800001234".to_owned(), in_clear: false };
    suite.tickets("zhao.min").get_ticket(wrong).await.unwrap_err();
    let looked = entry(&suite, "LookupCustomer").await;
    assert_eq!(names(&looked, "customer"), [ticket.customer_id.as_str()]);
    assert_eq!(names(&entry(&suite, "GetTicket").await, "ticket"), [] as [&str; 0]);
    let rows: Vec<String> = sqlx::query_scalar("SELECT e::text FROM audit.entries AS e")
        .fetch_all(suite.env.pool())
        .await
        .unwrap();
    assert!(rows.len() >= 3);
    let given = complaint();
    for row in rows {
        for text in ["13800001234", "1234\"", "张三", &given.subject, &given.body] {
            assert!(!row.contains(text), "{text} is in {row}");
        }
    }
}

#[tokio::test]
async fn nothing_personal_leaves_when_the_log_cannot_be_written() {
    let suite = Suite::start().await;
    let ticket =
        suite.tickets("zhao.min").create_ticket(with_phone("13800001234")).await.unwrap().into_inner();
    entry(&suite, "CreateTicket").await;
    let get = pb::GetContactRequest {
        customer_id: ticket.customer_id,
        ticket_id: ticket.id,
        purpose: "callback".to_owned(),
    };
    let mut customers = suite.customers("service.callback");
    customers.get_contact(get.clone()).await.unwrap();
    let pool = suite.env.pool();
    sqlx::query("ALTER FUNCTION audit.append RENAME TO away").execute(pool).await.unwrap();
    for _ in 0..2 {
        let refused = customers.get_contact(get.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable);
    }
    // What changes nothing personal goes on.
    suite.submitted().await;
    sqlx::query("ALTER FUNCTION audit.away RENAME TO append").execute(pool).await.unwrap();
    let codes = eventually_some("the refused ones are written too", async || {
        let filter = AuditFilter { levels: vec![AuditLevel::Personal.into()], ..Default::default() };
        let codes: Vec<i32> = find(&suite, filter).await.iter().map(|entry| entry.code).collect();
        (codes.len() == 3).then_some(codes)
    })
    .await;
    assert_eq!(codes, [14, 14, 0]);
    customers.get_contact(get).await.unwrap();
}
