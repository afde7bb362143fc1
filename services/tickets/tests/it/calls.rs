//! T35: calls as a telephone system tells of them.

use crate::suite::{Suite, dispatch, fields, id, instant, reason, with_phone};
use gongdan_auth::AuthChannel;
use gongdan_proto::tickets::v1::{self as pb, call_service_client::CallServiceClient};
use gongdan_testkit::PrincipalSpec;
use tonic::Code;

fn calls(suite: &Suite, principal: &str) -> CallServiceClient<AuthChannel> {
    CallServiceClient::new(suite.env.channel(&suite.service, principal))
}

fn start(call: &str, phone: &str) -> pb::StartCallRequest {
    pb::StartCallRequest {
        call_id: call.to_owned(),
        seat: "8001".to_owned(),
        phone: phone.to_owned(),
        ..Default::default()
    }
}

fn link(ticket: &pb::Ticket, call: &str) -> pb::LinkCallRequest {
    pb::LinkCallRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        call_id: call.to_owned(),
        ..Default::default()
    }
}

fn end(call: &str) -> pb::EndCallRequest {
    pb::EndCallRequest {
        call_id: call.to_owned(),
        result: pb::CallResult::Answered.into(),
        note: "市民情绪激动，另有电话13900005678".to_owned(),
        recording_url: "https://recordings.example/2026/11/29/c-1.wav".to_owned(),
        ..Default::default()
    }
}

async fn list(suite: &Suite, who: &str, ticket: &pb::Ticket) -> Vec<pb::Call> {
    let request = pb::ListCallsRequest { ticket: ticket.id.clone(), ..Default::default() };
    calls(suite, who).list_calls(request).await.unwrap().into_inner().calls
}

fn recording(ticket: &pb::Ticket, call: &str) -> pb::GetRecordingRequest {
    let purpose = "投诉核实".to_owned();
    pb::GetRecordingRequest { ticket: ticket.id.clone(), call_id: call.to_owned(), purpose }
}

