//! DESIGN rule 16: a watcher is shown what it may see now, also of the past.

use crate::suite::{Suite, dispatch, transfer, urge, with_phone};
use gongdan_proto::tickets::v1::{self as pb, watch_tickets_response::Kind};
use gongdan_testkit::{PATIENCE, PrincipalSpec};
use tonic::Streaming;

/// Before everything that was ever said.
const BEGINNING: &str = "0-0";

async fn watch(suite: &Suite, who: &str, resume_token: &str) -> Streaming<pb::WatchTicketsResponse> {
    let request = pb::WatchTicketsRequest { resume_token: resume_token.to_owned(), ..Default::default() };
    suite.tickets(who).watch_tickets(request).await.unwrap().into_inner()
}

/// What is said until a ticket is heard of.
async fn until(
    stream: &mut Streaming<pb::WatchTicketsResponse>,
    last: &pb::Ticket,
) -> Vec<pb::WatchTicketsResponse> {
    let listen = async {
        let mut heard = Vec::new();
        loop {
            let message = stream.message().await.unwrap().expect("the stream goes on");
            if message.ticket.as_ref().is_some_and(|ticket| ticket.id == last.id) {
                return heard;
            }
            if message.kind() != Kind::Heartbeat {
                heard.push(message);
            }
        }
    };
    tokio::time::timeout(PATIENCE, listen).await.expect("the last one is heard of")
}

/// It left, and nothing is said of it but which one it is.
fn is_hidden(message: &pb::WatchTicketsResponse, ticket: &pb::Ticket) {
    let named = pb::Ticket { id: ticket.id.clone(), number: ticket.number.clone(), ..Default::default() };
    assert_eq!(
        (message.kind(), message.change.as_str(), message.ticket.as_ref()),
        (Kind::Left, "", Some(&named))
    );
}

#[tokio::test]
async fn what_was_open_once_and_is_sensitive_now_is_not_replayed() {
    let suite = Suite::start().await;
    suite.env.principal(PrincipalSpec::new("tianhe").role("agent").region("440106")).await;
    let mut live = watch(&suite, "tianhe", "").await;
    let ticket =
        suite.tickets("zhao.min").create_ticket(with_phone("13800001234")).await.unwrap().into_inner();
    suite.tickets("zhao.min").urge_ticket(urge(&ticket)).await.unwrap();
    suite.marked_sensitive(&pb::Ticket { version: 2, ..ticket.clone() }).await;
    let last = suite.submitted().await;

    let replayed = until(&mut watch(&suite, "tianhe", BEGINNING).await, &last).await;
    assert_eq!(replayed.len(), 3, "submitted, urged, pooled");
    for message in &replayed {
        is_hidden(message, &ticket);
    }
    // Who was there when it happened hears that it left, and not what it became.
    is_hidden(until(&mut live, &last).await.last().unwrap(), &ticket);
    // Who may see it sees what it was.
    let seen = until(&mut watch(&suite, "chen.jing", BEGINNING).await, &last).await;
    let changes: Vec<&str> = seen.iter().map(|message| message.change.as_str()).collect();
    assert_eq!(changes, ["submitted", "urged", "pooled"]);
    assert_eq!(seen[0].ticket.as_ref().unwrap().contact.as_ref().unwrap().phone, "138****1234");
}

#[tokio::test]
async fn a_ticket_that_leaves_the_filter_but_not_the_scope_is_shown_as_it_left() {
    let suite = Suite::start().await;
    let filter = pb::TicketFilter { lead_unit_ids: vec!["tianhe-env".to_owned()], ..Default::default() };
    let request = pb::WatchTicketsRequest { filter: Some(filter), ..Default::default() };
    let mut stream = suite.tickets("li.wei").watch_tickets(request).await.unwrap().into_inner();
    let ticket = suite.submitted().await;
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
    suite.tickets("li.wei").transfer_ticket(transfer(&ticket, "yuexiu-env")).await.unwrap();
    let last = suite.dispatched("tianhe-env").await;
    let mut heard = Vec::new();
    tokio::time::timeout(PATIENCE, async {
        loop {
            let message = stream.message().await.unwrap().expect("the stream goes on");
            let Some(shown) = message.ticket else { continue };
            if shown.id == last.id {
                break;
            }
            heard.push((message.change, shown.lead_unit_id));
        }
    })
    .await
    .expect("the last one is heard of");
    let told = [("dispatched", "tianhe-env"), ("transferred", "yuexiu-env")];
    assert_eq!(heard, told.map(|(change, unit)| (change.to_owned(), unit.to_owned())));
}
