//! T37: a place that is changed after intake.

use crate::suite::{Suite, accept, cancel, dispatch, fields, id, reason, with_phone};
use gongdan_auth::AuthChannel;
use gongdan_proto::tickets::v1::{
    self as pb, ticket_event::Change, visit_service_client::VisitServiceClient,
};
use tonic::Code;

fn visits(suite: &Suite, principal: &str) -> VisitServiceClient<AuthChannel> {
    VisitServiceClient::new(suite.env.channel(&suite.service, principal))
}

fn change(ticket: &pb::Ticket, paths: &[&str], place: pb::Place) -> pb::ChangePlaceRequest {
    pb::ChangePlaceRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        etag: String::new(),
        place: Some(place),
        update_mask: Some(prost_types::FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
        reason: "来电更正13800001234".to_owned(),
    }
}

fn at(address: &str, grid: &str) -> pb::Place {
    pb::Place { address: address.to_owned(), grid: grid.to_owned(), ..Default::default() }
}

/// A ticket that `li.wei` works on, about a place.
async fn placed(suite: &Suite, confidential: bool) -> pb::Ticket {
    let request = pb::CreateTicketRequest {
        place: Some(at("天河路385号", "grid-7")),
        reporter_confidential: confidential,
        ..with_phone("13800001234")
    };
    let ticket = suite.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner();
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
    suite.tickets("li.wei").accept_ticket(accept(&ticket)).await.unwrap().into_inner()
}

async fn seen(suite: &Suite, who: &str, ticket: &pb::Ticket) -> pb::Place {
    let request = pb::GetTicketRequest { ticket: ticket.id.clone(), in_clear: false };
    suite.tickets(who).get_ticket(request).await.unwrap().into_inner().place.unwrap_or_default()
}

#[tokio::test]
async fn t37_a_place_is_changed_after_intake_once_and_nothing_personal_of_it_travels() {
    let suite = Suite::start().await;
    let ticket = placed(&suite, false).await;
    let request = change(&ticket, &["address", "grid"], at("体育东路9号", "grid-8"));
    let moved = visits(&suite, "li.wei").change_place(request.clone()).await.unwrap().into_inner();
    assert_eq!((moved.grid.as_str(), moved.version), ("grid-8", ticket.version + 1));
    let again = visits(&suite, "li.wei").change_place(request).await.unwrap().into_inner();
    assert_eq!(again.version, moved.version, "a repeated request changes nothing");
    let same = change(&ticket, &["grid"], at("", "grid-8"));
    let same = visits(&suite, "zhao.min").change_place(same).await.unwrap().into_inner();
    assert_eq!(same.version, moved.version, "what is as it was is no change");
    assert_eq!(seen(&suite, "li.wei", &ticket).await.address, "体育东路9号");

    let told = suite.timeline(&ticket.id).await.pop().unwrap();
    let Some(Change::PlaceChanged(told)) = told.change else { panic!("{told:?}") };
    assert_eq!((told.from_grid.as_str(), told.grid.as_str()), ("grid-7", "grid-8"));
    assert_eq!((told.address_changed, told.point_changed), (true, false));
    assert_eq!(told.reason, "来电更正138****1234");
    for table in ["tickets", "events", "places"] {
        let sql = sqlx::AssertSqlSafe(format!("SELECT t::text FROM {table} t"));
        let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(suite.env.pool()).await.unwrap();
        let hex: String = "体育东路".bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(rows.iter().all(|row| !row.contains("体育东路") && !row.contains(&hex)), "{table}");
    }
    let listed = |grid: &'static str| {
        let filter = Some(pb::TicketFilter { grids: vec![grid.to_owned()], ..Default::default() });
        let mut client = suite.tickets("zhao.min");
        async move {
            let request = pb::ListTicketsRequest { filter, ..Default::default() };
            client.list_tickets(request).await.unwrap().into_inner().tickets.len()
        }
    };
    assert_eq!((listed("grid-7").await, listed("grid-8").await), (0, 1));

    let gone = change(&ticket, &["address", "grid", "point"], pb::Place::default());
    visits(&suite, "li.wei").change_place(gone).await.unwrap();
    let now = suite.get(&ticket.id).await;
    assert_eq!((now.place, now.grid.as_str(), listed("grid-8").await), (None, "", 0));
}

#[tokio::test]
async fn t37_a_place_is_changed_by_whoever_may_read_it_while_the_ticket_is_not_over() {
    let suite = Suite::start().await;
    let secret = placed(&suite, true).await;
    let new = || at("体育东路9号", "");
    let refused =
        visits(&suite, "li.wei").change_place(change(&secret, &["address"], new())).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "the unit may not know who asked");
    visits(&suite, "zhao.min").change_place(change(&secret, &["address"], new())).await.unwrap();
    assert_eq!(seen(&suite, "zhao.min", &secret).await.address, "体育东路9号");
    assert_eq!(seen(&suite, "li.wei", &secret).await.address, "");
    let outside =
        visits(&suite, "wang.fang").change_place(change(&secret, &["grid"], new())).await.unwrap_err();
    assert_eq!(outside.code(), Code::NotFound, "who does not see the ticket");

    for (request, field) in [
        (change(&secret, &[], new()), "update_mask"),
        (change(&secret, &["grid", "region"], new()), "update_mask.paths[1]"),
        (change(&secret, &["grid"], at("", "网格")), "place.grid"),
        (change(&secret, &["address"], at(&"长".repeat(501), "")), "place.address"),
        (pb::ChangePlaceRequest { reason: String::new(), ..change(&secret, &["grid"], new()) }, "reason"),
    ] {
        let bad = visits(&suite, "zhao.min").change_place(request).await.unwrap_err();
        assert_eq!((bad.code(), fields(&bad)), (Code::InvalidArgument, vec![field.to_owned()]));
    }
    suite.tickets("chen.jing").cancel_ticket(cancel(&secret)).await.unwrap();
    let late = visits(&suite, "zhao.min").change_place(change(&secret, &["grid"], new())).await.unwrap_err();
    assert_eq!((late.code(), reason(&late).as_str()), (Code::FailedPrecondition, "PHASE_REFUSES"));
}

#[tokio::test]
async fn t37_where_somebody_lives_is_not_written_again_after_the_contact_is_erased() {
    let suite = Suite::start().await;
    let ticket = placed(&suite, false).await;
    let erase = pb::EraseCustomerRequest {
        request_id: id(),
        subject: Some(pb::erase_customer_request::Subject::Ticket(ticket.id.clone())),
        reason: "本人申请".to_owned(),
        force: true,
    };
    suite.privacy("admin").erase_customer(erase).await.unwrap();
    assert_eq!(suite.count("places").await, 0);
    let request = change(&ticket, &["address"], at("体育东路9号", ""));
    let refused = visits(&suite, "zhao.min").change_place(request).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "CONTACT_ERASED"));
    assert_eq!(suite.count("places").await, 0);
}