#[tokio::test]
async fn t35_a_call_pops_up_is_linked_and_wrapped_up_however_often_it_is_told() {
    let suite = Suite::start().await;
    let request = with_phone("13800001234");
    let ticket = suite.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner();
    for _ in 0..2 {
        let told = calls(&suite, "zhao.min").start_call(start("c-1", "+86 138 0000 1234")).await.unwrap();
        let told = told.into_inner();
        assert_eq!(told.customers.len(), 1, "one call shows who rings");
        assert_eq!(told.customers[0].in_flight[0].id, ticket.id);
        let call = told.call.unwrap();
        assert_eq!((call.phone.as_str(), call.agent_id.as_str()), ("138****1234", "zhao.min"));
        assert_eq!(call.customer_id, ticket.customer_id);
    }
    for _ in 0..2 {
        let now = calls(&suite, "zhao.min").link_call(link(&ticket, "c-1")).await.unwrap().into_inner();
        assert_eq!((now.call_ids, now.version), (vec!["c-1".to_owned()], ticket.version + 1));
        let ended = calls(&suite, "zhao.min").end_call(end("c-1")).await.unwrap().into_inner();
        assert_eq!(ended.result(), pb::CallResult::Answered);
    }
    assert_eq!(suite.changes(&ticket.id).await.last(), Some(&"call_linked"));
    let kept = list(&suite, "zhao.min", &ticket).await;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].note, "市民情绪激动，另有电话139****5678");
    assert!(kept[0].recorded && kept[0].ended_at.is_some());
    let other = calls(&suite, "zhao.min").start_call(start("c-1", "13900005678")).await.unwrap_err();
    assert_eq!((other.code(), reason(&other).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT c::text FROM calls c").fetch_all(suite.env.pool()).await.unwrap();
    assert!(rows.iter().all(|row| !row.contains("13800001234")), "the number is encrypted");
}

async fn started(suite: &Suite, call: &str, phone: &str) -> pb::StartCallResponse {
    calls(suite, "zhao.min").start_call(start(call, phone)).await.unwrap().into_inner()
}

fn ids(calls: &[pb::Call]) -> Vec<&str> {
    calls.iter().map(|call| call.call_id.as_str()).collect()
}

async fn unlinked(suite: &Suite, who: &str, ticket: &pb::Ticket) -> Result<Vec<pb::Call>, tonic::Status> {
    let mut request = pb::ListCallsRequest {
        ticket: ticket.id.clone(),
        unlinked: true,
        page_size: 1,
        ..Default::default()
    };
    let mut all = Vec::new();
    loop {
        let page = calls(suite, who).list_calls(request.clone()).await?.into_inner();
        all.extend(page.calls);
        if page.next_page_token.is_empty() {
            return Ok(all);
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn t35_calls_from_a_number_of_nobody_yet_are_found_by_later_calls_and_tickets_of_it() {
    let suite = Suite::start().await;
    assert!(started(&suite, "other", "13900005678").await.earlier.is_empty());
    started(&suite, "withheld", "").await;
    let first = started(&suite, "c-1", "13700009999").await;
    assert!(first.customers.is_empty() && first.earlier.is_empty());
    calls(&suite, "zhao.min").end_call(end("c-1")).await.unwrap();
    let second = started(&suite, "c-2", "+86 137 0000 9999").await;
    assert_eq!(ids(&second.earlier), ["c-1"], "by any spelling, without the calls of others");
    let told = &second.earlier[0];
    assert_eq!(
        (told.phone.as_str(), told.note.as_str()),
        ("137****9999", "市民情绪激动，另有电话139****5678")
    );
    let third = started(&suite, "c-3", "13700009999").await;
    assert_eq!(ids(&third.earlier), ["c-2", "c-1"], "newest first");
    let again = started(&suite, "c-2", "13700009999").await;
    assert_eq!(ids(&again.earlier), ["c-1"], "told again, it is what it was told");
    let withheld = started(&suite, "withheld-2", "").await;
    assert!(withheld.earlier.is_empty(), "who withholds the number is nobody again");

    // A call leads to a ticket: the number is a customer's now, and the ticket finds the calls before it.
    let request = with_phone("13700009999");
    let ticket = suite.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner();
    calls(&suite, "zhao.min").link_call(link(&ticket, "c-3")).await.unwrap();
    assert_eq!(ids(&list(&suite, "zhao.min", &ticket).await), ["c-3"]);
    assert_eq!(ids(&unlinked(&suite, "zhao.min", &ticket).await.unwrap()), ["c-2", "c-1"]);
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
    let refused = unlinked(&suite, "li.wei", &ticket).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "a unit reads the calls of its tickets only");
    calls(&suite, "zhao.min").link_call(link(&ticket, "c-1")).await.unwrap();
    assert_eq!(ids(&unlinked(&suite, "zhao.min", &ticket).await.unwrap()), ["c-2"]);
    let fourth = started(&suite, "c-4", "13700009999").await;
    assert_eq!(ids(&fourth.earlier), ["c-2"], "what led to a ticket is found there");
    assert_eq!(fourth.customers[0].in_flight[0].id, ticket.id);

    let rows: Vec<String> =
        sqlx::query_scalar("SELECT c::text || k::text FROM calls c JOIN call_keys k USING (call_id)")
            .fetch_all(suite.env.pool())
            .await
            .unwrap();
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|row| !row.contains("13700009999")), "the number is encrypted");
}

#[tokio::test]
async fn t35_calls_of_no_ticket_go_with_the_customer_of_their_number() {
    let suite = Suite::start().await;
    started(&suite, "c-1", "13700009999").await;
    calls(&suite, "zhao.min").end_call(end("c-1")).await.unwrap();
    started(&suite, "other", "13900005678").await;
    let request = with_phone("13700009999");
    let ticket = suite.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner();
    suite.tickets("zhao.min").cancel_ticket(crate::suite::cancel(&ticket)).await.unwrap();
    let erase = pb::EraseCustomerRequest {
        request_id: id(),
        subject: Some(pb::erase_customer_request::Subject::CustomerId(ticket.customer_id.clone())),
        reason: "本人申请".to_owned(),
        force: false,
    };
    suite.privacy("admin").erase_customer(erase).await.unwrap();
    let left: (Option<Vec<u8>>, String, String) =
        sqlx::query_as("SELECT sealed, note, recording_url FROM calls WHERE call_id = 'c-1'")
            .fetch_one(suite.env.pool())
            .await
            .unwrap();
    assert_eq!(left, (None, "[已删除 erased]".to_owned(), String::new()));
    assert!(started(&suite, "c-2", "13700009999").await.earlier.is_empty(), "nothing finds it any more");
    assert_eq!(ids(&started(&suite, "other-2", "13900005678").await.earlier), ["other"], "others' stay");
}

#[tokio::test]
async fn a_recording_needs_a_right_of_its_own_and_is_noted_before_it_is_answered() {
    let suite = Suite::start().await;
    let inspector = PrincipalSpec::new("sun.li").unit("centre").role("auditor").region("44");
    suite.env.principal(inspector.right("personal")).await;
    suite.env.principal(PrincipalSpec::new("no.right").unit("centre").role("auditor").region("44")).await;
    let ticket = suite.submitted().await;
    calls(&suite, "zhao.min").start_call(start("c-1", "13800001234")).await.unwrap();
    calls(&suite, "zhao.min").link_call(link(&ticket, "c-1")).await.unwrap();
    let none = calls(&suite, "sun.li").get_recording(recording(&ticket, "c-1")).await.unwrap_err();
    assert_eq!((none.code(), reason(&none).as_str()), (Code::NotFound, "CALL_NOT_FOUND"));
    calls(&suite, "zhao.min").end_call(end("c-1")).await.unwrap();
    for who in ["zhao.min", "no.right", "admin"] {
        let refused = calls(&suite, who).get_recording(recording(&ticket, "c-1")).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{who}");
    }
    assert_eq!(suite.count("contact_reads").await, 0);
    let told = calls(&suite, "sun.li").get_recording(recording(&ticket, "c-1")).await.unwrap().into_inner();
    assert_eq!(told.url, "https://recordings.example/2026/11/29/c-1.wav");
    let noted: (String, String) = sqlx::query_as("SELECT reader, purpose FROM contact_reads")
        .fetch_one(suite.env.pool())
        .await
        .unwrap();
    assert_eq!(noted, ("sun.li".to_owned(), "recording: 投诉核实".to_owned()));
    let elsewhere = suite.submitted().await;
    let refused = calls(&suite, "sun.li").get_recording(recording(&elsewhere, "c-1")).await.unwrap_err();
    assert_eq!(reason(&refused), "CALL_NOT_FOUND", "only through a ticket that it belongs to");
}

#[tokio::test]
async fn a_confidential_reporter_is_not_known_by_their_call() {
    let suite = Suite::start().await;
    let request = pb::CreateTicketRequest { reporter_confidential: true, ..with_phone("13800001234") };
    let ticket = suite.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner();
    calls(&suite, "zhao.min").start_call(start("c-1", "13800001234")).await.unwrap();
    calls(&suite, "zhao.min").link_call(link(&ticket, "c-1")).await.unwrap();
    let told = pb::EndCallRequest { note: "张三情绪激动".to_owned(), ..end("c-1") };
    calls(&suite, "zhao.min").end_call(told).await.unwrap();
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
    let seen = list(&suite, "li.wei", &ticket).await.remove(0);
    assert_eq!((seen.phone.as_str(), seen.customer_id.as_str()), ("", ""));
    assert_eq!(seen.note, "***情绪激动");
    assert_eq!(list(&suite, "zhao.min", &ticket).await[0].note, "张三情绪激动");
    assert_eq!(list(&suite, "zhao.min", &ticket).await[0].phone, "138****1234");
}

#[tokio::test]
async fn a_call_is_erased_with_contact_and_texts() {
    let suite = Suite::start().await;
    let request = with_phone("13800001234");
    let ticket = suite.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner();
    calls(&suite, "zhao.min").start_call(start("c-1", "13800001234")).await.unwrap();
    calls(&suite, "zhao.min").link_call(link(&ticket, "c-1")).await.unwrap();
    calls(&suite, "zhao.min").end_call(end("c-1")).await.unwrap();
    suite.tickets("zhao.min").cancel_ticket(crate::suite::cancel(&ticket)).await.unwrap();
    let erase = pb::EraseCustomerRequest {
        request_id: id(),
        subject: Some(pb::erase_customer_request::Subject::CustomerId(ticket.customer_id.clone())),
        reason: "本人申请".to_owned(),
        force: false,
    };
    suite.privacy("admin").erase_customer(erase).await.unwrap();
    let left = list(&suite, "zhao.min", &ticket).await.remove(0);
    assert_eq!((left.phone.as_str(), left.customer_id.as_str(), left.recorded), ("", "", false));
    assert_eq!(left.note, "[已删除 erased]");
    // The telephone system repeats itself.
    calls(&suite, "zhao.min").end_call(end("c-1")).await.unwrap();
    let repeated = list(&suite, "zhao.min", &ticket).await.remove(0);
    assert_eq!((repeated.note, repeated.recorded), (left.note, false));
}

#[tokio::test]
async fn bad_calls_are_refused_by_field() {
    let suite = Suite::start().await;
    let mut desk = calls(&suite, "zhao.min");
    let refused = desk.start_call(start("no spaces", "12")).await.unwrap_err();
    assert_eq!(fields(&refused), ["call_id", "phone"]);
    desk.start_call(start("c-1", "")).await.expect("a withheld number is none");
    let refused = desk.end_call(pb::EndCallRequest { result: 0, ..end("c-1") }).await.unwrap_err();
    assert_eq!(fields(&refused), ["result"]);
    let before = pb::EndCallRequest { ended_at: Some(instant("2020-01-01T00:00:00Z")), ..end("c-1") };
    assert_eq!(fields(&desk.end_call(before).await.unwrap_err()), ["ended_at"]);
    for url in ["ftp://host/a", "https://", "javascript:alert(1)", "https://host/a b"] {
        let request = pb::EndCallRequest { recording_url: url.to_owned(), ..end("c-1") };
        assert_eq!(fields(&desk.end_call(request).await.unwrap_err()), ["recording_url"], "{url}");
    }
    let unknown = desk.end_call(end("c-2")).await.unwrap_err();
    assert_eq!(reason(&unknown), "CALL_NOT_FOUND");
    let ticket = suite.submitted().await;
    let unknown = desk.link_call(link(&ticket, "c-2")).await.unwrap_err();
    assert_eq!(reason(&unknown), "CALL_NOT_FOUND");
    let refused = calls(&suite, "li.wei").start_call(start("c-3", "")).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "a unit takes no calls");
}
