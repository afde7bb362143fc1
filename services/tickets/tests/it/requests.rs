//! DESIGN rule 5: retries, reused request ids, etags.

use crate::suite::{Suite, accept, complaint, id, reason, urge, with_phone};
use gongdan_proto::tickets::v1 as pb;
use tonic::Code;

#[tokio::test]
async fn a_repeated_create_gets_the_same_answer_and_writes_nothing() {
    let suite = Suite::start().await;
    let mut client = suite.tickets("zhao.min");
    let request = with_phone("13800001234");
    let first = client.create_ticket(request.clone()).await.unwrap().into_inner();
    let again = client.create_ticket(request.clone()).await.unwrap().into_inner();
    assert_eq!(again, first);
    for table in ["tickets", "events", "requests", "customers", "contacts"] {
        assert_eq!(suite.count(table).await, 1, "{table}");
    }

    let other = pb::CreateTicketRequest { subject: "别的事".to_owned(), ..request };
    let refused = client.create_ticket(other).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    assert_eq!((suite.count("tickets").await, suite.count("events").await), (1, 1));
}

#[tokio::test]
async fn a_reused_id_with_another_number_leaves_no_customer_behind() {
    let suite = Suite::start().await;
    let mut client = suite.tickets("zhao.min");
    let request = with_phone("13800001234");
    client.create_ticket(request.clone()).await.unwrap();
    let other = pb::CreateTicketRequest { request_id: request.request_id, ..with_phone("13900005678") };
    assert_eq!(client.create_ticket(other).await.unwrap_err().code(), Code::AlreadyExists);
    assert_eq!(suite.count("customers").await, 1);
}

#[tokio::test]
async fn a_request_id_is_its_callers_own() {
    let suite = Suite::start().await;
    let request = complaint();
    let one = suite.tickets("zhao.min").create_ticket(request.clone()).await.unwrap().into_inner();
    let two = suite.tickets("admin").create_ticket(request).await.unwrap().into_inner();
    assert_ne!(one.id, two.id);
}

#[tokio::test]
async fn a_repeated_act_is_answered_from_its_version_though_the_ticket_has_moved_on() {
    let suite = Suite::start().await;
    let ticket = suite.dispatched("tianhe-env").await;
    let mut client = suite.tickets("li.wei");
    let request = pb::AcceptTicketRequest { etag: ticket.etag.clone(), ..accept(&ticket) };
    let accepted = client.accept_ticket(request.clone()).await.unwrap().into_inner();
    suite.tickets("zhao.min").urge_ticket(urge(&ticket)).await.unwrap();
    let again = client.accept_ticket(request.clone()).await.unwrap().into_inner();
    assert_eq!(again, accepted, "neither stale etag nor phase is judged for a retry");
    assert_eq!(suite.get(&ticket.id).await.version, 4);

    let other = suite.dispatched("tianhe-env").await;
    let reused = pb::AcceptTicketRequest { ticket: other.id, ..request };
    let refused = client.accept_ticket(reused).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
}

#[tokio::test]
async fn a_stale_etag_is_aborted() {
    let suite = Suite::start().await;
    let ticket = suite.submitted().await;
    suite.tickets("zhao.min").urge_ticket(urge(&ticket)).await.unwrap();
    let stale = pb::UrgeTicketRequest { etag: ticket.etag.clone(), ..urge(&ticket) };
    let refused = suite.tickets("zhao.min").urge_ticket(stale).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Aborted, "ETAG_MISMATCH"));
    let fresh = pb::UrgeTicketRequest { etag: "2".to_owned(), request_id: id(), ..urge(&ticket) };
    suite.tickets("zhao.min").urge_ticket(fresh).await.unwrap();
}
